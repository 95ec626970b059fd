/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.LongHashSet;

/**
 * What the messages of a measurement contain: the number of the message, then words that tell their own place. A short
 * message is written and verified whole each time. Of a long one that is built in place only the number changes, and
 * one word further on is verified, another one with each message.
 */
final class Payload
{
    private static final long PATTERN = 0x5CA9_0F1E_2D3C_4B5AL;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;
    /** Longest payload that is written whole and verified whole. */
    private static final int SHORT_LENGTH = 64;

    private Payload()
    {
    }

    /** Writes the whole of it. */
    static void fill(final MutableDirectBuffer buffer, final int length, final long sequence)
    {
        int index = 0;
        if (length >= Long.BYTES)
        {
            buffer.putLong(0, sequence);
            for (index = Long.BYTES; index <= length - Long.BYTES; index += Long.BYTES)
            {
                buffer.putLong(index, word(index));
            }
        }
        for (; index < length; index++)
        {
            buffer.putByte(index, (byte)(sequence + index));
        }
    }

    /**
     * Writes it into memory that was claimed: only the number where this side has built the rest already. That is known
     * from the heap, not by a look at the memory: the line is the peer's by now, and reading it before writing it was
     * measured to cost 100 ns a round trip.
     *
     * @param builtAddresses where this side has written the whole of it.
     */
    static void fillInPlace(
        final MutableDirectBuffer buffer, final int length, final long sequence, final LongHashSet builtAddresses)
    {
        if (length <= SHORT_LENGTH || 0 != length % Long.BYTES || builtAddresses.add(buffer.addressOffset()))
        {
            fill(buffer, length, sequence);
        }
        else
        {
            buffer.putLong(0, sequence);
        }
    }

    /** The number of the message that a payload was written for, as far as so short a one can tell. */
    static long sequence(final DirectBuffer buffer, final int length)
    {
        return length >= Long.BYTES ? buffer.getLong(0) : length > 0 ? buffer.getByte(0) : 0;
    }

    static boolean verify(final DirectBuffer buffer, final int length, final long sequence)
    {
        if (length <= SHORT_LENGTH)
        {
            return verifyWhole(buffer, length, sequence);
        }
        final int wordCount = length / Long.BYTES - 1;
        final long fraction = (sequence * GOLDEN_RATIO) >>> 32;
        final int index = (1 + (int)((fraction * wordCount) >>> 32)) * Long.BYTES;
        return buffer.getLong(0) == sequence && buffer.getLong(index) == word(index);
    }

    static boolean verifyWhole(final DirectBuffer buffer, final int length, final long sequence)
    {
        int index = 0;
        boolean isRight = true;
        if (length >= Long.BYTES)
        {
            isRight = buffer.getLong(0) == sequence;
            for (index = Long.BYTES; index <= length - Long.BYTES; index += Long.BYTES)
            {
                isRight &= buffer.getLong(index) == word(index);
            }
        }
        for (; index < length; index++)
        {
            isRight &= buffer.getByte(index) == (byte)(sequence + index);
        }
        return isRight;
    }

    private static long word(final int index)
    {
        return PATTERN + index;
    }
}
