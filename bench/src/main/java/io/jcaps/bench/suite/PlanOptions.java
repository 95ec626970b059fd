/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Tuning;
import io.jcaps.bench.contender.Contenders;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The user's options for a {@link Plan}. Each setter rejects a value that cannot be measured, with a message that names
 * the valid ones. An option that is not set keeps the plan's default.
 */
public final class PlanOptions
{
    private boolean isQuick;
    private int roundCount;
    private List<String> contenders = List.of();
    private Set<Part> parts = EnumSet.complementOf(EnumSet.of(Part.REMOTE));
    private List<Integer> lengths = List.of();
    private List<Integer> windows = List.of();
    private List<Long> ratesPerSecond = List.of();
    private List<Integer> clientCounts = List.of();
    private long warmUpNs = -1;
    private long measuredNs = -1;
    private Tuning tuning = Tuning.NONE;
    private boolean isCustom;

    /**
     * @param isQuick whether to measure only what the goals ask, in less than 3 minutes.
     * @return this.
     */
    public PlanOptions quick(final boolean isQuick)
    {
        this.isQuick = isQuick;
        return this;
    }

    /**
     * @param roundCount how often to measure each cell, positive.
     * @return this.
     * @throws IllegalArgumentException if it is not.
     */
    public PlanOptions roundCount(final int roundCount)
    {
        check(roundCount >= 1, "there must be at least 1 round: " + roundCount);
        this.roundCount = roundCount;
        isCustom = true;
        return this;
    }

    /**
     * @param contenders names of those that take part.
     * @return this.
     * @throws IllegalArgumentException if there is no such contender, or none is left.
     */
    public PlanOptions contenders(final List<String> contenders)
    {
        contenders.forEach(Contenders::byName);
        this.contenders = distinct(contenders, "contender");
        isCustom = true;
        return this;
    }

    /**
     * @param names of parts, as in {@link Part#text()}.
     * @return this.
     * @throws IllegalArgumentException if there is no such part, or none is left.
     */
    public PlanOptions parts(final List<String> names)
    {
        parts = EnumSet.copyOf(distinct(names, "workload").stream().map(Part::of).toList());
        isCustom = true;
        return this;
    }

    /**
     * @param lengths of messages in bytes, of round trips.
     * @return this.
     * @throws IllegalArgumentException if one is out of range, or there is none.
     */
    public PlanOptions lengths(final List<Integer> lengths)
    {
        for (final int length : lengths)
        {
            check(length >= Cell.MIN_LENGTH && length <= Cell.MAX_LENGTH,
                "a size must be from " + Cell.MIN_LENGTH + " to " + Cell.MAX_LENGTH + " bytes: " + length);
        }
        this.lengths = distinct(lengths, "size");
        isCustom = true;
        return this;
    }

    /**
     * @param windows most requests in flight, of pipelined cells.
     * @return this.
     * @throws IllegalArgumentException if one is out of range, or there is none.
     */
    public PlanOptions windows(final List<Integer> windows)
    {
        for (final int window : windows)
        {
            check(window >= 1 && window <= Cell.MAX_WINDOW,
                "a window must be from 1 to " + Cell.MAX_WINDOW + ": " + window);
        }
        this.windows = distinct(windows, "window");
        isCustom = true;
        return this;
    }

    /**
     * @param ratesPerSecond requests per second, of open loops.
     * @return this.
     * @throws IllegalArgumentException if one is not positive or more than one a nanosecond, or there is none.
     */
    public PlanOptions ratesPerSecond(final List<Long> ratesPerSecond)
    {
        for (final long rate : ratesPerSecond)
        {
            check(rate >= 1 && rate <= Plan.NS_PER_SECOND,
                "a rate must be from 1 to " + Plan.NS_PER_SECOND + " requests per second: " + rate);
        }
        this.ratesPerSecond = distinct(ratesPerSecond, "rate");
        isCustom = true;
        return this;
    }

    /**
     * @param clientCounts clients that are connected while one talks.
     * @return this.
     * @throws IllegalArgumentException if one is out of range, or there is none.
     */
    public PlanOptions clientCounts(final List<Integer> clientCounts)
    {
        for (final int count : clientCounts)
        {
            check(count >= 1 && count <= Plan.MAX_CLIENT_COUNT,
                "there must be from 1 to " + Plan.MAX_CLIENT_COUNT + " clients: " + count);
        }
        this.clientCounts = distinct(clientCounts, "number of clients");
        isCustom = true;
        return this;
    }

