/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs scenes in which a process dies, each in a region that the previous one left empty, and counts them.
 */
final class CrashPoints
{
    private static final int MAX_POINTS = 200_000;
    private static final int MAX_SHOWN_FAILURES = 5;
    private static final int MAX_FAILURES = 100;

    private final String title;
    private final List<String> failures = new ArrayList<>();
    private TestRegion region = CrashScene.region();
    private int count;
    private int failureCount;

    CrashPoints(final String title)
    {
        this.title = title;
    }

    /** A new region: no field of an earlier user hides one that was not written. */
    void renewRegion()
    {
        region = CrashScene.region();
    }

    /** Runs a scene, which returns whether a process died in it; true also if the scene failed. */
    boolean run(final String point, final Predicate<CrashScene> run)
    {
        assertThat(count).as("no end of it: " + point).isLessThan(MAX_POINTS);
        try
        {
            final boolean hasDied = run.test(new CrashScene(region));
            count += hasDied ? 1 : 0;
            return hasDied;
        }
        catch (final AssertionError | RuntimeException ex)
        {
            if (failureCount++ < MAX_SHOWN_FAILURES)
            {
                failures.add(point + ": " + ex + at(ex));
            }
            // What the scene has left in it would disturb the next one.
            region = CrashScene.region();
            return failureCount < MAX_FAILURES;
        }
    }

    private static String at(final Throwable ex)
    {
        final StringBuilder result = new StringBuilder();
        for (final StackTraceElement element : ex.getStackTrace())
        {
            if (element.getClassName().startsWith("io.jcaps"))
            {
                result.append("\n    at ").append(element);
            }
        }
        return result.toString();
    }

    void check(final int minCount)
    {
        assertThat(Thread.getAllStackTraces().keySet()).as("threads left")
            .noneMatch((thread) -> thread.getName().startsWith("jcaps"));
        System.out.println("crash points: " + count + " of " + title);
        assertThat(failures).as(failureCount + " of " + (count + failureCount) + " points of " + title).isEmpty();
        assertThat(count).as("points of " + title).isGreaterThanOrEqualTo(minCount);
    }
}
