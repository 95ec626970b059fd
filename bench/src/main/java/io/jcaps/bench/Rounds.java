/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.HdrHistogram.Histogram;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The floor and the transport measured in turn, in one run: what else the machine does meanwhile falls on both, so the
 * ratio of the two says more than either number.
 */
public final class Rounds
{
    private static final String ROUNDS_OPTION = "--rounds=";
    private static final int DEFAULT_ROUND_COUNT = 5;

    private final List<Histogram> floors = new ArrayList<>();
    private final List<Histogram> transports = new ArrayList<>();

    private Rounds()
    {
    }

    /**
     * Measures.
     *
     * @param roundCount rounds, each of a floor and a transport; 1 or more.
     * @param options    of the transport; the floor is measured with as many messages.
     * @param out        to print each round to, as it ends.
     * @return what was measured.
     */
    public static Rounds run(final int roundCount, final RoundTripOptions options, final PrintStream out)
    {
        if (roundCount < 1)
        {
            throw new IllegalArgumentException("roundCount must be positive: roundCount=" + roundCount);
        }
        final Rounds rounds = new Rounds();
        Report.printHeader(out);
        for (int i = 1; i <= roundCount; i++)
        {
            final Histogram floor = FloorLatency.run(options.warmUpCount(), options.messageCount());
            Report.printRow(out, "floor " + i, floor);
            rounds.floors.add(floor);
            final Histogram transport = RoundTripLatency.run(options);
            Report.printRow(out, "transport " + i, transport);
            rounds.transports.add(transport);
        }
        return rounds;
    }

    /**
     * @return rounds measured.
     */
    public int count()
    {
        return floors.size();
    }

    /**
     * @param percentile 0 to 100.
     * @return median over the rounds of the floor's value in nanoseconds.
     */
    public long floor(final double percentile)
    {
        return (long)median(values(floors, percentile));
    }

    /**
     * @param percentile 0 to 100.
     * @return median over the rounds of the transport's value in nanoseconds.
     */
    public long transport(final double percentile)
    {
        return (long)median(values(transports, percentile));
    }

    /**
     * @param percentile 0 to 100.
     * @return median over the rounds of the transport's value as a multiple of the floor's in the same round.
     */
    public double ratio(final double percentile)
    {
        final double[] floorValues = values(floors, percentile);
        final double[] ratios = values(transports, percentile);
        for (int i = 0; i < ratios.length; i++)
        {
            ratios[i] /= Math.max(1, floorValues[i]);
        }
        return median(ratios);
    }

    /**
     * Prints the medians, the quietest round's values and the ratios.
     *
     * @param out to print to.
     */
    public void print(final PrintStream out)
    {
        out.printf("%-22s %10s", "over " + count() + " rounds", "");
        for (final double percentile : Report.PERCENTILES)
        {
            out.printf(" %9s", "p" + (percentile == (long)percentile ? "" + (long)percentile : "" + percentile));
        }
        out.println();
        printRow(out, "floor, median", this::floor);
        printRow(out, "transport, median", this::transport);
        printRow(out, "floor, least", (percentile) -> Arrays.stream(values(floors, percentile)).min().orElse(0));
        printRow(out, "transport, least",
            (percentile) -> Arrays.stream(values(transports, percentile)).min().orElse(0));
        out.printf("%-22s %10s", "ratio, median", "");
        for (final double percentile : Report.PERCENTILES)
        {
            out.printf(" %9.2f", ratio(percentile));
        }
        out.println();
    }

    /**
     * Measures and prints.
     *
     * @param args {@code --rounds}, and as {@link RoundTripOptions#parse} takes them.
     */
    public static void main(final String[] args)
    {
        final List<String> left = new ArrayList<>(List.of(args));
        int roundCount = DEFAULT_ROUND_COUNT;
        for (final String arg : args)
        {
            if (arg.startsWith(ROUNDS_OPTION))
            {
                roundCount = Integer.parseInt(arg.substring(ROUNDS_OPTION.length()));
                left.remove(arg);
            }
        }
        final RoundTripOptions options = RoundTripOptions.parse(left);
        Report.printEnvironment(System.out, options.arguments());
        run(roundCount, options, System.out).print(System.out);
    }

    private static void printRow(
        final PrintStream out, final String name, final DoubleUnaryOperator value)
    {
        out.printf("%-22s %10s", name, "");
        for (final double percentile : Report.PERCENTILES)
        {
            out.printf(" %9d", (long)value.applyAsDouble(percentile));
        }
        out.println();
    }

    private static double[] values(final List<Histogram> histograms, final double percentile)
    {
        return histograms.stream().mapToDouble((histogram) -> histogram.getValueAtPercentile(percentile)).toArray();
    }

    private static double median(final double[] values)
    {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
