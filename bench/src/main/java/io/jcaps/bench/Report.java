/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Percentiles as text, with what they were measured on.
 */
public final class Report
{
    /** Longest round trip that is told apart from a longer one. */
    public static final long MAX_VALUE_NS = TimeUnit.SECONDS.toNanos(60);

    static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

    private static final int DIGITS = 3;

    private Report()
    {
    }

    /**
     * Prints the names of the columns.
     *
     * @param out to print to.
     */
    public static void printHeader(final PrintStream out)
    {
        out.printf("%-22s %10s %9s %9s %9s %9s %9s %12s%n",
            "ns per round trip", "count", "p50", "p90", "p99", "p99.9", "p99.99", "max");
    }

    /**
     * Prints one row of percentiles.
     *
     * @param out       to print to.
     * @param name      of the row.
     * @param histogram of nanoseconds.
     */
    public static void printRow(final PrintStream out, final String name, final Histogram histogram)
    {
        out.printf("%-22s %10d", name, histogram.getTotalCount());
        for (final double percentile : PERCENTILES)
        {
            out.printf(" %9d", histogram.getValueAtPercentile(percentile));
        }
        out.printf(" %12d%n", histogram.getMaxValue());
    }

    /**
     * Prints machine, Java and options: numbers mean nothing without.
     *
     * @param out  to print to.
     * @param args of the measurement.
     */
    public static void printEnvironment(final PrintStream out, final List<String> args)
    {
        final Runtime runtime = Runtime.getRuntime();
        out.println("# " + cpuName() + ", " + runtime.availableProcessors() + " CPUs, load " +
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage() + ", " +
            System.getProperty("os.name") + " " + System.getProperty("os.version"));
        out.println("# " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") +
            " " + String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        out.println("# " + String.join(" ", args));
    }

    static Histogram histogram()
    {
        return new Histogram(1, MAX_VALUE_NS, DIGITS);
    }

    private static String cpuName()
    {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo")))
        {
            return lines.filter((line) -> line.startsWith("model name")).findFirst()
                .map((line) -> line.substring(line.indexOf(':') + 2)).orElse(System.getProperty("os.arch"));
        }
        catch (final IOException ex)
        {
            return System.getProperty("os.arch");
        }
    }
}
