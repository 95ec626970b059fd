/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.terminal.Screen;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two latency histograms side by side, as text of at most {@link Screen#WIDTH} columns: a table of percentiles, and
 * bars with the number of round trips per range of latency. Both axes are logarithmic, so that one in a million is
 * visible beside the million.
 */
final class LatencyPicture
{
    /** Edges between the rows of bars in nanoseconds: narrow where most round trips are; 11 rows fit a screen. */
    private static final long[] EDGES =
        {0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000, 10_000_000};
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
    private static final int BAR_WIDTH = 18;
    private static final int COUNT_WIDTH = 12;

    private final Screen screen;
    private final Histogram transport;
    private final Histogram floor;

    LatencyPicture(final Screen screen, final Histogram transport, final Histogram floor)
    {
        this.screen = screen;
        this.transport = transport;
        this.floor = floor;
    }

    /**
     * @return lines of the table.
     */
    List<String> percentiles()
    {
        final List<String> lines = new ArrayList<>();
        lines.add(format("  %-12s %12s %12s %12s", "", "transport", "floor", "ratio"));
        for (final double percentile : PERCENTILES)
        {
            lines.add(row("p" + text(percentile),
                transport.getValueAtPercentile(percentile), floor.getValueAtPercentile(percentile)));
        }
        lines.add(row("max", transport.getMaxValue(), floor.getMaxValue()));
        return lines;
    }

    /**
     * @return lines of the bars.
     */
    List<String> bars()
    {
        final List<String> lines = new ArrayList<>();
        lines.add(format("  %12s   %-" + (BAR_WIDTH + COUNT_WIDTH) + "s  %s", "round trip", "transport", "floor"));
        final long[] transportCounts = counts(transport);
        final long[] floorCounts = counts(floor);
        final double scale = BAR_WIDTH /
            Math.max(1, Math.max(length(max(transportCounts)), length(max(floorCounts))));
        int first = 0;
        while (first < transportCounts.length - 1 && 0 == transportCounts[first] + floorCounts[first])
        {
            first++;
        }
        int last = transportCounts.length - 1;
        while (last > first && 0 == transportCounts[last] + floorCounts[last])
        {
            last--;
        }
        for (int i = first; i <= last; i++)
        {
            lines.add(format("  from %7s   %s  %s", time(EDGES[i]),
                Screen.pad(bar(transportCounts[i], scale), BAR_WIDTH + COUNT_WIDTH),
                bar(floorCounts[i], scale)).stripTrailing());
        }
        final String axis = axis(scale, Math.max(max(transportCounts), max(floorCounts)));
        lines.add(format("  %12s   %s  %s", "10^", Screen.pad(axis, BAR_WIDTH + COUNT_WIDTH), axis));
        lines.add("  A bar that ends above n is 10^n round trips; both axes are logarithmic.");
        return lines;
    }

    /**
     * @param timed  round trips.
     * @param wanted of them.
     * @return lines that state why not all were timed; none if they were.
     */
    static List<String> shortfall(final long timed, final long wanted)
    {
        return timed == wanted ? List.of() : List.of(
            format("  Only %,d round trips were timed within the limit: each side spins, and", timed),
            "  does not get a processor of its own here. So the times are the scheduler's.");
    }

    /**
     * Adds a histogram's percentiles to a summary.
     *
     * @param summary   to add to.
     * @param name      that each key begins with.
     * @param histogram of nanoseconds.
     */
    static void addTo(final Map<String, Object> summary, final String name, final Histogram histogram)
    {
        for (final double percentile : PERCENTILES)
        {
            summary.put(name + "P" + text(percentile).replace(".", "_") + "Ns",
                histogram.getValueAtPercentile(percentile));
        }
        summary.put(name + "MaxNs", histogram.getMaxValue());
    }

    private static String text(final double percentile)
    {
        return percentile == (long)percentile ? "" + (long)percentile : "" + percentile;
    }

    private String bar(final long count, final double scale)
    {
        return 0 == count ? "" : screen.bar(length(count) * scale) + format(" %,d", count);
    }

    /** The axis: below the last column of each power of ten, its exponent. */
    private static String axis(final double scale, final long max)
    {
        final StringBuilder axis = new StringBuilder();
        for (long power = 1, exponent = 0; power <= Math.max(1, max) && exponent < 10; power *= 10, exponent++)
        {
            final int column = Math.max(1, (int)Math.round(length(power) * scale));
            if (column > axis.length())
            {
                axis.append(" ".repeat(column - axis.length() - 1)).append(exponent);
            }
        }
        return axis.toString();
    }

    /** Length of a bar on a logarithmic axis on which even a count of one is visible. */
    private static double length(final long count)
    {
        return 0 == count ? 0 : 1 + Math.log10(count);
    }

    private static long[] counts(final Histogram histogram)
    {
        final long[] counts = new long[EDGES.length];
        for (int i = 0; i < EDGES.length; i++)
        {
            final long end = i + 1 < EDGES.length ? EDGES[i + 1] : histogram.getHighestTrackableValue();
            if (EDGES[i] <= histogram.getHighestTrackableValue())
            {
                counts[i] = histogram.getCountBetweenValues(
                    EDGES[i], Math.min(end - 1, histogram.getHighestTrackableValue()));
            }
        }
        return counts;
    }

    private static long max(final long[] counts)
    {
        long max = 0;
        for (final long count : counts)
        {
            max = Math.max(max, count);
        }
        return max;
    }

    private static String row(final String name, final long transportNs, final long floorNs)
    {
        return format("  %-12s %12s %12s %12.2f",
            name, time(transportNs), time(floorNs), transportNs / (double)Math.max(1, floorNs));
    }

    static String time(final long ns)
    {
        if (ns < 1_000)
        {
            return ns + " ns";
        }
        double value = ns / 1e3;
        int unit = 0;
        final String[] units = {"us", "ms", "s"};
        while (value >= 1_000 && unit < units.length - 1)
        {
            value /= 1_000;
            unit++;
        }
        return format(value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    }

    private static String format(final String format, final Object... args)
    {
        return String.format(Locale.ROOT, format, args);
    }
}
