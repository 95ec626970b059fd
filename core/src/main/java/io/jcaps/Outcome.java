/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * How a message ended. Each accepted put has exactly one outcome, as long as its client's port is open (B1).
 */
public final class Outcome
{
    /** The service replied. */
    public static final int REPLIED = 0;
    /** The service closed its port without replying (R23). */
    public static final int SERVICE_CLOSED = 1;
    /** The service's process died without replying (R25). */
    public static final int SERVICE_DIED = 2;
    /**
     * The client took the message back: by an abort (R29), by a call that timed out or was interrupted (B5), or by the
     * close of its port.
     */
    public static final int ABORTED = 3;
    /**
     * The service is on another host, and its local stand-in has lost the connection to it (B7).
     */
    public static final int UNREACHABLE = 4;
    /** The service did not admit this client (R6). It has not received the message: {@link #RECEIVED} is never set. */
    public static final int REFUSED = 5;
    /**
     * Set beside each kind but {@link #REPLIED} and {@link #REFUSED} if the service may have received the message, and
     * so may have acted on it. Without it, a kind other than {@link #REPLIED} means that the service has not acted on
     * the message and never will.
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
     * @return its kind, such as {@link #REPLIED}.
     */
    public static int kind(final int outcome)
    {
        return outcome & KIND_MASK;
    }

    /**
     * Whether the service may have acted on the message.
     *
     * @param outcome of a message.
     * @return true for {@link #REPLIED}, and if {@link #RECEIVED} is set; false if the service has not acted on the
     * message and never will.
     */
    public static boolean wasReceived(final int outcome)
    {
        return REPLIED == kind(outcome) || (outcome & RECEIVED) != 0;
    }

    /**
     * Whether a service may end a request with an outcome instead of a reply, as the stand-in for a service on another
     * host does (B7). SERVICE_CLOSED, SERVICE_DIED and UNREACHABLE report how the other service ended. REFUSED reports
     * that it did not admit the request's connection, and excludes RECEIVED. REPLIED is excluded, because it is a
     * reply, and ABORTED, because only the client takes a message back (R29).
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
     * Names an outcome.
     *
     * @param outcome of a message.
     * @return name of its kind, with {@code |RECEIVED} if that is set.
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
