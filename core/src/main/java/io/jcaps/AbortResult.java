/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * What an abort found, with the original's values (R29).
 */
public final class AbortResult
{
    /** The only result of the original; jcaps never returns it. */
    public static final int NOT_IMPLEMENTED = 0;
    /** The reply was already there. */
    public static final int RETURNED = 1;
    /** The service never saw the message, and never will. */
    public static final int BEFORE_SERVER = 2;
    /** The service had received the message. */
    public static final int AT_SERVER = 3;

    private AbortResult()
    {
    }
}
