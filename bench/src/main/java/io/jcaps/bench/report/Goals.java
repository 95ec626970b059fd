/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * The goals of this transport, and whether a run reached them. Each is a ratio of two cells of the same rounds.
 */
public final class Goals
{
    private static final String OWN = Section.OWN;
    private static final List<String> AERONS = List.of("aeron-exclusive", "aeron-exclusive-invoker");
    private static final String UNIX_SOCKET = "unix-socket";
    private static final int SHORT_LENGTH = 32;
    private static final int LONG_LENGTH = 65_536;
    private static final String BATCH = "jcaps-batch";
    private static final List<Integer> WINDOWS = List.of(8, 64, 128);
    private static final int MANY_CLIENTS = 128;
    private static final String BRIDGE = "bridge";
    private static final String EMBEDDED = "bridge-embedded";
    private static final List<String> BRIDGES = List.of(BRIDGE, EMBEDDED);
    private static final String AERON_UDP = "aeron-udp";
    private static final List<Integer> REMOTE_LONG_LENGTHS = List.of(LONG_LENGTH, 131_072);
    private static final int REMOTE_WINDOW = 64;
    private static final int BUSY_CLIENTS = 8;

    private final Summary summary;
    private final List<Goal> goals = new ArrayList<>();

    private Goals(final Summary summary)
    {
        this.summary = summary;
    }

    /**
     * @param summary of a run.
     * @return each goal, in the order of the report; also those that the run did not measure.
     */
    public static List<Goal> of(final Summary summary)
    {
        final Goals goals = new Goals(summary);
        goals.addShort();
        goals.addLong();
        goals.addOthers();
        goals.addRemote();
        goals.addAllocation();
        return List.copyOf(goals.goals);
    }

    private void addShort()
    {
        final Optional<Cell> cell = find((group) -> isSpinning(group, SHORT_LENGTH, PayloadKind.PREBUILT));
        final Optional<Cell> own = of(cell, OWN);
        final Optional<Cell> floor = of(cell, Section.FLOOR);
        final Optional<Cell> aeron = best(cell, Metric.P50);
        add("32 B, spin: p50, as a multiple of the floor's", own, floor, Metric.P50, Bound.atMost(1.1));
        add("32 B, spin: p50, as a multiple of Aeron exclusive's", own, aeron, Metric.P50, Bound.atMost(1));
        add("32 B, spin, C to C: p50, as a multiple of the C floor's",
            of(cell, "jcaps-c"), of(cell, "floor-c"), Metric.P50, Bound.atMost(1.1));
        add("32 B, spin: p99, as a multiple of the floor's", own, floor, Metric.P99, Bound.atMost(1.5));
        add("32 B, spin: p99, as a multiple of Aeron exclusive's", own, aeron, Metric.P99, Bound.atMost(1.05));
        add("32 B, spin: p99.9, as a multiple of Aeron exclusive's", own, aeron, Metric.P99_9, Bound.below(1));
        add("32 B, spin: p99.99, as a multiple of Aeron exclusive's", own, aeron, Metric.P99_99, Bound.below(1));
    }

    private void addLong()
    {
        final Optional<Cell> shortCell = find((group) -> isSpinning(group, SHORT_LENGTH, PayloadKind.PREBUILT));
        final Optional<Cell> longCell = find((group) -> isSpinning(group, LONG_LENGTH, PayloadKind.PREBUILT));
        final Optional<Cell> filled = find((group) -> isSpinning(group, LONG_LENGTH, PayloadKind.FILLED));
        add("64 KiB prebuilt: p50, as a multiple of our own 32 B",
            of(longCell, OWN), of(shortCell, OWN), Metric.P50, Bound.atMost(1.3));
        add("64 KiB prebuilt: times faster than Aeron exclusive, p50",
            best(longCell, Metric.P50), of(longCell, OWN), Metric.P50, Bound.atLeast(20));
        add("64 KiB filled and summed: times faster than Aeron exclusive, p50",
            best(filled, Metric.P50), of(filled, OWN), Metric.P50, Bound.atLeast(1.5));
    }

