/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Kinds of received messages, with the original's values (R18). A client receives only {@link #REPLY}, a service
 * {@link #REQUEST} and {@link #DISPOSE}.
 */
public final class MessageState
{
    /** A client's request, at the service. */
    public static final int REQUEST = 0;
    /** Reserved, as in the original. */
    public static final int REQUEST_RETRY = 1;
    /** The reply to a request, or the request's other {@link Outcome}, at the client. */
    public static final int REPLY = 2;
    /** Reserved, as in the original. */
    public static final int REPLY_RETRY = 3;
    /** At the service: the client has finished with a reply, or has gone. The reply's memory is the service's again. */
    public static final int DISPOSE = 4;

    private MessageState()
    {
    }

    /**
     * Names a state, or the negative {@link Status} that {@code get} or {@code await} returned instead.
     *
     * @param state of a message, or a status.
     * @return its name; of another number {@code UNKNOWN} with that number.
     */
    public static String text(final int state)
    {
        return switch (state)
        {
            case REQUEST -> "REQUEST";
            case REQUEST_RETRY -> "REQUEST_RETRY";
            case REPLY -> "REPLY";
            case REPLY_RETRY -> "REPLY_RETRY";
            case DISPOSE -> "DISPOSE";
            default -> state < 0 ? Status.text(state) : "UNKNOWN(" + state + ")";
        };
    }
}
