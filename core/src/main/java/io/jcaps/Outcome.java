/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * How a message ended: each accepted put has exactly one outcome while its client lives (B1).
 */
public final class Outcome
{
    /** The service replied. */
    public static final int REPLIED = 0;
    /** The service closed its port without replying (R23). */
    public static final int SERVICE_CLOSED = 1;
    /** The service's process died without replying (R25). */
    public static final int SERVICE_DIED = 2;
    /** The client aborted the message (R29). */
    public static final int ABORTED = 3;
    /**
     * The service is on another host, and the local service that stands in for it has lost the connection to it (B7).
     */
    public static final int UNREACHABLE = 4;
    /** The service did not admit this client (R6). It never received the message: {@link #RECEIVED} is never set. */
    public static final int REFUSED = 5;
    /**
     * Set beside each kind but {@link #REPLIED} and {@link #REFUSED} if the service had received the message: it may
     * have acted on it. If it is not set, the service has not acted on it and never will.
     */
    public static final int RECEIVED = 0x100;

    private static final int KIND_MASK = 0xFF;

    private Outcome()
    {
    }

    /**
     * The outcome without {@link #RECEIVED}.
     *
     * @param outcome of a message.
     * @return {@link #REPLIED} and so on.
     */
    public static int kind(final int outcome)
    {
        return outcome & KIND_MASK;
    }

    /**
     * Whether the service may have acted on the message.
     *
     * @param outcome of a message.
     * @return true if it had received it.
     */
    public static boolean wasReceived(final int outcome)
    {
        return REPLIED == kind(outcome) || (outcome & RECEIVED) != 0;
    }

    /**
     * Whether a service may end a request with an outcome instead of a reply, as a local service does that stands in
     * for one on another host (B7). SERVICE_CLOSED, SERVICE_DIED and UNREACHABLE report how the other service ended.
     * REFUSED reports that it did not admit the request's connection, and excludes RECEIVED. REPLIED is a reply.
     * ABORTED is excluded, because only the client takes a message back (R29).
     *
     * @param outcome of a message.
     * @return true if {@link ServicePort#end(long, int)} takes it.
     */
    public static boolean mayEnd(final int outcome)
    {
        return switch (outcome & ~RECEIVED)
        {
            case SERVICE_CLOSED, SERVICE_DIED, UNREACHABLE -> true;
            default -> REFUSED == outcome;
        };
    }

    /**
     * An outcome in words.
     *
     * @param outcome of a message.
     * @return its name.
     */
    public static String text(final int outcome)
    {
        final String kind = switch (kind(outcome))
        {
            case REPLIED -> "REPLIED";
            case SERVICE_CLOSED -> "SERVICE_CLOSED";
            case SERVICE_DIED -> "SERVICE_DIED";
            case ABORTED -> "ABORTED";
            case UNREACHABLE -> "UNREACHABLE";
            case REFUSED -> "REFUSED";
            default -> "UNKNOWN(" + kind(outcome) + ")";
        };
        return (outcome & RECEIVED) != 0 ? kind + "|RECEIVED" : kind;
    }
}
