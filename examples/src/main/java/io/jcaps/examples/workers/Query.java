/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.workers;

/**
 * What is asked and answered: where its fields lie.
 */
final class Query
{
    static final int KEY_OFFSET = 0;
    /** How long the look-up takes: in this example the client chooses. */
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
