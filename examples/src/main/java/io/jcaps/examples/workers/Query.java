/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.workers;

/**
 * The layout of a request and its reply.
 */
final class Query
{
    static final int KEY_OFFSET = 0;
    /** Duration of the look-up in microseconds, which the client chooses in this example. */
    static final int DURATION_US_OFFSET = KEY_OFFSET + Long.BYTES;
    static final int REQUEST_LENGTH = DURATION_US_OFFSET + Long.BYTES;

    static final int VALUE_OFFSET = 0;
    static final int REPLY_LENGTH = VALUE_OFFSET + Long.BYTES;

    private Query()
    {
    }

    /** The value of a key. */
    static long value(final long key)
    {
        return key * key;
    }
}
