/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import com.google.gson.Gson;

import java.util.Objects;

/**
 * One measurement: transport, workload and duration. Passed to both JVMs that measure it.
 *
 * @param contender     name of the transport.
 * @param workload      order of requests and replies.
 * @param waiting       of both sides.
 * @param length        of each request and each reply, in bytes.
 * @param payload       what each side does with the bytes.
 * @param window        most requests in flight.
 * @param ratePerSecond requests per second of an open loop; 0 for other workloads.
 * @param loadPercent   rate of a load, as a percentage of the contender's capacity; 0 for other workloads.
 * @param clientCount   connections to the one server; all but the first are silent, except in a crowd.
 * @param warmUpNs      nanoseconds before the measurement.
 * @param measuredNs    nanoseconds of the measurement.
 * @param replyLimit    replies after which the measurement ends before its time; 0 for none. Round trips only.
 * @param tuning        of the machine.
 */
public record Cell(
    String contender,
    Workload workload,
    Waiting waiting,
    int length,
    PayloadKind payload,
    int window,
    long ratePerSecond,
    int loadPercent,
    int clientCount,
    long warmUpNs,
    long measuredNs,
    long replyLimit,
    Tuning tuning)
{
    /** Each payload carries the number of its message in its first bytes. */
    public static final int MIN_LENGTH = Long.BYTES;
    /** In bytes. Some contenders have a lower limit and refuse longer messages. */
    public static final int MAX_LENGTH = 1_048_576;
    /** Some contenders have a lower limit and refuse larger windows. */
    public static final int MAX_WINDOW = 4_096;
    /** Most requests of an open loop in flight, which each contender supports. */
    public static final int OPEN_LOOP_WINDOW = 128;

    /** Messages of a stream between two replies. */
    public static final int STREAM_STEP = 64;
    /** Most messages of a stream that no reply covers; a transport may allow fewer. */
    public static final int STREAM_WINDOW = 4_096;

    private static final long DEFAULT_NS = 500_000_000;

    /**
     * @throws IllegalArgumentException if a value is out of its range; the message says which.
     */
    public Cell
    {
        Objects.requireNonNull(contender, "contender");
        Objects.requireNonNull(workload, "workload");
        Objects.requireNonNull(waiting, "waiting");
        Objects.requireNonNull(payload, "payload");
        Objects.requireNonNull(tuning, "tuning");
        check(length >= MIN_LENGTH && length <= MAX_LENGTH,
            "length must be from " + MIN_LENGTH + " to " + MAX_LENGTH + " bytes: length=" + length);
        check(window >= 1 && window <= MAX_WINDOW, "window must be from 1 to " + MAX_WINDOW + ": window=" + window);
        check(Workload.OPEN_LOOP == workload ? ratePerSecond > 0 : 0 == ratePerSecond,
            "an open loop, and nothing else, has a rate of at least 1 a second: ratePerSecond=" + ratePerSecond);
        check(Workload.LOAD == workload ? loadPercent > 0 && loadPercent <= 100 : 0 == loadPercent,
            "a load, and nothing else, has a percentage from 1 to 100: loadPercent=" + loadPercent);
        check(clientCount >= 1, "clientCount must be positive: clientCount=" + clientCount);
        check(warmUpNs >= 0, "warmUpNs must not be negative: warmUpNs=" + warmUpNs);
        check(measuredNs > 0, "measuredNs must be positive: measuredNs=" + measuredNs);
    }

    /**
     * One request in flight, its payload prebuilt except for the first bytes; both sides spin.
     *
     * @param contender name of the transport.
     * @param length    of each request and each reply, in bytes.
     * @return the cell; measured for half a second, after as long a warm-up.
     */
    public static Cell roundTrip(final String contender, final int length)
    {
        return new Cell(contender, Workload.ROUND_TRIP, Waiting.SPIN, length, PayloadKind.PREBUILT, 1, 0, 0, 1,
            DEFAULT_NS, DEFAULT_NS, 0, Tuning.NONE);
    }

    /**
     * @param contender name of another transport.
     * @return this cell for that transport.
     */
    public Cell contender(final String contender)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param waiting of both sides.
     * @return this cell with that.
     */
    public Cell waiting(final Waiting waiting)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param payload what each side does with the bytes.
     * @return this cell with that.
     */
    public Cell payload(final PayloadKind payload)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param window most requests in flight.
     * @return this cell, pipelined.
     */
    public Cell pipelined(final int window)
    {
        return new Cell(contender, Workload.PIPELINED, waiting, length, payload, window, 0, 0, clientCount,
            warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param ratePerSecond requests per second.
     * @return this cell as an open loop; as many as {@link #OPEN_LOOP_WINDOW} may be in flight.
     */
    public Cell openLoop(final long ratePerSecond)
    {
        return new Cell(contender, Workload.OPEN_LOOP, waiting, length, payload, OPEN_LOOP_WINDOW, ratePerSecond,
            0, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param loadPercent of the contender's capacity in percent, which is measured first.
     * @return this cell as an open loop at that rate.
     */
    public Cell load(final int loadPercent)
    {
        return new Cell(contender, Workload.LOAD, waiting, length, payload, OPEN_LOOP_WINDOW, 0,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @return this cell as a stream in one direction.
     */
    public Cell stream()
    {
        return new Cell(contender, Workload.STREAM, waiting, length, payload, STREAM_WINDOW, 0,
            0, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @return messages that one reply answers: 1, or {@link #STREAM_STEP} in a stream.
     */
    public int replyStep()
    {
        return Workload.STREAM == workload ? STREAM_STEP : 1;
    }

    /**
     * @param clientCount connections, of which one sends requests.
     * @return this cell with that.
     */
    public Cell clientCount(final int clientCount)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param clientCount clients that all send requests, and yield to each other.
     * @return this cell with that.
     */
    public Cell crowd(final int clientCount)
    {
        return new Cell(contender, Workload.CROWD, Waiting.YIELD, length, payload, 1, 0, 0, clientCount,
            warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param warmUpNs   nanoseconds before the measurement.
     * @param measuredNs nanoseconds of the measurement.
     * @return this cell with that.
     */
    public Cell times(final long warmUpNs, final long measuredNs)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param replyLimit replies after which the measurement ends before its time.
     * @return this cell with that.
     */
    public Cell replyLimit(final long replyLimit)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param tuning of the machine.
     * @return this cell with that.
     */
    public Cell tuning(final Tuning tuning)
    {
        return new Cell(contender, workload, waiting, length, payload, window, ratePerSecond,
            loadPercent, clientCount, warmUpNs, measuredNs, replyLimit, tuning);
    }

    /**
     * @param json as {@link #toJson()} makes it.
     * @return the cell.
     */
    public static Cell fromJson(final String json)
    {
        return new Gson().fromJson(json, Cell.class);
    }

    /**
     * @return the cell on one line.
     */
    public String toJson()
    {
        return new Gson().toJson(this);
    }

    /**
     * @return what the client sends.
     */
    public Payload request()
    {
        return new Payload(length, payload, Payload.REQUEST_SALT);
    }

    /**
     * @return what the server sends back.
     */
    public Payload reply()
    {
        return new Payload(length, payload, Payload.REPLY_SALT);
    }

    private static void check(final boolean isRight, final String message)
    {
        if (!isRight)
        {
            throw new IllegalArgumentException(message);
        }
    }
}
