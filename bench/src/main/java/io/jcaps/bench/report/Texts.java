/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.suite.Summary;

import java.util.Locale;

/**
 * Numbers as people read them: three digits and a unit, whatever the locale.
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
     * @return text in ASCII: a terminal may know no more.
     */
    static String time(final double ns)
    {
        return scaled(ns, TIME_UNITS, 0);
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

    /** Why there is nothing else to show in a row. */
    static String noResult(final Summary.Row row)
    {
        return (row.hasRun() ? "failed: " : "no result: ") + row.failure();
    }

    /** That some rounds do not count; null if all do, or none does. */
    static String partlyFailed(final Summary.Row row)
    {
        return 0 == row.failedCount() || row.isFailed() ? null :
            row.contender() + ": " + row.failedCount() + " of " + row.roundCount() + " rounds do not count: " +
            row.failure();
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

    /** Three digits; fewer if they would be more decimals than asked for. */
    private static String digits(final double value, final int maxDecimals)
    {
        final int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
        return String.format(Locale.ROOT, "%,." + Math.min(decimals, maxDecimals) + "f", value);
    }
}
