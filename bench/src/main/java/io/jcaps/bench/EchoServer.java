/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * A transport's end that answers: verifies each request, and replies with as many bytes. One thread.
 */
public interface EchoServer extends AutoCloseable
{
    /**
     * Longest time in nanoseconds for which {@link #serve} may block, unless a client's end or {@link #wake} ends it as
     * well: then it need not set the operating system's timer, which costs part of a microsecond each time.
     */
    long SERVE_TIMEOUT_NS = 50_000_000;

    /**
     * Answers requests that are there. If the cell says to block, waits for one, but not for ever.
     *
     * @param limit most requests to answer, positive.
     * @return requests answered.
     */
    int serve(int limit);

    /**
     * Ends a {@link #serve} that blocks, and would not end by itself when the clients are gone. Any thread may call.
     */
    default void wake()
    {
    }

    /**
     * Answers what is left when all clients are gone, and counts.
     *
     * @return what was served.
     */
    Tally end();

    @Override
    void close();
}
