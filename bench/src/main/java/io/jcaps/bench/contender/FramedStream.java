/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Payload;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Messages on a byte stream: each has its length, 4 bytes, before it. Reads all available bytes, and writes all
 * gathered messages at once. Works on blocking and non-blocking channels. One thread.
 * <p>
 * All messages have the same length: so each is in the buffer at the place of an earlier one, and equal bytes stay
 * there for the system to copy.
 */
final class FramedStream implements AutoCloseable
{
    /** Result of {@link #next()} when no whole message has been read. */
    static final int NONE = -1;

    private static final int LEAST_CAPACITY = 256 * 1024;
    private static final int PAGE_LENGTH = 4096;
    /** From this length in bytes, it is cheaper to write only the changed bytes than to copy the message again. */
    private static final int IN_PLACE_LENGTH = 1024;

    private final ReadableByteChannel source;
    private final WritableByteChannel target;
    private final int frameLength;
    private final UnsafeBuffer in;
    private final UnsafeBuffer out;
    private final ByteBuffer inBytes;
    private final ByteBuffer outBytes;
    /** Index of the first byte that was read and not yet taken. */
    private int inStart;
    private int inEnd;
    /** Index of the first byte that is still to be written. */
    private int outStart;
    private int outEnd;

    /**
     * @param source        to read from.
     * @param target        to write to; often the same.
     * @param messageLength bytes of each message.
     */
    FramedStream(final ReadableByteChannel source, final WritableByteChannel target, final int messageLength)
    {
        this.source = source;
        this.target = target;
        frameLength = BitUtil.SIZE_OF_INT + messageLength;
        final int capacity = Math.max(LEAST_CAPACITY, BitUtil.align(2 * frameLength, PAGE_LENGTH));
        inBytes = BufferUtil.allocateDirectAligned(capacity, PAGE_LENGTH);
        outBytes = BufferUtil.allocateDirectAligned(capacity, PAGE_LENGTH);
        in = new UnsafeBuffer(inBytes);
        out = new UnsafeBuffer(outBytes);
    }

    /**
     * Gathers a message, without writing to the channel.
     *
     * @param payload of the message.
     * @param number  of the message.
     * @return false if there is no room before more has been written.
     */
    boolean append(final Payload payload, final long number)
    {
        if (!hasRoom())
        {
            return false;
        }
        final int length = payload.length();
        final int offset = outEnd + BitUtil.SIZE_OF_INT;
        out.putInt(outEnd, length);
        if (length < IN_PLACE_LENGTH)
        {
            payload.write(out, offset, number);
        }
        else
        {
            payload.writeInPlace(out, offset, number);
        }
        outEnd = offset + length;
        return true;
    }

    /**
     * @return bytes that were gathered and are still to be written.
     */
    int unwrittenLength()
    {
        return outEnd - outStart;
    }

    /**
     * @return whether there is room for another message.
     */
    boolean hasRoom()
    {
        return outEnd + frameLength <= out.capacity();
    }

    /**
     * Writes the gathered messages: all of them on a blocking channel, otherwise as many bytes as it takes.
     *
     * @throws IOException if the other end is gone.
     */
    void flush() throws IOException
    {
        outBytes.limit(outEnd).position(outStart);
        while (outBytes.hasRemaining() && target.write(outBytes) > 0)
        {
            // The channel nearly always takes all bytes at once.
            outStart = outBytes.position();
        }
        if (outStart == outEnd)
        {
            outStart = 0;
            outEnd = 0;
        }
    }

    /**
     * Reads the available bytes once; waits for the first one on a blocking channel.
     *
     * @return whether any bytes were read.
     * @throws EOFException if the other end is gone.
     * @throws IOException  if the other end closed while it was writing.
     */
    boolean read() throws IOException
    {
        if (inStart == inEnd)
        {
            inStart = 0;
            inEnd = 0;
        }
        else if (inStart + frameLength > in.capacity())
        {
            in.putBytes(0, in, inStart, inEnd - inStart);
            inEnd -= inStart;
            inStart = 0;
        }
        inBytes.limit(inBytes.capacity()).position(inEnd);
        final int length = source.read(inBytes);
        if (length < 0)
        {
            throw new EOFException("the other end is gone");
        }
        inEnd += length;
        return length > 0;
    }

    /**
     * Takes the next message that was read. Its bytes stay until the next {@link #read()}.
     *
     * @return where its payload starts in {@link #buffer()}, or {@link #NONE}.
     */
    int next()
    {
        if (!hasNext())
        {
            return NONE;
        }
        final int offset = inStart + BitUtil.SIZE_OF_INT;
        inStart = offset + in.getInt(inStart);
        return offset;
    }

    /**
     * @return whether a whole message was read.
     */
    boolean hasNext()
    {
        return inEnd - inStart >= BitUtil.SIZE_OF_INT &&
            inEnd - inStart - BitUtil.SIZE_OF_INT >= in.getInt(inStart);
    }

    /**
     * @param offset of a message, as returned by {@link #next()}.
     * @return its bytes.
     */
    int length(final int offset)
    {
        return in.getInt(offset - BitUtil.SIZE_OF_INT);
    }

    /**
     * @return the buffer with the messages that were read.
     */
    UnsafeBuffer buffer()
    {
        return in;
    }

    @Override
    public void close() throws IOException
    {
        try (WritableByteChannel first = target; ReadableByteChannel second = source)
        {
            outEnd = outStart;
        }
    }
}
