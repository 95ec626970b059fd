/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * A transport's server: verifies each request, and replies with as many bytes. One thread.
 */
public interface EchoServer extends AutoCloseable
{
    /**
     * Longest time in nanoseconds for which {@link #serve} may block. A server whose wait ends when the clients close,
     * or by {@link #wake}, needs no limit, and saves the operating system's timer: part of a microsecond each time.
     */
    long SERVE_TIMEOUT_NS = 50_000_000;

    /**
     * Answers available requests. If the cell's waiting is {@link Waiting#BLOCK}, waits for one, for a limited time.
     *
     * @param limit most requests to answer, positive.
     * @return requests answered.
     */
    int serve(int limit);

    /**
     * Ends a blocking {@link #serve} that would not end by itself when the clients have closed. Any thread may call.
     */
    default void wake()
    {
    }

    /**
     * Answers the remaining requests when all clients have closed, and returns the counters.
     *
     * @return the counters.
     */
    Tally end();

    @Override
    void close();
}