    private void addOthers()
    {
        for (final int length : WINDOWS)
        {
            final Optional<Cell> window = find((group) -> Section.Kind.PIPELINED == Section.Kind.of(group) &&
                SHORT_LENGTH == group.length() && length == group.window());
            final Optional<Cell> aeron = best(window, Metric.REPLIES_PER_SECOND);
            final String what = "window " + length + ", 32 B: replies/s, as a multiple of ";
            add(what + "Aeron exclusive's, by batches",
                of(window, BATCH), aeron, Metric.REPLIES_PER_SECOND, Bound.atLeast(1.2));
            add(what + "Agrona's rings, by batches",
                of(window, BATCH), of(window, "agrona-rings"), Metric.REPLIES_PER_SECOND, Bound.atLeast(0.9));
            add(what + "Aeron exclusive's", of(window, OWN), aeron, Metric.REPLIES_PER_SECOND, Bound.atLeast(0.9));
        }

        final Optional<Cell> blocking = find((group) -> Section.Kind.BLOCKING == Section.Kind.of(group) &&
            SHORT_LENGTH == group.length());
        add("blocking, 32 B: p50, as a multiple of the futex floor's (from Java)",
            of(blocking, OWN), of(blocking, Section.FUTEX_FLOOR), Metric.P50, Bound.atMost(1.4));
        add("blocking, 32 B: times faster than a Unix socket, p50",
            of(blocking, UNIX_SOCKET), of(blocking, OWN), Metric.P50, Bound.atLeast(1.7));

        final Optional<Cell> many = find((group) -> Section.Kind.CONNECTED == Section.Kind.of(group) &&
            SHORT_LENGTH == group.length() && MANY_CLIENTS == group.clientCount());
        final Optional<Cell> alone = many.map((group) -> group.clientCount(1));
        add("128 clients connected, one talks: p50, as a multiple of that with 1 client",
            of(many, OWN), of(alone, OWN), Metric.P50, Bound.atMost(1.2));

        final Optional<Cell> crowd = find((group) -> Section.Kind.CROWD == Section.Kind.of(group) &&
            BUSY_CLIENTS == group.clientCount());
        final String what = "8 busy clients: replies of the slowest, as a part of the fastest's";
        final Bound bound = Bound.atLeast(0.8);
        final Optional<String> obstacle = obstacle(of(crowd, OWN));
        goals.add(obstacle.isPresent() ? Goal.notMeasured(what, bound.text(), obstacle.get()) :
            bound.judge(what, summary.row(crowd.get().contender(OWN)).orElseThrow().median(Metric.FAIRNESS)));
    }

    /** Adds the goals of services on another host, unless the run compares no such transport. */
    private void addRemote()
    {
        if (summary.results().contenders().stream().noneMatch((each) -> BRIDGES.contains(each.name())))
        {
            return;
        }
        final Optional<Cell> cell = remote(Section.Kind.REMOTE, SHORT_LENGTH);
        final Optional<Cell> relay = of(cell, "aeron-relay");
        final Optional<Cell> embedded = of(cell, EMBEDDED);
        add("remote, 32 B: p50 of four processes, as a multiple of an Aeron relay's",
            of(cell, BRIDGE), relay, Metric.P50, Bound.atMost(1));
        add("remote, 32 B: p99 of four processes, as a multiple of an Aeron relay's",
            of(cell, BRIDGE), relay, Metric.P99, Bound.atMost(1.1));
        add("remote, 32 B: p50 of embedded bridges, as a multiple of bare Aeron's",
            embedded, of(cell, AERON_UDP), Metric.P50, Bound.atMost(1.15));
        for (final int length : REMOTE_LONG_LENGTHS)
        {
            final Optional<Cell> longCell = remote(Section.Kind.REMOTE, length);
            add("remote, " + Texts.size(length) + ": p50 of embedded bridges, as a multiple of bare Aeron's",
                of(longCell, EMBEDDED), of(longCell, AERON_UDP), Metric.P50, Bound.atMost(1));
        }
        final Optional<Cell> window = remote(Section.Kind.REMOTE_PIPELINED, SHORT_LENGTH);
        add("remote, 32 B, window 64: replies/s of embedded bridges, as a multiple of bare Aeron's",
            of(window, EMBEDDED), of(window, AERON_UDP), Metric.REPLIES_PER_SECOND, Bound.atLeast(0.8));
        add("remote, 32 B: p50 of embedded bridges, as a part of gRPC's",
            embedded, of(cell, "grpc"), Metric.P50, Bound.atMost(0.25));
        final String fairness = "remote, 8 busy clients: replies of the slowest, as a part of the fastest's";
        final Bound bound = Bound.atLeast(0.9);
        final Optional<Cell> crowd = of(find((group) -> Section.Kind.CROWD == Section.Kind.of(group) &&
            BUSY_CLIENTS == group.clientCount()), BRIDGE);
        final Optional<String> obstacle = obstacle(crowd);
        goals.add(obstacle.isPresent() ? Goal.notMeasured(fairness, bound.text(), obstacle.get()) :
            bound.judge(fairness, summary.row(crowd.get()).orElseThrow().median(Metric.FAIRNESS)));
        final Optional<Cell> local = find((group) -> isSpinning(group, SHORT_LENGTH, PayloadKind.PREBUILT));
        add("local, 32 B, spin: p50 with an idle bridge attached, as a multiple of that without",
            of(local, "jcaps-idle-bridge"), of(local, OWN), Metric.P50, Bound.atMost(1.02));
    }

    private Optional<Cell> remote(final Section.Kind kind, final int length)
    {
        return find((group) -> kind == Section.Kind.of(group) && length == group.length() &&
            (Section.Kind.REMOTE == kind || REMOTE_WINDOW == group.window()));
    }

