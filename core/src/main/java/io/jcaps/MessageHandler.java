/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * An upcall: what a {@link PortAgent} calls for each message (R11, B4).
 */
@FunctionalInterface
public interface MessageHandler
{
    /**
     * A message arrived. The view is released when the handler returns; a request that should be replied to later is
     * replied to by its id.
     * <p>
     * The handler must not call {@code get} or {@code await} with the message that it is given.
     *
     * @param message received, valid during the call.
     */
    void onMessage(Message message);
}
