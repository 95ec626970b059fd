/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A payload that tells who wrote it, what is to be done with it, how long it is, and whether all of it has arrived.
 * Lengths are multiples of 8, and 8 at least.
 */
final class Letter
{
    /** To be replied to at once. */
    static final int REPLY = 0;
    /** To be kept without a reply, and not looked at any longer. */
    static final int HOLD = 1;
    /** To be kept without a reply, in view. */
    static final int VIEW = 2;

    private static final int LENGTH_BITS = 18;
    private static final int TODO_BITS = 4;
    private static final int INDEX_BITS = 10;
    private static final int TODO_SHIFT = LENGTH_BITS;
    private static final int INDEX_SHIFT = TODO_SHIFT + TODO_BITS;
    private static final int WRITER_SHIFT = INDEX_SHIFT + INDEX_BITS;
    private static final int SHORT_REPLY_LENGTH = 16;
    private static final int LONG_REPLY_LENGTH = 3_000;

    private Letter()
    {
    }

    static long number(final int writer, final int index, final int todo, final int length)
    {
        return (long)writer << WRITER_SHIFT | (long)index << INDEX_SHIFT | (long)todo << TODO_SHIFT | length;
    }

    static int writer(final long number)
    {
        return (int)(number >>> WRITER_SHIFT);
    }

    static int todo(final long number)
    {
        return (int)(number >> TODO_SHIFT) & (1 << TODO_BITS) - 1;
    }

    static int length(final long number)
    {
        return (int)number & (1 << LENGTH_BITS) - 1;
    }

    /** Every other reply is too long for its slot, and lies in the cell. */
    static int replyLength(final long number)
    {
        return (number >> INDEX_SHIFT & 1) == 0 ? SHORT_REPLY_LENGTH : LONG_REPLY_LENGTH;
    }

    static int fill(final MutableDirectBuffer buffer, final long number)
    {
        final int length = length(number);
        fill(buffer, 0, length, number);
        return length;
    }

    static int fillReply(final MutableDirectBuffer buffer, final long number)
    {
        final int length = replyLength(number);
        fill(buffer, 0, length, ~number);
        return length;
    }

    static void fill(final MutableDirectBuffer buffer, final int from, final int to, final long number)
    {
        for (int i = from; i < to; i += Long.BYTES)
        {
            buffer.putLong(i, 0 == i ? number : Pattern.word(number, i));
        }
    }

    /** The number of a whole letter. */
    static long read(final DirectBuffer buffer, final int length)
    {
        final long number = length < Long.BYTES ? -1 : buffer.getLong(0);
        if (!isWhole(buffer, length, number) || length(number) != length)
        {
            throw new AssertionError("torn: length=" + length + ", number=" + number);
        }
        return number;
    }

    static boolean isReply(final DirectBuffer buffer, final int length, final long number)
    {
        return replyLength(number) == length && isWhole(buffer, length, ~number);
    }

    private static boolean isWhole(final DirectBuffer buffer, final int length, final long number)
    {
        for (int i = 0; i < length; i += Long.BYTES)
        {
            if (buffer.getLong(i) != (0 == i ? number : Pattern.word(number, i)))
            {
                return false;
            }
        }
        return true;
    }
}
