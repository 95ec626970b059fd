/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

/**
 * A message in flight, at the time of the snapshot. Immutable but for the bytes, which are a copy.
 *
 * @param id         of the message.
 * @param slot       of the link.
 * @param state      how far it is.
 * @param side       where it is.
 * @param isReceived whether the service had received it, and so may have acted on it.
 * @param length     of the payload in bytes: the reply's if there is one, else the request's. Any number if corrupt.
 * @param head       first bytes of that payload, as many as were asked for.
 */
public record MessageView(
    long id, int slot, State state, Side side, boolean isReceived, int length, byte[] head)
{
    /**
     * The progress of a message.
     */
    public enum State
    {
        /** Put, not received. */
        PUT,
        /** Received, not replied. */
        RECEIVED,
        /** Replied: the client has not taken the reply, or holds a view of it. */
        REPLIED,
        /** Aborted by its client; the service still has it, or the client has not taken the outcome yet. */
        ABORTED,
        /** The service closed or died without a reply: the client gets an automatic reply, or has it. */
        RETURNED,
        /** Length or flags are invalid. */
        CORRUPT
    }

    /**
     * Where a message is.
     */
    public enum Side
    {
        /** Between the two: the client has put it, the service has not received it. */
        QUEUE,
        /** The service has received it. */
        SERVICE,
        /** The client can take the outcome, or holds a view of it. */
        CLIENT
    }
}
