/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import java.util.ArrayList;
import java.util.List;

/**
 * One fault: in one source file some lines are replaced by others.
 *
 * @param name       of the mutant, unique.
 * @param violates   the rule or the fault row that it breaks, and how.
 * @param label      of the ordering pair of the protocol that it breaks; null if it breaks none.
 * @param file       path of the source file from the project's directory.
 * @param tests      that must notice it, each a class or {@code class#method}, or for a source in C a program with its
 *                   arguments; the most likely first. Empty if the mutant is equivalent.
 * @param equivalent why no test can notice it; null if one must.
 * @param open       why no test notices it by an assertion yet; null if one does.
 * @param removed    lines, without what stands before and after them on each line.
 * @param added      lines in their place.
 */
public record Mutant(
    String name,
    String violates,
    String label,
    String file,
    List<String> tests,
    String equivalent,
    String open,
    List<String> removed,
    List<String> added)
{
    /** Copies the lists. */
    public Mutant
    {
        tests = List.copyOf(tests);
        removed = List.copyOf(removed);
        added = List.copyOf(added);
    }

    /**
     * @return whether it is one of the C library.
     */
    public boolean isOfC()
    {
        return file.startsWith("c/");
    }

    /**
     * Puts the fault into a source. Indentation does not count when the lines are looked for.
     *
     * @param source text of the file.
     * @return the text with the fault.
     * @throws IllegalStateException if the lines are not there, or more than once.
     */
    public String applyTo(final String source)
    {
        final List<String> lines = List.of(source.split("\n", -1));
        int found = -1;
        for (int i = 0; i + removed.size() <= lines.size(); i++)
        {
            if (isAt(lines, i))
            {
                if (found >= 0)
                {
                    throw new IllegalStateException("mutant " + name + ": its lines are in " + file +
                        " at line " + (found + 1) + " and at line " + (i + 1) + ": name more of them");
                }
                found = i;
            }
        }
        if (found < 0)
        {
            throw new IllegalStateException("mutant " + name + ": its lines are not in " + file +
                ": did they change? They are " + removed);
        }
        final List<String> result = new ArrayList<>(lines.subList(0, found));
        result.addAll(added);
        result.addAll(lines.subList(found + removed.size(), lines.size()));
        return String.join("\n", result);
    }

    private boolean isAt(final List<String> lines, final int index)
    {
        for (int i = 0; i < removed.size(); i++)
        {
            if (!removed.get(i).equals(lines.get(index + i).strip()))
            {
                return false;
            }
        }
        return true;
    }
}
