/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.UnsafeBuffer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Payloads that tell which message they belong to, and whether they are whole: one number again and again, which also
 * tells the length.
 */
final class CrashPayload
{
    /** Fits into the slot. */
    static final int INLINE = 0;
    /** Fits into a cell only. */
    static final int CELL = 1;
    /** Fits into a cell only; all that a cell of the region takes. */
    static final int WHOLE_CELL = 2;
    /** Longest payload in bytes. */
    static final int LIMIT = 64;

    private static final int KIND_COUNT = 3;
    private static final int CLIENT_SCALE = KIND_COUNT * 1_000;
    // Also moves the kind on: a request's length differs from its reply's.
    private static final long REPLY_SCALE = KIND_COUNT * 1_000_000_000L + 1;

    private CrashPayload()
    {
    }

    /** Number of a message, used once. */
    static long value(final int clientNumber, final int count, final int kind)
    {
        return (long)clientNumber * CLIENT_SCALE + (long)count * KIND_COUNT + kind;
    }

    static int clientNumber(final long value)
    {
        return (int)(value / CLIENT_SCALE);
    }

    static long replyTo(final long value)
    {
        return value + REPLY_SCALE;
    }

    /** The length. */
    static int fill(final UnsafeBuffer bytes, final long value)
    {
        final int length = length(value);
        for (int i = 0; i < length; i += Long.BYTES)
        {
            bytes.putLong(i, value);
        }
        return length;
    }

    /** The number, once all of the payload is found to be of one message. */
    static long check(final Message message)
    {
        final long value = message.buffer().getLong(0);
        assertThat(message.length()).as("length of " + value).isEqualTo(length(value));
        for (int i = 0; i < message.length(); i += Long.BYTES)
        {
            assertThat(message.buffer().getLong(i)).as("torn").isEqualTo(value);
        }
        return value;
    }

    private static int length(final long value)
    {
        return 16 + (int)(value % KIND_COUNT) * 24;
    }
}
