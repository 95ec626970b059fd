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
 * Messages on a stream of bytes, which knows none: each has its length, 4 bytes, before it. Reads as much as there is,
 * and writes what has gathered at once. Works on channels that block and on those that do not. One thread.
 * <p>
 * All messages are of one length: so each lies in the buffer where an earlier one lay, and what is the same in both
 * stays there, ready for the system to copy.
 */
final class FramedStream implements AutoCloseable
{
    /** What {@link #next()} answers when no whole message has been read. */
    static final int NONE = -1;

    private static final int LEAST_CAPACITY = 256 * 1024;
    private static final int PAGE_LENGTH = 4096;
    /** From here on, to know what is in the buffer already is cheaper than to copy it there again. */
    private static final int IN_PLACE_LENGTH = 1024;

    private final ReadableByteChannel source;
    private final WritableByteChannel target;
    private final int frameLength;
    private final UnsafeBuffer in;
    private final UnsafeBuffer out;
    private final ByteBuffer inBytes;
    private final ByteBuffer outBytes;
    /** What was read and not yet taken. */
    private int inStart;
    private int inEnd;
    /** What is to be written. */
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
     * Writes what has gathered: all of it if the channel blocks, else what it takes now.
     *
     * @throws IOException if the other end is gone.
     */
    void flush() throws IOException
    {
        outBytes.limit(outEnd).position(outStart);
        while (outBytes.hasRemaining() && target.write(outBytes) > 0)
        {
            // Takes all at once, nearly always.
            outStart = outBytes.position();
        }
        if (outStart == outEnd)
        {
            outStart = 0;
            outEnd = 0;
        }
    }

    /**
     * Reads what there is, once; waits for the first byte if the channel blocks.
     *
     * @return whether anything was there.
     * @throws EOFException if the other end is gone.
     * @throws IOException  if it went while it was writing.
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
     * @param offset of a message, as {@link #next()} has just told.
     * @return its bytes.
     */
    int length(final int offset)
    {
        return in.getInt(offset - BitUtil.SIZE_OF_INT);
    }

    /**
     * @return the memory in which messages lie that were read.
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
