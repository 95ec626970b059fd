/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * Results of {@link ClientPort#abort}, with the original's values (R29).
 */
public final class AbortResult
{
    /** The only result of the original; jcaps never returns it. */
    public static final int NOT_IMPLEMENTED = 0;
    /** The reply or another outcome was already there, or the service is gone: the abort has no effect. */
    public static final int RETURNED = 1;
    /** The service has not received the message, and never will: its outcome is {@link Outcome#ABORTED}. */
    public static final int BEFORE_SERVER = 2;
    /**
     * The service had received the message, or was about to. A hard abort ends it with {@link Outcome#ABORTED} and
     * {@link Outcome#RECEIVED}. Otherwise its outcome still comes; if the service finds the message aborted, it is
     * {@link Outcome#ABORTED} alone.
     */
    public static final int AT_SERVER = 3;

    private AbortResult()
    {
    }
}
