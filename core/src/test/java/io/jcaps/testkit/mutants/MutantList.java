/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The mutants of a module, from the text files in its {@code src/test/mutants}. A mutant is a block of lines:
 * <pre>
 * mutant name-of-the-mutant
 * violates R12: what goes wrong
 * file core/src/main/java/io/jcaps/link/Slots.java
 * test io.jcaps.MessagesTest
 * - a line that is taken out
 * + a line that is put in
 * </pre>
 * Instead of {@code test}, a line {@code equivalent} says why no test can notice it. A line {@code open} says why no
 * test notices it by an assertion yet: no sample contains it, and the whole list fails by it. A line {@code label}
 * names the ordering pair of the protocol that the mutant breaks. Blank lines, and lines that start with {@code #},
 * mean nothing.
 */
public final class MutantList
{
    private MutantList()
    {
    }

    /**
     * @param directory with the lists, {@code *.txt}.
     * @return all mutants, in the order of the files' names.
     * @throws IOException              if a file cannot be read.
     * @throws IllegalArgumentException if a list is invalid; the message names file and line.
     */
    public static List<Mutant> read(final Path directory) throws IOException
    {
        final List<Mutant> mutants = new ArrayList<>();
        final Set<String> names = new HashSet<>();
        try (Stream<Path> files = Files.list(directory))
        {
            for (final Path file : files.filter((path) -> path.toString().endsWith(".txt")).sorted().toList())
            {
                final Reader reader = new Reader(file);
                reader.read();
                mutants.addAll(reader.mutants);
            }
        }
        for (final Mutant mutant : mutants)
        {
            if (!names.add(mutant.name()))
            {
                throw new IllegalArgumentException("two mutants have the name " + mutant.name());
            }
        }
        return mutants;
    }

    /**
     * Checks that each mutant changes its source at one place, and names tests that exist.
     *
     * @param project directory of the project.
     * @param mutants of the list; the classes of their tests are on the class path.
     * @throws IOException            if a source cannot be read.
     * @throws ClassNotFoundException if a test does not exist.
     */
    public static void check(final Path project, final List<Mutant> mutants) throws IOException, ClassNotFoundException
    {
        for (final Mutant mutant : mutants)
        {
            final String source = Files.readString(project.resolve(mutant.file()));
            assertThat(mutant.applyTo(source)).as(mutant.name()).isNotEqualTo(source);
            for (final String test : mutant.tests())
            {
                if (mutant.isOfC())
                {
                    final String program = test.replaceFirst("(-[at]san)?( .*)?$", "");
                    assertThat(project.resolve("c/test").resolve(program + ".c")).as(mutant.name()).exists();
                }
                else
                {
                    checkTest(mutant, test);
                }
            }
        }
    }

    private static void checkTest(final Mutant mutant, final String test) throws ClassNotFoundException
    {
        final String[] names = test.split("#");
        final Class<?> testClass = Class.forName(names[0]);
        if (names.length > 1)
        {
            // With the types of its parameters, as JUnit selects it.
            final String method = names[1].endsWith(")") ? names[1] : names[1] + "()";
            assertThat(testClass.getDeclaredMethods()).as(mutant.name())
                .anyMatch((each) -> method.equals(each.getName() + Arrays.stream(each.getParameterTypes())
                    .map(Class::getName).collect(Collectors.joining(",", "(", ")"))));
        }
    }

    private static final class Reader
    {
        private final Path file;
        private final List<Mutant> mutants = new ArrayList<>();
        private final List<String> tests = new ArrayList<>();
        private final List<String> removed = new ArrayList<>();
        private final List<String> added = new ArrayList<>();
        private String name;
        private String violates;
        private String label;
        private String source;
        private String equivalent;
        private String open;
        private int lineNumber;

        Reader(final Path file)
        {
            this.file = file;
        }

        void read() throws IOException
        {
            for (final String line : Files.readAllLines(file))
            {
                lineNumber++;
                if (!line.isBlank() && !line.startsWith("#"))
                {
                    take(line);
                }
            }
            finish();
        }

        private void take(final String line)
        {
            final int space = line.indexOf(' ');
            final String word = space < 0 ? line : line.substring(0, space);
            final String rest = space < 0 ? "" : line.substring(space + 1).strip();
            switch (word)
            {
                case "mutant" ->
                {
                    finish();
                    name = rest;
                }
                case "violates" -> violates = rest;
                case "label" -> label = rest;
                case "file" -> source = rest;
                case "test" -> tests.add(rest);
                case "equivalent" -> equivalent = rest;
                case "open" -> open = rest;
                case "-" -> removed.add(rest);
                case "+" -> added.add(rest);
                default -> throw new IllegalArgumentException(
                    file + ":" + lineNumber + ": not a line of a mutant: " + line);
            }
        }

        private void finish()
        {
            if (null == name)
            {
                return;
            }
            final boolean isComplete = null != violates && null != source && !removed.isEmpty() &&
                tests.isEmpty() == (null != equivalent);
            if (!isComplete)
            {
                throw new IllegalArgumentException(file + ":" + lineNumber + ": mutant " + name +
                    " needs the lines violates, file, -, and either test or equivalent");
            }
            mutants.add(new Mutant(name, violates, label, source, tests, equivalent, open, removed, added));
            name = null;
            violates = null;
            label = null;
            source = null;
            equivalent = null;
            open = null;
            tests.clear();
            removed.clear();
            added.clear();
        }
    }
}
