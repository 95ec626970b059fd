/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.terminal.Screen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * The medians of a floor and a transport that were measured in turn. A machine changes its speed, so only measurements
 * that follow each other are compared: the result is the median of the ratios of the pairs. One thread.
 */
final class LatencyRounds
{
    /**
     * Ratio of the slowest floor to the fastest above which the machine has changed its speed: a quarter more is no
     * noise.
     */
    private static final double STEADY_RATIO = 1.25;

    private final List<Long> floors = new ArrayList<>();
    private final List<Long> transports = new ArrayList<>();

    /**
     * @param text of {@link #toString()}.
     * @return the rounds.
     */
    static LatencyRounds parse(final String text)
    {
        final LatencyRounds rounds = new LatencyRounds();
        for (final String round : text.split(","))
        {
            final String[] medians = round.split("/");
            rounds.add(Long.parseLong(medians[0]), Long.parseLong(medians[1]));
        }
        return rounds;
    }

    void add(final long floorNs, final long transportNs)
    {
        floors.add(floorNs);
        transports.add(transportNs);
    }

    /**
     * @return median of the ratios of the pairs.
     */
    double ratio()
    {
        final double[] sorted = ratios().stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /**
     * @return whether the floor was much slower in one round than in another.
     */
    boolean hasChangedSpeed()
    {
        return max() > STEADY_RATIO * min();
    }

    /**
     * @return lines of at most {@link Screen#WIDTH} columns.
     */
    List<String> lines()
    {
        final StringJoiner ratios = new StringJoiner(" ");
        ratios().forEach((ratio) -> ratios.add(format("%.2f", ratio)));
        final List<String> lines = new ArrayList<>();
        lines.add("  Measured in turn, floor then transport; ratio of the p50 of each pair:");
        lines.add(format("  %s, median %.2f", ratios, ratio()));
        if (hasChangedSpeed())
        {
            lines.add(format("  The machine changed its speed: the floor's p50 was %s to %s.",
                LatencyPicture.time(min()), LatencyPicture.time(max())));
            lines.add("  So believe the median ratio, not the ratios of the table.");
        }
        return lines;
    }

    @Override
    public String toString()
    {
        final StringJoiner text = new StringJoiner(",");
        for (int i = 0; i < floors.size(); i++)
        {
            text.add(floors.get(i) + "/" + transports.get(i));
        }
        return text.toString();
    }

    private List<Double> ratios()
    {
        final List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < floors.size(); i++)
        {
            ratios.add(transports.get(i) / (double)Math.max(1, floors.get(i)));
        }
        return ratios;
    }

    private long min()
    {
        return floors.stream().mapToLong(Long::longValue).min().orElse(0);
    }

    private long max()
    {
        return floors.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    private static String format(final String format, final Object... args)
    {
        return String.format(Locale.ROOT, format, args);
    }
}