    private void addAllocation()
    {
        // The minimum over a cell's rounds: an allocation of each call shows in all rounds, while one that a JVM makes
        // once may weigh much in a round with few replies.
        final String what = "allocation on any data-path call: heap per reply, of either side";
        final String bound = Texts.allocation(0);
        double most = Double.NaN;
        Cell where = null;
        for (final Cell group : summary.groups())
        {
            final Optional<Summary.Row> row = summary.row(group.contender(OWN));
            for (final Metric metric : List.of(Metric.CLIENT_ALLOCATION, Metric.SERVER_ALLOCATION))
            {
                final double bytes = row.map((own) -> own.spread(metric).min()).orElse(Double.NaN);
                if (!Double.isNaN(bytes) && !(bytes <= most))
                {
                    most = bytes;
                    where = group;
                }
            }
        }
        if (null == where)
        {
            goals.add(Goal.notMeasured(what, bound, "not part of this run"));
            return;
        }
        final Section.Kind kind = Section.Kind.of(where);
        final String place = kind.title + ", " + new Section(kind, List.of(where)).title(where);
        final boolean isMet = 0 == most;
        goals.add(new Goal(what, Texts.allocation(most), bound, isMet ? Verdict.MET : Verdict.MISSED,
            (isMet ? "" : "by " + Texts.allocation(most) + ": ") + place));
    }

    private void add(
        final String what,
        final Optional<Cell> cell,
        final Optional<Cell> other,
        final Metric metric,
        final Bound bound)
    {
        final Optional<String> obstacle = obstacle(cell).or(() -> obstacle(other));
        if (obstacle.isPresent())
        {
            goals.add(Goal.notMeasured(what, bound.text(), obstacle.get()));
            return;
        }
        final OptionalDouble ratio = summary.ratio(cell.get(), other.get(), metric);
        goals.add(ratio.isPresent() ? bound.judge(what, ratio.getAsDouble()) :
            Goal.notMeasured(what, bound.text(), "in no round were both measured"));
    }

    /** The reason why a cell has no value; empty if it has one. */
    private Optional<String> obstacle(final Optional<Cell> cell)
    {
        final Optional<Summary.Row> row = cell.flatMap(summary::row);
        if (row.isEmpty())
        {
            return Optional.of("not part of this run");
        }
        return row.filter(Summary.Row::isFailed).map((failed) -> failed.contender() + ": " + failed.failure());
    }

    private Optional<Cell> find(final Predicate<Cell> predicate)
    {
        return summary.groups().stream().filter(predicate).findFirst();
    }

    private static Optional<Cell> of(final Optional<Cell> group, final String contender)
    {
        return group.map((cell) -> cell.contender(contender));
    }

    /** The better cell of Aeron's two settings of its driver. */
    private Optional<Cell> best(final Optional<Cell> group, final Metric metric)
    {
        return AERONS.stream()
            .flatMap((name) -> of(group, name).stream())
            .filter((cell) -> summary.row(cell).filter((row) -> !row.isFailed()).isPresent())
            .min(Comparator.comparingDouble((cell) ->
                (metric.isTime() ? 1 : -1) * summary.row(cell).orElseThrow().median(metric)))
            .or(() -> of(group, AERONS.get(0)));
    }

    private static boolean isSpinning(final Cell cell, final int length, final PayloadKind payload)
    {
        return Workload.ROUND_TRIP == cell.workload() && Waiting.SPIN == cell.waiting() && length == cell.length() &&
            payload == cell.payload() && 1 == cell.clientCount();
    }

    /**
     * Whether a goal was reached.
     */
    public enum Verdict
    {
        /** It was. */
        MET("met"),
        /** It was not. */
        MISSED("missed"),
        /** The run has not measured it. */
        NOT_MEASURED("not measured");

        private final String text;

        Verdict(final String text)
        {
            this.text = text;
        }

        /**
         * @return in words.
         */
        public String text()
        {
            return text;
        }
    }

    /**
     * One goal and its result.
     *
     * @param what    is compared.
     * @param value   that the run gave; a dash if none.
     * @param bound   limit of the value.
     * @param verdict of the comparison.
     * @param remark  by how much it was missed, or why it was not measured; may be empty.
     */
    public record Goal(String what, String value, String bound, Verdict verdict, String remark)
    {
        static Goal notMeasured(final String what, final String bound, final String why)
        {
            return new Goal(what, "-", bound, Verdict.NOT_MEASURED, why);
        }
    }

    private record Bound(String sign, double limit, boolean isUpper, boolean isStrict)
    {
        static Bound atMost(final double limit)
        {
            return new Bound("<=", limit, true, false);
        }

        static Bound below(final double limit)
        {
            return new Bound("<", limit, true, true);
        }

        static Bound atLeast(final double limit)
        {
            return new Bound(">=", limit, false, false);
        }

        String text()
        {
            return sign + " " + Texts.ratio(limit);
        }

        Goal judge(final String what, final double value)
        {
            final boolean isBeyond = isUpper ? value > limit : value < limit;
            final boolean isMissed = isBeyond || (isStrict && value == limit);
            final String missedBy = isBeyond ? "by " + Texts.percent(Math.abs(value - limit) / limit) : "equal";
            return new Goal(what, Texts.ratio(value), text(), isMissed ? Verdict.MISSED : Verdict.MET,
                isMissed ? missedBy : "");
        }
    }
}
