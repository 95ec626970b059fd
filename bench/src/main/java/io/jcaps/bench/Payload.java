/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The content of the messages of one direction: the number of the message, then words that encode their own index, and,
 * if they are written for each message, also the message's number. One thread.
 */
public final class Payload
{
    static final long REQUEST_SALT = 0x5CA9_0F1E_2D3C_4B5AL;
    static final long REPLY_SALT = 0x2545_F491_4F6C_DD1DL;

    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;
    private static final int PAGE_LENGTH = 4096;

    private final int length;
    private final boolean isFilled;
    private final long salt;
    private final UnsafeBuffer source;
    private final LongHashSet builtAddresses = new LongHashSet();

    Payload(final int length, final PayloadKind kind, final long salt)
    {
        this.length = length;
        this.salt = salt;
        isFilled = PayloadKind.FILLED == kind;
        source = new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, PAGE_LENGTH));
        fill(source, 0, 0);
    }

    /**
     * @return bytes of each message.
     */
    public int length()
    {
        return length;
    }

    /**
     * The payload in memory of this side, for a transport that copies it.
     *
     * @param number of the message.
     * @return the memory, as long as the payload; the same one each time.
     */
    public UnsafeBuffer source(final long number)
    {
        if (isFilled)
        {
            fill(source, 0, number);
        }
        else
        {
            source.putLong(0, number);
        }
        return source;
    }

    /**
     * Writes the whole payload into memory of the transport, whose content is unknown.
     *
     * @param buffer to write to.
     * @param offset of the payload in it.
     * @param number of the message.
     */
    public void write(final MutableDirectBuffer buffer, final int offset, final long number)
    {
        if (isFilled)
        {
            fill(buffer, offset, number);
        }
        else
        {
            buffer.putBytes(offset, source, 0, length);
            buffer.putLong(offset, number);
        }
    }

    /**
     * Writes the payload into memory of the transport that still has what this side wrote there last. This side
     * remembers that in the heap instead of reading the memory: the peer has the cache line by now, and a read before
     * the write cost 100 ns a round trip.
     *
     * @param buffer to write to.
     * @param offset of the payload in it.
     * @param number of the message.
     */
    public void writeInPlace(final MutableDirectBuffer buffer, final int offset, final long number)
    {
        if (isFilled || builtAddresses.add(buffer.addressOffset() + offset))
        {
            fill(buffer, offset, number);
        }
        else
        {
            buffer.putLong(offset, number);
        }
    }

    /**
     * @param buffer of a received payload.
     * @param offset of the payload in it.
     * @return the number that it was written for.
     */
    public static long number(final DirectBuffer buffer, final int offset)
    {
        return buffer.getLong(offset);
    }

    /**
     * @param buffer         of a received payload.
     * @param offset         of the payload in it.
     * @param receivedLength of the payload.
     * @param number         that it should have been written for.
     * @return whether number and content are right, as far as the kind lets the receiver check them.
     */
    public boolean verify(final DirectBuffer buffer, final int offset, final int receivedLength, final long number)
    {
        if (receivedLength != length || buffer.getLong(offset) != number)
        {
            return false;
        }
        return isFilled ? verifySum(buffer, offset, number) : verifyOneWord(buffer, offset, number);
    }

    private boolean verifyOneWord(final DirectBuffer buffer, final int offset, final long number)
    {
        final int wordCount = length / Long.BYTES - 1;
        final long fraction = (number * GOLDEN_RATIO) >>> 32;
        final int index = (1 + (int)((fraction * wordCount) >>> 32)) * Long.BYTES;
        return 0 == wordCount || buffer.getLong(offset + index) == salt + index;
    }

    private boolean verifySum(final DirectBuffer buffer, final int offset, final long number)
    {
        long sum = 0;
        int index = 0;
        for (; index <= length - Long.BYTES; index += Long.BYTES)
        {
            sum += buffer.getLong(offset + index);
        }
        for (; index < length; index++)
        {
            sum += buffer.getByte(offset + index);
        }
        return expectedSum(number) == sum;
    }

    private long expectedSum(final long number)
    {
        // Each word after the first is salt + number + its index.
        final long wordCount = length / Long.BYTES - 1;
        long sum = number + wordCount * (salt + number) + Long.BYTES * (wordCount * (wordCount + 1) / 2);
        for (int index = (int)(wordCount + 1) * Long.BYTES; index < length; index++)
        {
            sum += (byte)(number + index);
        }
        return sum;
    }

    private void fill(final MutableDirectBuffer buffer, final int offset, final long number)
    {
        final long start = isFilled ? salt + number : salt;
        buffer.putLong(offset, number);
        int index = Long.BYTES;
        for (; index <= length - Long.BYTES; index += Long.BYTES)
        {
            buffer.putLong(offset + index, start + index);
        }
        for (; index < length; index++)
        {
            buffer.putByte(offset + index, (byte)(number + index));
        }
    }
}
