/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Decides whether a quantity, sampled at an even rate, is flat after its warm-up, the first third: compares the medians
 * of the middle and the last third, so that no single sample decides. Not thread safe.
 */
final class Flatness
{
    private static final int THIRDS = 3;

    private final String name;
    private final String unit;
    private final long divisor;
    private final long allowedGrowth;
    private final double allowedFraction;
    private final List<Long> samples = new ArrayList<>();

    /**
     * @param name            of the quantity.
     * @param unit            in which it is shown; empty for a count.
     * @param divisor         by which a sample is divided to get that unit.
     * @param allowedGrowth   most growth from the middle third to the last, in the unit of the samples.
     * @param allowedFraction most growth as a fraction of the middle third; the larger limit applies.
     */
    Flatness(
        final String name,
        final String unit,
        final long divisor,
        final long allowedGrowth,
        final double allowedFraction)
    {
        this.name = name;
        this.unit = unit;
        this.divisor = divisor;
        this.allowedGrowth = allowedGrowth;
        this.allowedFraction = allowedFraction;
    }

    void add(final long sample)
    {
        if (sample >= 0)
        {
            samples.add(sample);
        }
    }

    String name()
    {
        return name;
    }

    int sampleCount()
    {
        return samples.size();
    }

    long middle()
    {
        return level(samples.size() / THIRDS, 2 * samples.size() / THIRDS);
    }

    long last()
    {
        return level(2 * samples.size() / THIRDS, samples.size());
    }

    boolean isFlat()
    {
        return samples.size() < THIRDS ||
            last() - middle() <= Math.max(allowedGrowth, (long)(allowedFraction * middle()));
    }

    @Override
    public String toString()
    {
        return samples.size() < THIRDS ? name + ": not sampled" : String.format(Locale.ROOT,
            "%s: %,d, then %,d%s", name, middle() / divisor, last() / divisor, unit.isEmpty() ? "" : " " + unit);
    }

    private long level(final int from, final int to)
    {
        final long[] sorted = samples.subList(from, to).stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
