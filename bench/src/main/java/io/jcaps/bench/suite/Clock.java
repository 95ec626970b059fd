/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import java.util.Arrays;

/**
 * Cost and resolution of {@link System#nanoTime()}. Each time of the suite contains the cost of one call.
 */
final class Clock
{
    private static final int BATCH_COUNT = 501;
    private static final int BATCH_LENGTH = 1_000;

    private Clock()
    {
    }

    /**
     * @return nanoseconds of one call: the median of batches, so that a stall does not count.
     */
    static double costNs()
    {
        final long[] batches = new long[BATCH_COUNT];
        for (int i = 0; i < BATCH_COUNT; i++)
        {
            final long startNs = System.nanoTime();
            batches[i] = look() - startNs;
        }
        Arrays.sort(batches);
        return batches[BATCH_COUNT / 2] / (double)BATCH_LENGTH;
    }

    /**
     * @return resolution in nanoseconds: the least difference of two different times.
     */
    static double stepNs()
    {
        final long[] differences = new long[BATCH_COUNT];
        for (int i = 0; i < BATCH_COUNT; i++)
        {
            final long startNs = System.nanoTime();
            differences[i] = System.nanoTime() - startNs;
        }
        Arrays.sort(differences);
        long least = Long.MAX_VALUE;
        long before = 0;
        for (final long difference : differences)
        {
            if (difference > before)
            {
                least = Math.min(least, difference - before);
                before = difference;
            }
        }
        return least;
    }

    private static long look()
    {
        long last = 0;
        for (int i = 0; i < BATCH_LENGTH; i++)
        {
            last = System.nanoTime();
        }
        return last;
    }
}
