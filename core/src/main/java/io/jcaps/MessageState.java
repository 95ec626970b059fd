/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * The kind of a received message, with the original's values (R18). A client receives {@link #REPLY} only, a service
 * {@link #REQUEST} and {@link #DISPOSE}.
 */
public final class MessageState
{
    /** A client's request, at the service. */
    public static final int REQUEST = 0;
    /** Reserved, as in the original. */
    public static final int REQUEST_RETRY = 1;
    /** The reply to a request, at the client. */
    public static final int REPLY = 2;
    /** Reserved, as in the original. */
    public static final int REPLY_RETRY = 3;
    /** The client is done with a reply, or gone: the service may use the reply's memory again. */
    public static final int DISPOSE = 4;

    private MessageState()
    {
    }

    /**
     * The name of a state, or of the negative {@link Status} that {@code get} or {@code await} returned instead.
     *
     * @param state of a message, or a status.
     * @return its name.
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
