/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

/**
 * The gateway's record of an order that is not done.
 */
final class OpenOrder
{
    /** The state of an order as the gateway knows it. */
    enum State
    {
        SENT("sent, not answered"),
        ACCEPTED("accepted and open"),
        NOT_SEEN("never seen: safe to send again"),
        MAY_BE_SEEN("may have been seen: ask before it is sent again");

        final String text;

        State(final String text)
        {
            this.text = text;
        }
    }

    final long id;
    /** Intended time of its put in nanoseconds, by {@link System#nanoTime()}. */
    final long dueNs;
    State state = State.SENT;

    OpenOrder(final long id, final long dueNs)
    {
        this.id = id;
        this.dueNs = dueNs;
    }
}
