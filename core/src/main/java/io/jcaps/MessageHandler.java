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
     * A request arrived, or, at a client, a reply. The view is released when the handler returns; a request that should
     * be replied to later is replied to by its id.
     * <p>
     * The handler must not call {@code get} or {@code await} with the message that it is given.
     *
     * @param message received, valid during the call.
     */
    void onMessage(Message message);

    /**
     * A client has finished with a reply, at a service only (R21): the reply's memory belongs to the service again. A
     * service that replies with copies or in place can ignore this.
     *
     * @param id of the request that was replied to, or whose client has gone (R24).
     */
    default void onDispose(final long id)
    {
    }
}
