/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * A transport's client. One thread.
 */
public interface EchoClient extends AutoCloseable
{
    /**
     * Writes a request and sends it.
     *
     * @param number of the message: 1 for the first, rising by 1.
     * @return false if the transport has no room now; then nothing was sent.
     */
    boolean send(long number);

    /**
     * Takes available replies, and verifies order and content. If the cell's waiting is {@link Waiting#BLOCK}, waits
     * for a reply.
     *
     * @param limit most replies to take, positive.
     * @return number of replies taken; 0 if none was available, but never 0 with {@link Waiting#BLOCK}.
     * @throws IllegalStateException if a reply is wrong; the message says how.
     */
    int receive(int limit);

    @Override
    void close();
}
