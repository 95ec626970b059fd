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
    /** The client took the message back (R29). */
    public static final int ABORTED = 3;
    /**
     * Set beside the last three if the service had received the message: it may have acted on it. If it is not set, it
     * certainly did not.
     */
    public static final int RECEIVED = 0x100;

    private static final int KIND_MASK = 0xFF;

    private Outcome()
    {
    }

    /**
     * The outcome without what was known of its reception.
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
            default -> "UNKNOWN(" + kind(outcome) + ")";
        };
        return (outcome & RECEIVED) != 0 ? kind + "|RECEIVED" : kind;
    }
}
