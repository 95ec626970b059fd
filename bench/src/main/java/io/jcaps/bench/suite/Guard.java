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
 * Checks for regressions: no call may allocate, and a round trip, a window and a round trip of sleepers are compared
 * with the floor that was probed within the same cell. Short enough for each build. A ratio is judged only where the
 * probes before, during and after agree; on a noisy machine it is not judged, which is no failure.
 */
public final class Guard
{
    /** A round trip's p50, as a multiple of the cell's own floor: the guard fails if each round is above it. */
    public static final double RATIO_LIMIT = 1.5;
    /** The same for the time per reply with 64 requests in flight, which a round trip does not bound. */
    static final double WINDOW_RATIO_LIMIT = 1.2;
    /** The same for two sides that sleep, compared with two futexes. */
    static final double BLOCKING_RATIO_LIMIT = 1.5;
    /** Default number of rounds. */
    public static final int ROUND_COUNT = 3;

    private static final String OWN = "jcaps";
    private static final int SHORT_LENGTH = 32;
    private static final int LONG_LENGTH = 65_536;
    private static final int WINDOW = 64;
    private static final double HALF = 50;
    private static final double NS_PER_SECOND = 1e9;
    private static final String UNKNOWN = "?";
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private Guard()
    {
    }

    /**
     * @param roundCount rounds, positive.
     * @return the plan of its cells.
     */
    public static Plan plan(final int roundCount)
    {
        final Cell shortCell = Cell.roundTrip(OWN, SHORT_LENGTH).times(WARM_UP_NS, MEASURED_NS);
        return new Plan(
            "guard",
            roundCount,
            List.of(List.of(
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
     * @return lines to print, and failures.
     */
    public static Verdict judge(final Plan plan, final List<CellResult> results)
    {
        final List<String> lines = new ArrayList<>();
        final List<String> failures = new ArrayList<>();
        final List<Cell> cells = plan.points().get(0);
        final Summary summary = new Summary(new Results(
            Environment.collect(cells.get(0).tuning()), List.of(), plan.kind(), plan.roundCount(), 0,
            new Suite(plan, 0, List.of(), null).contenders(), results));
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
        for (final Cell cell : cells)
        {
            if (SHORT_LENGTH == cell.length())
            {
                judgeRatio(cell, plan.roundCount(), results, lines, failures);
            }
        }
        return new Verdict(lines, failures);
    }

    /** Adds the allocation of a cell. Returns whether it was measured. */
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

    /** Judges the best round: a disturbance makes a single round slow, a regression of the code makes all slow. */
    private static void judgeRatio(
        final Cell cell,
        final int roundCount,
        final List<CellResult> results,
        final List<String> lines,
        final List<String> failures)
    {
        final double[] ratios = results.stream()
            .filter((result) -> result.cell().equals(cell) && null == result.obstacle())
            .filter((result) -> !result.probes().isEmpty() && result.isSteady())
            .mapToDouble(Guard::ratio)
            .sorted()
            .toArray();
        final String what = title(cell) + (cell.window() > 1 ? ", time per reply" : ", p50");
        if (0 == ratios.length)
        {
            lines.add(what + ": not judged: in no round did the floor stay the same, with enough replies");
            return;
        }
        final double limit = limit(cell);
        lines.add(String.format(Locale.ROOT, "%s: %.2f x its own floor at least, %.2f at most; %d of %d rounds judged",
            what, ratios[0], ratios[ratios.length - 1], ratios.length, roundCount));
        if (ratios[0] > limit)
        {
            failures.add(String.format(Locale.ROOT,
                "%s: more than %.1f x its own floor in each round; in the best %.2f x", what, limit, ratios[0]));
        }
    }

    private static double ratio(final CellResult result)
    {
        final double ns = result.cell().window() > 1 ? NS_PER_SECOND / result.repliesPerSecond() :
            Histograms.decode(result.histogram()).getValueAtPercentile(HALF);
        // A time over many replies contains no cost of the clock, so it is compared with a floor that contains none.
        return ns / (result.cell().window() > 1 ? result.stateNs() : result.floorNs());
    }

    private static double limit(final Cell cell)
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            return BLOCKING_RATIO_LIMIT;
        }
        return cell.window() > 1 ? WINDOW_RATIO_LIMIT : RATIO_LIMIT;
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
        return cell.length() + " B" + waiting + window;
    }

    /**
     * The guard's result.
     *
     * @param lines    to print.
     * @param failures failures; empty if there are none.
     */
    public record Verdict(List<String> lines, List<String> failures)
    {
        /**
         * Copies the lists, so that the verdict is immutable.
         */
        public Verdict
        {
            lines = List.copyOf(lines);
            failures = List.copyOf(failures);
        }
    }
}
