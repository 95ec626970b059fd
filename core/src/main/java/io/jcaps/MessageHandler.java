/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Handles the messages that {@link ServicePort#poll}, {@link ClientPort#poll} or a {@link PortAgent} receives (R11,
 * B4). Called on the thread that polls, outside the port's gate: what it throws, the poll throws.
 */
@FunctionalInterface
public interface MessageHandler
{
    /**
     * Handles one request at a service, one reply or other outcome at a client. The view is released when this method
     * returns. A service that replies later does so by the message's id.
     * <p>
     * The handler must not receive into this message, by {@code get}, {@code await} or {@code call}.
     *
     * @param message received; valid during the call.
     */
    void onMessage(Message message);

    /**
     * Handles one disposal at a service: a client has finished with a reply, whose memory belongs to the service again
     * (R21), or a request's client has gone (R24). A service that keeps nothing for a request can ignore it.
     *
     * @param id of the request.
     */
    default void onDispose(final long id)
    {
    }
}
