/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.suite.Summary;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Formats numbers for people: three digits and a unit, independent of the locale.
 */
final class Texts
{
    private static final String[] TIME_UNITS = {" ns", " us", " ms", " s"};
    private static final String[] RATE_UNITS = {"/s", " k/s", " M/s", " G/s"};
    private static final String[] SIZE_UNITS = {" B", " KiB", " MiB"};
    private static final int KILO = 1000;
    private static final int KIBI = 1024;

    private Texts()
    {
    }

    /**
     * @param ns nanoseconds; NaN gives a dash.
     * @return text in ASCII, which any terminal can show.
     */
    static String time(final double ns)
    {
        return scaled(ns, TIME_UNITS, 0);
    }

    /** A time; below a microsecond with tenths of a nanosecond. */
    static String exactTime(final double ns)
    {
        return ns < 999.5 ? String.format(Locale.ROOT, "%.1f ns", ns) : time(ns);
    }

    static String rate(final double perSecond)
    {
        return scaled(perSecond, RATE_UNITS, 0);
    }

    static String ratio(final double ratio)
    {
        return Double.isNaN(ratio) ? "-" : ratio < 0.1 ? String.format(Locale.ROOT, "%.3f", ratio) : digits(ratio, 2);
    }

    /** Bytes of heap per reply. */
    static String allocation(final double bytes)
    {
        return Double.isNaN(bytes) ? "-" : digits(bytes, 2) + " B";
    }

    static String percent(final double part)
    {
        return digits(part * 100, 1) + " %";
    }

    static String size(final long bytes)
    {
        long value = bytes;
        int unit = 0;
        while (value >= KIBI && 0 == value % KIBI && unit < SIZE_UNITS.length - 1)
        {
            value /= KIBI;
            unit++;
        }
        return value + SIZE_UNITS[unit];
    }

    static String count(final long count)
    {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** The reason why a row has no values. */
    static String noResult(final Summary.Row row)
    {
        return (row.hasRun() ? "failed: " : "no result: ") + row.failure();
    }

    /** Remarks on a row whose values are not of all rounds. */
    static List<String> remarks(final Summary.Row row)
    {
        final List<String> remarks = new ArrayList<>();
        if (row.isFailed())
        {
            return remarks;
        }
        final String of = " of " + row.roundCount() + " rounds ";
        if (row.failedCount() > 0)
        {
            remarks.add(row.contender() + ": " + row.failedCount() + of + "do not count: " + row.failure());
        }
        if (row.unsteadyCount() > 0)
        {
            remarks.add(row.contender() + ": " + row.unsteadyCount() + of +
                "not steady: the floor differed by more than 15 % within the cell, in each of 3 tries");
        }
        if (row.otherStateCount() > 0)
        {
            remarks.add(row.contender() + ": " + row.otherStateCount() + of + "in another state of the machine");
        }
        return remarks;
    }

    private static String scaled(final double value, final String[] units, final int wholeDecimals)
    {
        if (Double.isNaN(value))
        {
            return "-";
        }
        double scaled = value;
        int unit = 0;
        // 999.7 would be shown as 1000.
        while (Math.round(scaled) >= KILO && unit < units.length - 1)
        {
            scaled /= KILO;
            unit++;
        }
        return digits(scaled, 0 == unit ? wholeDecimals : 2) + units[unit];
    }

    /** Three digits, with at most {@code maxDecimals} decimals. */
    private static String digits(final double value, final int maxDecimals)
    {
        final int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
        return String.format(Locale.ROOT, "%,." + Math.min(decimals, maxDecimals) + "f", value);
    }
}
