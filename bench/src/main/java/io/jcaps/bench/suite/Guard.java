/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Waiting;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What must not get worse: that no call allocates, and how a round trip compares with the floor. Small enough for each
 * build; ratios of one run only, as machines differ and are noisy.
 */
public final class Guard
{
    /** A round trip's p50, as a multiple of the floor's, that the guard fails above if each round is above it. */
    public static final double RATIO_LIMIT = 3;
    /** Rounds if nothing else is said. */
    public static final int ROUND_COUNT = 3;

    private static final String OWN = "jcaps";
    private static final String FLOOR = "floor";
    private static final int SHORT_LENGTH = 32;
    private static final int LONG_LENGTH = 65_536;
    private static final int WINDOW = 64;
    private static final double HALF = 50;
    private static final String UNKNOWN = "?";
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private Guard()
    {
    }

    /**
     * @param roundCount rounds, positive.
     * @return what it measures.
     */
    public static Plan plan(final int roundCount)
    {
        final Cell shortCell = Cell.roundTrip(OWN, SHORT_LENGTH).times(WARM_UP_NS, MEASURED_NS);
        return new Plan(
            "guard",
            roundCount,
            List.of(List.of(
                shortCell.contender(FLOOR),
                shortCell,
                Cell.roundTrip(OWN, LONG_LENGTH).times(WARM_UP_NS, MEASURED_NS),
                shortCell.pipelined(WINDOW),
                shortCell.waiting(Waiting.BLOCK))),
            List.of(),
            List.of());
    }

    /**
     * @param plan    that was run.
     * @param results of it.
     * @return what to print, and what was wrong.
     */
    public static Verdict judge(final Plan plan, final List<CellResult> results)
    {
        final List<String> lines = new ArrayList<>();
        final List<String> failures = new ArrayList<>();
        final List<Cell> cells = plan.points().get(0);
        final Summary summary = new Summary(new Results(
            Environment.collect(cells.get(0).tuning()), List.of(), plan.kind(), plan.roundCount(),
            new Suite(plan, List.of(), null).contenders(), results));
        lines.add(String.format(Locale.ROOT, "%-28s %12s %12s", "bytes of heap per reply", "client", "server"));
        boolean isToldAnything = false;
        for (final Cell cell : cells)
        {
            results.stream()
                .filter((result) -> result.cell().equals(cell) && null != result.failure())
                .forEach((result) -> failures.add(title(cell) + ", round " + result.round() + ": " + result.failure()));
            final Optional<Summary.Row> row = summary.row(cell).filter((found) -> !found.isFailed());
            if (row.isPresent() && OWN.equals(cell.contender()))
            {
                isToldAnything |= addAllocation(row.get(), lines, failures);
            }
        }
        if (!isToldAnything)
        {
            failures.add("too few replies to tell what any of it allocates");
        }
        if (lines.stream().anyMatch((line) -> line.contains(UNKNOWN)))
        {
            lines.add("  " + UNKNOWN + ": too few replies in the time to tell");
        }
        addRatio(summary, Summary.Metric.P50, cells, lines);
        addRatio(summary, Summary.Metric.P99, cells, lines);
        final double least = leastRatio(cells, plan.roundCount(), results);
        if (least > RATIO_LIMIT)
        {
            failures.add(String.format(Locale.ROOT,
                "%s p50: more than %.1f x the floor's in each round; in the best %.2f x",
                title(cells.get(1)), RATIO_LIMIT, least));
        }
        return new Verdict(lines, failures);
    }

    /** Whether it told anything. */
    private static boolean addAllocation(
        final Summary.Row row, final List<String> lines, final List<String> failures)
    {
        final double client = row.median(Summary.Metric.CLIENT_ALLOCATION);
        final double server = row.median(Summary.Metric.SERVER_ALLOCATION);
        lines.add(String.format(Locale.ROOT, "  %-26s %12s %12s", title(row.cell()), bytes(client), bytes(server)));
        if (client > 0 || server > 0)
        {
            failures.add(title(row.cell()) + " allocates: " +
                bytes(client) + " bytes per reply in the client, " + bytes(server) + " in the server");
        }
        return !Double.isNaN(client) || !Double.isNaN(server);
    }

    /** A round that something else disturbs has a ratio of anything; what the code itself lost, it lost in each. */
    private static double leastRatio(final List<Cell> cells, final int roundCount, final List<CellResult> results)
    {
        double least = Double.NaN;
        for (int round = 1; round <= roundCount; round++)
        {
            final double ratio = p50(cells.get(1), round, results) / p50(cells.get(0), round, results);
            least = Double.isNaN(least) || ratio < least ? ratio : least;
        }
        return least;
    }

    private static double p50(final Cell cell, final int round, final List<CellResult> results)
    {
        return results.stream()
            .filter((result) -> result.cell().equals(cell) && result.round() == round && null == result.failure())
            .mapToDouble((result) -> Histograms.decode(result.histogram()).getValueAtPercentile(HALF))
            .findFirst().orElse(Double.NaN);
    }

    private static void addRatio(
        final Summary summary, final Summary.Metric metric, final List<Cell> cells, final List<String> lines)
    {
        final Cell floor = cells.get(0);
        final Cell own = cells.get(1);
        summary.ratio(own, floor, metric).ifPresent((ratio) ->
            lines.add(String.format(Locale.ROOT, "%s: %.2f x the floor's (%,.0f ns, floor %,.0f ns; medians of rounds)",
                title(own) + ' ' + metric.name().toLowerCase(Locale.ROOT), ratio,
                summary.row(own).orElseThrow().median(metric), summary.row(floor).orElseThrow().median(metric))));
    }

    private static String bytes(final double value)
    {
        if (Double.isNaN(value))
        {
            return UNKNOWN;
        }
        return 0 == value ? "0" : String.format(Locale.ROOT, "%.6f", value);
    }

    private static String title(final Cell cell)
    {
        final String waiting = Waiting.BLOCK == cell.waiting() ? ", blocking" : "";
        final String window = cell.window() > 1 ? ", window " + cell.window() : "";
        return (FLOOR.equals(cell.contender()) ? FLOOR : cell.length() + " B") + waiting + window;
    }

    /**
     * What the guard found.
     *
     * @param lines    to print.
     * @param failures what was wrong; empty if nothing was.
     */
    public record Verdict(List<String> lines, List<String> failures)
    {
        /**
         * Nobody changes it.
         */
        public Verdict
        {
            lines = List.copyOf(lines);
            failures = List.copyOf(failures);
        }
    }
}
