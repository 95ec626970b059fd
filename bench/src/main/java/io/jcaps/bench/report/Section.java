/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Tuning;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.suite.Summary;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Cells that are shown together: those of one workload, that differ in one number.
 *
 * @param kind   of all of them.
 * @param groups the cells, without contender, in the order of that number.
 */
record Section(Kind kind, List<Cell> groups)
{
    static final String FLOOR = "floor";
    static final String FUTEX_FLOOR = "futex-floor";
    static final String OWN = "jcaps";

    private static final Comparator<Cell> ORDER = Comparator
        .comparingLong(Cell::ratePerSecond)
        .thenComparingInt(Cell::loadPercent)
        .thenComparingInt(Cell::clientCount)
        .thenComparingInt(Cell::window)
        .thenComparingInt(Cell::length)
        .thenComparing((cell) -> tuningText(cell.tuning()));

    /**
     * @param summary of a run.
     * @return its sections, in the order in which they are shown; only those that were measured.
     */
    static List<Section> of(final Summary summary)
    {
        final Map<Kind, List<Cell>> groupsByKind = new TreeMap<>();
        for (final Cell group : summary.groups())
        {
            groupsByKind.computeIfAbsent(Kind.of(group), (kind) -> new ArrayList<>()).add(group);
        }
        final List<Section> sections = new ArrayList<>();
        groupsByKind.forEach((kind, groups) ->
        {
            final List<Cell> all = new ArrayList<>(groups);
            if (Kind.CONNECTED == kind)
            {
                // A single client comes first, so that the cost of more clients shows beside it.
                summary.groups().stream().filter((cell) -> isAloneOf(cell, groups)).forEach(all::add);
            }
            all.sort(ORDER);
            sections.add(new Section(kind, List.copyOf(all)));
        });
        return sections;
    }

    /**
     * @param group one of this section.
     * @return its title, with what differs from the other groups.
     */
    String title(final Cell group)
    {
        final String what = switch (kind)
        {
            case PIPELINED, REMOTE_PIPELINED -> "window " + group.window() + ", ";
            case LOAD -> group.loadPercent() + " % of its capacity, ";
            case OPEN_LOOP, REMOTE_OPEN_LOOP -> Texts.count(group.ratePerSecond()) + " requests/s, ";
            case CONNECTED -> group.clientCount() + (1 == group.clientCount() ? " client, " : " clients, ");
            case CROWD -> group.clientCount() + " clients, ";
            case OTHER -> group.workload() + ", " + group.waiting() + ", " + group.payload() + ", window " +
                group.window() + ", " + group.clientCount() + " clients, ";
            default -> "";
        };
        return what + Texts.size(group.length()) + tuningText(group.tuning());
    }

    /**
     * @return the metric by which contenders are compared.
     */
    Summary.Metric metric()
    {
        return isCounted() ? Summary.Metric.REPLIES_PER_SECOND : Summary.Metric.P50;
    }

    /** Whether replies are counted, not timed. */
    boolean isCounted()
    {
        return Kind.PIPELINED == kind || Kind.REMOTE_PIPELINED == kind || Kind.STREAM == kind;
    }

    /** Whether the cells of a group have probed their own floor. */
    static boolean hasFloor(final Summary summary, final Cell group)
    {
        return summary.rows(group).stream()
            .anyMatch((row) -> !Double.isNaN(row.median(Summary.Metric.TIMES_FLOOR)));
    }

    static boolean isMeasured(final Summary summary, final Cell cell)
    {
        return summary.row(cell).filter((row) -> !row.isFailed()).isPresent();
    }

    /** A row's ratios to another contender's, over rounds; NaN if either was not measured. */
    Summary.Spread ratios(final Summary summary, final Summary.Row row, final String contender)
    {
        return summary.ratios(row.cell(), row.cell().contender(contender), metric());
    }

    private static boolean isAloneOf(final Cell cell, final List<Cell> groups)
    {
        return 1 == cell.clientCount() &&
            groups.stream().anyMatch((group) -> group.clientCount(1).equals(cell));
    }