    /**
     * @param warmUpNs nanoseconds before each measurement, not negative.
     * @return this.
     * @throws IllegalArgumentException if it is.
     */
    public PlanOptions warmUpNs(final long warmUpNs)
    {
        check(warmUpNs >= 0 && warmUpNs <= Plan.MAX_TIME_NS,
            "a warm-up must last from 0 s to " + Plan.MAX_TIME_NS / Plan.NS_PER_SECOND + " s");
        this.warmUpNs = warmUpNs;
        isCustom = true;
        return this;
    }

    /**
     * @param measuredNs nanoseconds of each measurement, at least a millisecond.
     * @return this.
     * @throws IllegalArgumentException if it is less.
     */
    public PlanOptions measuredNs(final long measuredNs)
    {
        check(measuredNs >= Plan.MIN_MEASURED_NS && measuredNs <= Plan.MAX_TIME_NS,
            "a measurement must last from 1 ms to " + Plan.MAX_TIME_NS / Plan.NS_PER_SECOND + " s");
        this.measuredNs = measuredNs;
        isCustom = true;
        return this;
    }

    /**
     * @param tuning of the machine.
     * @return this.
     */
    public PlanOptions tuning(final Tuning tuning)
    {
        this.tuning = tuning;
        return this;
    }

    boolean isQuick()
    {
        return isQuick;
    }

    String kind()
    {
        if (isCustom)
        {
            return "custom";
        }
        return isQuick ? "quick" : "full";
    }

    int roundCountOr(final int defaultValue)
    {
        return 0 == roundCount ? defaultValue : roundCount;
    }

    /** Names of contenders; empty for the plan's default. */
    List<String> contenders()
    {
        return contenders;
    }

    boolean has(final Part part)
    {
        return parts.contains(part);
    }

    List<Integer> lengthsOr(final List<Integer> defaultValue)
    {
        return lengths.isEmpty() ? defaultValue : lengths;
    }

    List<Integer> windowsOr(final List<Integer> defaultValue)
    {
        return windows.isEmpty() ? defaultValue : windows;
    }

    List<Long> ratesPerSecondOr(final List<Long> defaultValue)
    {
        return ratesPerSecond.isEmpty() ? defaultValue : ratesPerSecond;
    }

    List<Integer> clientCountsOr(final List<Integer> defaultValue)
    {
        return clientCounts.isEmpty() ? defaultValue : clientCounts;
    }

    Cell timed(final Cell cell, final long warmUpNs, final long measuredNs)
    {
        return cell.tuning(tuning).times(
            this.warmUpNs < 0 ? warmUpNs : this.warmUpNs, this.measuredNs < 0 ? measuredNs : this.measuredNs);
    }

    private static <T> List<T> distinct(final List<T> values, final String what)
    {
        check(!values.isEmpty(), "name at least one " + what);
        return values.stream().distinct().toList();
    }

    private static void check(final boolean isRight, final String message)
    {
        if (!isRight)
        {
            throw new IllegalArgumentException(message);
        }
    }

    /**
     * A part of the comparison that may be left out.
     */
    public enum Part
    {
        /** One request in flight, of each size. */
        ROUND_TRIP,
        /** Many requests in flight. */
        PIPELINED,
        /** Requests at a fixed rate. */
        OPEN_LOOP,
        /** Both sides sleep until they are woken. */
        BLOCKING,
        /** Many clients are connected, and one talks. */
        CLIENTS,
        /** Many clients talk at once. */
        CROWD,
        /** Messages in one direction. */
        STREAM,
        /** Open loops at a part of what each contender can do. */
        LOAD,
        /** Transports between two hosts, over the loopback address. */
        REMOTE;

        /**
         * @return name by which it is chosen.
         */
        public String text()
        {
            return name().toLowerCase().replace('_', '-');
        }

        static Part of(final String text)
        {
            for (final Part part : values())
            {
                if (part.text().equals(text))
                {
                    return part;
                }
            }
            throw new IllegalArgumentException("no such workload: " + text + "; there are " +
                Arrays.stream(values()).map(Part::text).collect(Collectors.joining(", ")));
        }
    }
}
