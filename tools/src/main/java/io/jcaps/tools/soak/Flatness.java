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
 * Whether something that was sampled at an even rate is flat after its warm-up, the first third: the median of the last
 * third is held against that of the middle one, so that no single sample decides. Not thread safe.
 */
final class Flatness
{
    private static final int THIRDS = 3;

    private final String name;
    private final String unit;
    private final long divisor;
    private final long allowedGrowth;
    private final double allowedFraction;
    private final boolean isByLeast;
    private final List<Long> samples = new ArrayList<>();

    /**
     * @param name            of what is sampled.
     * @param unit            that it is shown in; empty for a count.
     * @param divisor         of a sample, to get that unit.
     * @param allowedGrowth   from the middle third to the last, as samples are.
     * @param allowedFraction likewise, of the middle third; the larger one counts.
     */
    Flatness(
        final String name,
        final String unit,
        final long divisor,
        final long allowedGrowth,
        final double allowedFraction)
    {
        this(name, unit, divisor, allowedGrowth, allowedFraction, false);
    }

    private Flatness(
        final String name,
        final String unit,
        final long divisor,
        final long allowedGrowth,
        final double allowedFraction,
        final boolean isByLeast)
    {
        this.isByLeast = isByLeast;
        this.name = name;
        this.unit = unit;
        this.divisor = divisor;
        this.allowedGrowth = allowedGrowth;
        this.allowedFraction = allowedFraction;
    }

    /**
     * Of what rises and falls with what is going on: the least of each third is compared, which only a leak raises.
     *
     * @param name            as in the constructor.
     * @param unit            as there.
     * @param divisor         as there.
     * @param allowedGrowth   as there.
     * @param allowedFraction as there.
     * @return nothing sampled yet.
     */
    static Flatness ofLeast(
        final String name,
        final String unit,
        final long divisor,
        final long allowedGrowth,
        final double allowedFraction)
    {
        return new Flatness(name, unit, divisor, allowedGrowth, allowedFraction, true);
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
        return sorted[isByLeast ? 0 : sorted.length / 2];
    }
}