    private static String tuningText(final Tuning tuning)
    {
        return (tuning.pin() ? ", pinned" : "") + (tuning.prefault() ? ", prefaulted" : "") +
            (tuning.hugePages() ? ", huge pages" : "");
    }

    /**
     * The workload that the cells of a section have in common.
     */
    enum Kind
    {
        PREBUILT("One request in flight, payload prebuilt",
            "Both sides spin. The payload is ready before it is sent, but for its first 8 bytes; the receiver looks " +
            "at those and at 8 others."),
        FILLED("One request in flight, payload filled and summed",
            "Both sides spin. Each side writes every byte of each message, and reads every byte of what it gets."),
        PIPELINED("Many requests in flight",
            "Both sides spin. As many requests are in flight as the window allows; replies are counted, not timed."),
        OPEN_LOOP("Open loop: requests at a fixed rate",
            "Both sides spin. Times count from when a request should have been sent, so that a stall counts for all " +
            "that it delays. A run that missed its rate has failed."),
        LOAD("Latency against load",
            "Both sides spin. An open loop, as above, at a part of what the contender itself can do with 128 " +
            "requests in flight: its cell measures that first, by the same loop."),
        STREAM("One-way streams",
            "Both sides spin. The sender does not wait for replies; one reply answers 64 messages, which says that " +
            "they have arrived. In jcaps each message has a reply, which is empty here, and a disposal."),
        BLOCKING("One request in flight, both sides sleep",
            "Each side sleeps in the operating system until it is woken."),
        CONNECTED("One of many clients talks",
            "Both sides spin. One service, many connected clients, of which one has one request in flight and the " +
            "others are silent."),
        CROWD("All of many clients talk",
            "One service; each client has a thread of its own and one request in flight, and yields its core while " +
            "it waits. Slowest / fastest compares the replies that clients got in the same time."),
        REMOTE("Between two hosts, one request in flight",
            "Both hosts are this machine: UDP or TCP over the loopback address. Both sides yield while they wait, as " +
            "more than two threads take part. The payload is ready before it is sent, but for its first 8 bytes."),
        REMOTE_PIPELINED("Between two hosts, many requests in flight",
            "As above. As many requests are in flight as the window allows; replies are counted, not timed."),
        REMOTE_OPEN_LOOP("Between two hosts, open loop: requests at a fixed rate",
            "As above. Times count from when a request should have been sent. A run that missed its rate has failed."),
        OTHER("Other measurements", "");

        final String title;
        final String note;

        Kind(final String title, final String note)
        {
            this.title = title;
            this.note = note;
        }

        static Kind of(final Cell cell)
        {
            final boolean isPrebuilt = PayloadKind.PREBUILT == cell.payload();
            if (Workload.CROWD == cell.workload())
            {
                return isPrebuilt ? CROWD : OTHER;
            }
            if (Waiting.BLOCK == cell.waiting())
            {
                return Workload.ROUND_TRIP == cell.workload() && isPrebuilt && 1 == cell.clientCount() ?
                    BLOCKING : OTHER;
            }
            if (Waiting.YIELD == cell.waiting())
            {
                return isPrebuilt && 1 == cell.clientCount() ? ofYielding(cell) : OTHER;
            }
            return ofSpinning(cell, isPrebuilt);
        }

        private static Kind ofYielding(final Cell cell)
        {
            return switch (cell.workload())
            {
                case ROUND_TRIP -> REMOTE;
                case PIPELINED -> REMOTE_PIPELINED;
                case OPEN_LOOP -> REMOTE_OPEN_LOOP;
                default -> OTHER;
            };
        }

        private static Kind ofSpinning(final Cell cell, final boolean isPrebuilt)
        {
            if (cell.clientCount() > 1)
            {
                return Workload.ROUND_TRIP == cell.workload() && isPrebuilt ? CONNECTED : OTHER;
            }
            if (Workload.ROUND_TRIP == cell.workload())
            {
                return isPrebuilt ? PREBUILT : FILLED;
            }
            if (!isPrebuilt)
            {
                return OTHER;
            }
            return switch (cell.workload())
            {
                case PIPELINED -> PIPELINED;
                case STREAM -> STREAM;
                case LOAD -> LOAD;
                default -> OPEN_LOOP;
            };
        }
    }
}
