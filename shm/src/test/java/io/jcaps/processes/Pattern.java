/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Bytes that differ with their number and their place, so that any that are lost, late or another's are seen.
 */
final class Pattern
{
    private Pattern()
    {
    }

    static void fill(final MutableDirectBuffer buffer, final int length, final long number)
    {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES)
        {
            buffer.putLong(i, word(number, i));
        }
        for (; i < length; i++)
        {
            buffer.putByte(i, (byte)word(number, i));
        }
    }

    static boolean isIn(final DirectBuffer buffer, final int length, final long number)
    {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES)
        {
            if (buffer.getLong(i) != word(number, i))
            {
                return false;
            }
        }
        for (; i < length; i++)
        {
            if (buffer.getByte(i) != (byte)word(number, i))
            {
                return false;
            }
        }
        return true;
    }

    static long word(final long number, final int index)
    {
        return (number + 1) * 0x9E3779B97F4A7C15L + index;
    }
}
