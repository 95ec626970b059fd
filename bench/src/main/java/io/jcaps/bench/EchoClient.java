/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * A transport's end that asks. One thread.
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
     * Takes replies that are there, and verifies that they are the next ones and whole. If the cell says to block,
     * waits until there is one.
     *
     * @param limit most replies to take, positive.
     * @return replies taken; 0 if none was there, never if the cell says to block.
     * @throws IllegalStateException if one is not what it should be.
     */
    int receive(int limit);

    @Override
    void close();
}
