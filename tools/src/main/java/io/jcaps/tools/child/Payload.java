/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The content of messages that are checked: length and each byte follow from the client, the sequence number and the
 * direction, so that either end can check a whole message without further information.
 */
public final class Payload
{
    /** Direction of a request. */
    public static final int REQUEST = 0;
    /** Direction of a reply. */
    public static final int REPLY = 1;
    /** Longest payload in bytes. */
    public static final int MAX_LENGTH = 131_072;
    /** Orders of magnitude of the lengths: 0, 1, 2 to 3, 4 to 7 and so on, and the longest by itself. */
    public static final int MAGNITUDE_COUNT = 19;

    private static final long STEP = 0x9E37_79B9_7F4A_7C15L;
    /**
     * One of this many messages, a power of two, has the longest payload, in addition to those of the highest
     * magnitude.
     */
    private static final int LONGEST_RATE = 512;
    private static final int LENGTH_SALT = 0x1E57;

    private Payload()
    {
    }

    /**
     * Length of a payload. The first messages of a client go through each magnitude, from 0 bytes to the longest; after
     * them each magnitude is as likely as any other.
     *
     * @param client    index of the client.
     * @param sequence  of the message, from 0.
     * @param direction {@link #REQUEST} or {@link #REPLY}.
     * @return bytes, 0 to {@link #MAX_LENGTH}.
     */
    public static int length(final int client, final long sequence, final int direction)
    {
        if (sequence < MAGNITUDE_COUNT)
        {
            final int magnitude = (int)(REQUEST == direction ? sequence : MAGNITUDE_COUNT - 1 - sequence);
            return 1 << magnitude >> 1;
        }
        final long random = mix(seed(client, sequence, direction) ^ LENGTH_SALT);
        if ((random & LONGEST_RATE - 1) == 0)
        {
            return MAX_LENGTH;
        }
        // 16 bits for the magnitude, 32 for the place in it.
        final int magnitude = (int)((random >>> 16 & 0xFFFF) * (MAGNITUDE_COUNT - 1) >>> 16);
        final int lowest = 1 << magnitude >> 1;
        return lowest + (int)(random >>> 32 & Math.max(lowest, 1) - 1);
    }

    /**
     * Which magnitude a length belongs to.
     *
     * @param length in bytes.
     * @return 0 to {@link #MAGNITUDE_COUNT} - 1.
     */
    public static int magnitude(final int length)
    {
        return Integer.SIZE - Integer.numberOfLeadingZeros(length);
    }

    /**
     * Writes a payload.
     *
     * @param buffer    to write it to, from index 0.
     * @param length    in bytes.
     * @param client    index of the client.
     * @param sequence  of the message.
     * @param direction {@link #REQUEST} or {@link #REPLY}.
     */
    public static void fill(
        final MutableDirectBuffer buffer,
        final int length,
        final int client,
        final long sequence,
        final int direction)
    {
        long word = seed(client, sequence, direction);
        final int wordsLength = length & -BitUtil.SIZE_OF_LONG;
        for (int i = 0; i < wordsLength; i += BitUtil.SIZE_OF_LONG)
        {
            buffer.putLong(i, word);
            word += STEP;
        }
        for (int i = wordsLength; i < length; i++)
        {
            buffer.putByte(i, (byte)word);
            word >>>= Byte.SIZE;
        }
    }

    /**
     * Checks each byte of a payload.
     *
     * @param buffer    to read it from, from index 0.
     * @param length    in bytes.
     * @param client    index of the client.
     * @param sequence  of the message.
     * @param direction {@link #REQUEST} or {@link #REPLY}.
     * @return whether it is what {@link #fill} writes.
     */
    public static boolean check(
        final DirectBuffer buffer, final int length, final int client, final long sequence, final int direction)
    {
        long word = seed(client, sequence, direction);
        long difference = 0;
        final int wordsLength = length & -BitUtil.SIZE_OF_LONG;
        for (int i = 0; i < wordsLength; i += BitUtil.SIZE_OF_LONG)
        {
            difference |= buffer.getLong(i) ^ word;
            word += STEP;
        }
        for (int i = wordsLength; i < length; i++)
        {
            difference |= buffer.getByte(i) ^ (byte)word;
            word >>>= Byte.SIZE;
        }
        return 0 == difference;
    }

    private static long seed(final int client, final long sequence, final int direction)
    {
        return mix((sequence << 8 | client << 1 | direction) + STEP);
    }

    /** Stafford's mix 13: each bit of the result depends on each bit of the argument, and no two arguments collide. */
    private static long mix(final long value)
    {
        long result = (value ^ value >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        result = (result ^ result >>> 27) * 0x94D0_49BB_1331_11EBL;
        return result ^ result >>> 31;
    }
}
