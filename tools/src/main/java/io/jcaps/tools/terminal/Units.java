/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Formats numbers for people, in few columns.
 */
public final class Units
{
    private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P", "E"};
    private static final String[] BINARY = {"", "K", "M", "G", "T", "P", "E"};
    private static final int MAX_PLAIN = 9_999;
    private static final double NS_PER_US = 1e3;
    private static final double NS_PER_MS = 1e6;
    private static final double NS_PER_S = 1e9;

    private Units()
    {
    }

    /**
     * @param count of things.
     * @return at most 4 columns if not negative: {@code 9999}, {@code 12k}, {@code 1.5M}.
     */
    public static String count(final long count)
    {
        return scaled(count, 1_000, DECIMAL, MAX_PLAIN);
    }

    /**
     * @param count    of things.
     * @param singular name of one.
     * @param plural   name of any other number of them.
     * @return {@code 1 reply}, {@code 12k replies}.
     */
    public static String counted(final long count, final String singular, final String plural)
    {
        return count(count) + ' ' + (1 == count ? singular : plural);
    }

    /**
     * @param length in bytes.
     * @return at most 5 columns if not negative: {@code 512}, {@code 64K}, {@code 1.5M}, in powers of 1,024.
     */
    public static String bytes(final long length)
    {
        return scaled(length, 1_024, BINARY, 1_023);
    }

    /**
     * @param ms milliseconds.
     * @return {@code 350ms}, {@code 12s}, {@code 4m05s}, {@code 3h20m}, {@code 5d07h}.
     */
    public static String age(final long ms)
    {
        final long s = TimeUnit.MILLISECONDS.toSeconds(ms);
        if (s < 1)
        {
            return Math.max(0, ms) + "ms";
        }
        if (s < 60)
        {
            return s + "s";
        }
        if (s < 3_600)
        {
            return String.format(Locale.ROOT, "%dm%02ds", s / 60, s % 60);
        }
        if (s < 86_400)
        {
            return String.format(Locale.ROOT, "%dh%02dm", s / 3_600, s / 60 % 60);
        }
        return String.format(Locale.ROOT, "%dd%02dh", s / 86_400, s / 3_600 % 24);
    }

    /**
     * @param ns nanoseconds.
     * @return with its unit, to three digits or so: {@code 12.3 us}.
     */
    public static String time(final double ns)
    {
        if (ns < NS_PER_US)
        {
            return String.format(Locale.ROOT, "%.0f ns", ns);
        }
        if (ns < NS_PER_MS)
        {
            return digits(ns / NS_PER_US) + " us";
        }
        return ns < NS_PER_S ? digits(ns / NS_PER_MS) + " ms" : digits(ns / NS_PER_S) + " s";
    }

    private static String scaled(final long value, final int step, final String[] units, final int maxPlain)
    {
        if (value <= maxPlain)
        {
            return Long.toString(value);
        }
        double rest = value;
        int unit = 0;
        // A value that would be rounded up to four digits gets the next unit. The largest value is less than ten of the
        // last unit.
        while (rest >= step - 0.5)
        {
            rest /= step;
            unit++;
        }
        return String.format(Locale.ROOT, rest < 9.95 ? "%.1f%s" : "%.0f%s", rest, units[unit]);
    }

    private static String digits(final double value)
    {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
