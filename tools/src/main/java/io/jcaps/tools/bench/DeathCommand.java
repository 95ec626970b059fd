/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.death.DeathMeasurement;
import io.jcaps.tools.terminal.Screen;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps bench death}: how soon a death is reported.
 */
@Command(
    name = "death",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Kills services by SIGKILL, each a JVM of its own, and measures the time until the waiting client has its " +
            "automatic reply. Then measures the share of a core that the watch of an idle process takes.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:measured", "1:a message had a wrong outcome", "2:bad options"})
final class DeathCommand implements Callable<Integer>
{
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int MAX_KILL_COUNT = 100_000;
    private static final int MAX_TOUCHED_MIB = 65_536;
    private static final double NS_PER_MS = 1e6;

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--kills",
        paramLabel = "N",
        description = "Kills in each series, half of them with a client that sleeps (default: ${DEFAULT-VALUE}).",
        defaultValue = "200")
    private int kills;

    @Option(
        names = "--touched",
        paramLabel = "MIB",
        split = ",",
        description = "Mebibytes of heap that a service has touched; a series for each (default: ${DEFAULT-VALUE}).",
        defaultValue = "0,256")
    private List<Integer> touched;

    @Option(
        names = "--idle",
        paramLabel = "SECONDS",
        description = "Time for which the idle process is measured, 0 to omit this (default: ${DEFAULT-VALUE}).",
        defaultValue = "20")
    private int idleSeconds;

    @Override
    public Integer call()
    {
        check("--kills", kills, 2, MAX_KILL_COUNT);
        touched.forEach((value) -> check("--touched", value, 0, MAX_TOUCHED_MIB));
        check("--idle", idleSeconds, 0, MAX_KILL_COUNT);
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        try (DeathMeasurement measurement = new DeathMeasurement())
        {
            screen.print(String.format("%-12s %-8s %6s %8s %8s %8s %8s   ms from kill -9 to the automatic reply",
                "heap touched", "client", "kills", "min", "p50", "p99", "max"));
            for (final int touchedMib : touched)
            {
                final DeathMeasurement.Series series = measurement.measure(touchedMib, kills,
                    (count) -> screen.progress(touchedMib + " MiB: " + count + " of " + kills + " kills"));
                print(screen, touchedMib, "polls", series.awake());
                print(screen, touchedMib, "sleeps", series.asleep());
                final Histogram both = series.awake().copy();
                both.add(series.asleep());
                print(screen, touchedMib, "both", both);
            }
            if (idleSeconds > 0)
            {
                screen.print(String.format(Locale.ROOT, "watch of an idle attachment: %.2f %% of a core, in %d s",
                    100 * measurement.idle(TimeUnit.SECONDS.toNanos(idleSeconds)), idleSeconds));
            }
            return CommandLine.ExitCode.OK;
        }
        catch (final IllegalStateException ex)
        {
            screen.print("FAILED: " + ex.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    private void check(final String option, final int value, final int min, final int max)
    {
        if (value < min || value > max)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '" + option + "': must be from " + min + " to " + max + ": " + value);
        }
    }

    private static void print(final Screen screen, final int touchedMib, final String client, final Histogram times)
    {
        screen.print(String.format(Locale.ROOT, "%8d MiB %-8s %6d %8.1f %8.1f %8.1f %8.1f",
            touchedMib, client, times.getTotalCount(), times.getMinValue() / NS_PER_MS,
            times.getValueAtPercentile(50) / NS_PER_MS, times.getValueAtPercentile(99) / NS_PER_MS,
            times.getMaxValue() / NS_PER_MS));
    }
}
