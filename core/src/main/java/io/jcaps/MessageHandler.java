/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * A handler that {@link ServicePort#poll}, {@link ClientPort#poll} and a {@link PortAgent} call for each message (R11,
 * B4).
 */
@FunctionalInterface
public interface MessageHandler
{
    /**
     * Called for each request at a service, and for each reply or other outcome at a client. The view is released when
     * the handler returns; a later reply to a request goes by its id.
     * <p>
     * The handler must not call {@code get} or {@code await} with the message that it is given.
     *
     * @param message received, valid during the call.
     */
    void onMessage(Message message);

    /**
     * Called at a service when a client has finished with a reply (R21): the reply's memory belongs to the service
     * again. A service that keeps no memory of its own for replies can ignore it.
     *
     * @param id of the request that was replied to, or whose client has gone (R24).
     */
    default void onDispose(final long id)
    {
    }
}
