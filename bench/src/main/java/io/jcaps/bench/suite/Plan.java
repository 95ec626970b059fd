/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.contender.Contenders;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The cells of a run and their order. Cells that are compared with each other form a point: its rounds follow one
 * another, and in each round all contenders take turns, so that a change of the machine's speed affects all.
 *
 * @param kind       "quick", "full" or "custom".
 * @param roundCount how often each cell is measured.
 * @param points     in their order.
 * @param refusals   why contenders do not take part in cells, once each.
 * @param leftOut    names of contenders that a quick run leaves out somewhere; empty otherwise.
 */
public record Plan(
    String kind, int roundCount, List<List<Cell>> points, List<CellResult> refusals, List<String> leftOut)
{
    static final long NS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    static final long MIN_MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(1);
    static final long MAX_TIME_NS = TimeUnit.MINUTES.toNanos(10);
    /** Limit of the number of clients; each is a connection of every contender. */
    static final int MAX_CLIENT_COUNT = 1024;

    private static final String OWN = "jcaps";
    private static final String FLOOR = "floor";
    /** Contenders that the goals compare with, for each part. */
    private static final List<String> FAST_PEERS = List.of(FLOOR, OWN, "aeron-exclusive");
    private static final List<String> WINDOW_PEERS =
        List.of(OWN, "jcaps-batch", "aeron-exclusive", "agrona-rings");
    private static final List<String> BLOCKING_PEERS = List.of(OWN, "futex-floor", "unix-socket");
    private static final List<String> ALONE = List.of(OWN);
    /** Contenders of full runs only: no goal compares with them, or they take minutes to build. */
    private static final List<String> NOT_QUICK = List.of("jcaps-await", "jcaps-g1gc", "jcaps-zgc", "tcp", "iceoryx2");

    private static final String IDLE_BRIDGE = "jcaps-idle-bridge";
    private static final String BETWEEN_HOSTS = "connects two hosts: is compared in the workload remote";
    private static final String WITHIN_A_HOST = "does not connect two hosts";

    private static final int SHORT_LENGTH = 32;
    /** 60 KiB: the longest round number that Aeron takes in one frame, written in place. */
    private static final int CLAIMED_LENGTH = 61_440;
    private static final int LONG_LENGTH = 65_536;
    private static final int CROWD_CLIENT_COUNT = 8;
    private static final int FULL_ROUND_COUNT = 5;
    private static final int QUICK_ROUND_COUNT = 3;

    private static final List<Integer> FULL_LENGTHS =
        List.of(SHORT_LENGTH, 256, 1024, 4096, 16_384, CLAIMED_LENGTH, LONG_LENGTH, 131_072);
    private static final List<Integer> FULL_WINDOWS = List.of(1, 8, 64, 128);
    private static final List<Long> FULL_RATES = List.of(10_000L, 100_000L, 1_000_000L);
    private static final List<Integer> FULL_CLIENT_COUNTS = List.of(1, 8, 32, 128);
    private static final List<Integer> REMOTE_LENGTHS = List.of(SHORT_LENGTH, 1024, LONG_LENGTH, 131_072);
    private static final List<Integer> REMOTE_WINDOWS = List.of(64);
    /** Rates that each contender can keep on two cores. */
    private static final List<Long> REMOTE_RATES = List.of(1_000L, 5_000L);
    private static final List<Integer> STREAM_LENGTHS = List.of(SHORT_LENGTH, 1024);
    /** Percentages of a contender's own capacity. */
    private static final List<Integer> LOAD_PERCENTS = List.of(20, 50, 80);
    private static final List<Integer> QUICK_LENGTHS = List.of(SHORT_LENGTH, LONG_LENGTH);
    private static final List<Integer> QUICK_WINDOWS = List.of(64);
    private static final List<Long> QUICK_RATES = List.of(100_000L);
    private static final List<Integer> QUICK_CLIENT_COUNTS = List.of(1, 128);

    private static final long FULL_WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(400);
    private static final long FULL_MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Long enough for a p99.99 of hundreds of samples even where a round trip takes some microseconds. */
    private static final long SHORT_WARM_UP_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long SHORT_MEASURED_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long QUICK_WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final long QUICK_MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(400);

    /** Time to start and end two JVMs, on two cores of a server of 2024. */
    private static final long START_NS = TimeUnit.MILLISECONDS.toNanos(900);
    /** Time for the floor's warm-up and three probes. */
    private static final long PROBES_NS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * Copies the lists, so that the plan is immutable.
     */
    public Plan
    {
        points = points.stream().map(List::copyOf).toList();
        refusals = List.copyOf(refusals);
        leftOut = List.copyOf(leftOut);
    }

    /**
     * @param options of the user.
     * @return the plan.
     * @throws IllegalArgumentException if nothing is left to measure.
     */
    public static Plan of(final PlanOptions options)
    {
        final Plan plan = new Builder(options).build();
        if (plan.points.isEmpty())
        {
            throw new IllegalArgumentException("nothing to measure: none of " +
                String.join(", ", options.contenders()) + " can do any of it; " + plan.refusals.stream()
                    .map((refusal) -> refusal.cell().contender() + " " + refusal.failure())
                    .distinct().collect(Collectors.joining(", ")));
        }
        return plan;
    }

    /**
     * @return cells to measure, each as often as there are rounds.
     */
    public int cellCount()
    {
        return roundCount * points.stream().mapToInt(List::size).sum();
    }

    /**
     * @return about how many nanoseconds a run takes.
     */
    public long estimateNs()
    {
        return roundCount * points.stream().flatMap(List::stream).mapToLong(Plan::estimateNs).sum();
    }

    /**
     * @param cell to measure.
     * @return about how many nanoseconds it takes, with the start of its two JVMs.
     */
    static long estimateNs(final Cell cell)
    {
        // A quarter more for round trips that are timed in batches.
        return START_NS + PROBES_NS + cell.warmUpNs() + cell.measuredNs() * 5 / 4;
    }

    private static final class Builder
    {
        private final PlanOptions options;
        private final List<List<Cell>> points = new ArrayList<>();
        private final List<CellResult> refusals = new ArrayList<>();
        private final Set<String> leftOut = new TreeSet<>();
        private boolean isRemote;

        Builder(final PlanOptions options)
        {
            this.options = options;
        }

        Plan build()
        {
            addShort();
            if (options.has(PlanOptions.Part.ROUND_TRIP))
            {
                addLengths();
            }
            if (options.has(PlanOptions.Part.PIPELINED))
            {
                for (final int window : options.windowsOr(options.isQuick() ? QUICK_WINDOWS : FULL_WINDOWS))
                {
                    add(WINDOW_PEERS, timed(cell(SHORT_LENGTH).pipelined(window)));
                }
            }
            if (options.has(PlanOptions.Part.OPEN_LOOP))
            {
                for (final long rate : options.ratesPerSecondOr(options.isQuick() ? QUICK_RATES : FULL_RATES))
                {
                    // A stall of the machine counts for all that it delays: in half a second, 5 ms of it are the p99.
                    add(FAST_PEERS, shortTimed(cell(SHORT_LENGTH).openLoop(rate)));
                }
            }
            if (options.has(PlanOptions.Part.BLOCKING))
            {
                add(BLOCKING_PEERS, timed(cell(SHORT_LENGTH).waiting(Waiting.BLOCK)));
            }
            if (options.has(PlanOptions.Part.CROWD))
            {
                add(ALONE, timed(cell(SHORT_LENGTH).crowd(CROWD_CLIENT_COUNT)));
            }
            if (options.has(PlanOptions.Part.STREAM) && !options.isQuick())
            {
                for (final int length : STREAM_LENGTHS)
                {
                    add(FAST_PEERS, timed(cell(length).stream()));
                }
            }
            if (options.has(PlanOptions.Part.LOAD) && !options.isQuick())
            {
                for (final int percent : LOAD_PERCENTS)
                {
                    add(FAST_PEERS, shortTimed(cell(SHORT_LENGTH).load(percent)));
                }
            }
            if (options.has(PlanOptions.Part.REMOTE))
            {
                addRemote();
            }
            return new Plan(
                options.kind(),
                options.roundCountOr(options.isQuick() ? QUICK_ROUND_COUNT : FULL_ROUND_COUNT),
                points,
                refusals,
                List.copyOf(leftOut));
        }

        /** Adds all cells that are compared with the round trip of a short message, as one point. */
        private void addShort()
        {
            final boolean hasLengths = options.has(PlanOptions.Part.ROUND_TRIP);
            final List<Cell> cells = new ArrayList<>();
            if (hasLengths && lengths().contains(SHORT_LENGTH))
            {
                addTo(cells, List.of(), shortTimed(cell(SHORT_LENGTH)));
            }
            if (hasLengths && lengths().contains(LONG_LENGTH))
            {
                addTo(cells, FAST_PEERS, timed(cell(LONG_LENGTH)));
            }
            if (options.has(PlanOptions.Part.CLIENTS))
            {
                for (final int count : options.clientCountsOr(
                    options.isQuick() ? QUICK_CLIENT_COUNTS : FULL_CLIENT_COUNTS))
                {
                    addTo(cells, ALONE, shortTimed(cell(SHORT_LENGTH).clientCount(count)));
                }
            }
            addPoint(cells);
        }

        /** Adds the cells between two hosts. All sides yield, as there are more than two threads. */
        private void addRemote()
        {
            isRemote = true;
            if (options.contenders().isEmpty())
            {
                final Cell local = shortTimed(cell(SHORT_LENGTH));
                addPoint(List.of(local, local.contender(IDLE_BRIDGE)));
            }
            for (final int length : options.lengthsOr(REMOTE_LENGTHS))
            {
                final Cell cell = cell(length).waiting(Waiting.YIELD);
                add(List.of(), shortTimed(cell));
                for (final int window : options.windowsOr(REMOTE_WINDOWS))
                {
                    add(List.of(), timed(cell.pipelined(window)));
                }
            }
            for (final long rate : options.ratesPerSecondOr(REMOTE_RATES))
            {
                add(List.of(), shortTimed(cell(SHORT_LENGTH).waiting(Waiting.YIELD).openLoop(rate)));
            }
            add(List.of(), timed(cell(SHORT_LENGTH).crowd(CROWD_CLIENT_COUNT)));
        }

        private void addLengths()
        {
            for (final int length : lengths())
            {
                final List<Cell> cells = new ArrayList<>();
                if (SHORT_LENGTH != length && LONG_LENGTH != length)
                {
                    addTo(cells, FAST_PEERS, timed(cell(length)));
                }
                if (SHORT_LENGTH != length || !options.isQuick())
                {
                    addTo(cells, FAST_PEERS, timed(cell(length).payload(PayloadKind.FILLED)));
                }
                addPoint(cells);
            }
        }

        private List<Integer> lengths()
        {
            return options.lengthsOr(options.isQuick() ? QUICK_LENGTHS : FULL_LENGTHS);
        }

        private Cell timed(final Cell cell)
        {
            return options.isQuick() ? options.timed(cell, QUICK_WARM_UP_NS, QUICK_MEASURED_NS) :
                options.timed(cell, FULL_WARM_UP_NS, FULL_MEASURED_NS);
        }

        private Cell shortTimed(final Cell cell)
        {
            return options.isQuick() ? timed(cell) : options.timed(cell, SHORT_WARM_UP_NS, SHORT_MEASURED_NS);
        }

        private void add(final List<String> quickContenders, final Cell cell)
        {
            final List<Cell> cells = new ArrayList<>();
            addTo(cells, quickContenders, cell);
            addPoint(cells);
        }

        /**
         * @param cells           of a point.
         * @param quickContenders contenders of a quick run; empty for all.
         * @param cell            of any contender.
         */
        private void addTo(final List<Cell> cells, final List<String> quickContenders, final Cell cell)
        {
            for (final Contender contender : Contenders.all())
            {
                final String name = contender.name();
                final Cell own = cell.contender(name);
                final boolean isElsewhere = contender.isRemote() != isRemote;
                if (isElsewhere && options.contenders().isEmpty())
                {
                    continue;
                }
                final boolean isWanted = isWanted(name, quickContenders);
                final String refusal = isElsewhere ? contender.isRemote() ? BETWEEN_HOSTS : WITHIN_A_HOST :
                    refusal(contender, own, isWanted);
                if (cells.contains(own))
                {
                    continue;
                }
                if (!isWanted)
                {
                    if (null == refusal && options.contenders().isEmpty())
                    {
                        leftOut.add(name);
                    }
                }
                else if (null == refusal)
                {
                    cells.add(own);
                }
                else if (refusals.stream().noneMatch((known) -> known.cell().equals(own)))
                {
                    refusals.add(CellResult.failed(own, 1, refusal));
                }
            }
        }

        /**
         * The reason why a contender cannot run a cell. Only a contender that takes part is asked for what the machine
         * lacks, as that may build a program.
         */
        private static String refusal(final Contender contender, final Cell cell, final boolean isWanted)
        {
            final String refusal = contender.refusal(cell);
            return null == refusal && isWanted ? contender.obstacle() : refusal;
        }

        private boolean isWanted(final String name, final List<String> quickContenders)
        {
            if (!options.contenders().isEmpty())
            {
                return options.contenders().contains(name);
            }
            if (!options.isQuick())
            {
                return true;
            }
            return quickContenders.isEmpty() ? !NOT_QUICK.contains(name) : quickContenders.contains(name);
        }

        private void addPoint(final List<Cell> cells)
        {
            if (!cells.isEmpty())
            {
                points.add(List.copyOf(new LinkedHashSet<>(cells)));
            }
        }

        private static Cell cell(final int length)
        {
            return Cell.roundTrip(OWN, length);
        }
    }
}
