/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.EchoClient;
import io.jcaps.bench.Payload;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A client over a stream. Requests are gathered until the next look for replies, or until there are enough of them. One
 * thread.
 */
final class StreamClient implements EchoClient
{
    /** Gathered bytes at which requests are written: several short requests, or one long one. */
    private static final int FLUSH_LENGTH = 32 * 1024;

    private final FramedStream stream;
    private final Payload request;
    private final Payload reply;
    private final boolean isBlocking;
    private final long inFlightLimit;
    private final int replyStep;
    private long sentCount;
    private long receivedCount;

    /**
     * @param stream        to the server.
     * @param request       what is sent.
     * @param reply         what comes back.
     * @param isBlocking    whether the stream's channel blocks.
     * @param inFlightLimit most requests in flight, positive.
     * @param replyStep     messages that one reply answers.
     */
    StreamClient(
        final FramedStream stream,
        final Payload request,
        final Payload reply,
        final boolean isBlocking,
        final long inFlightLimit,
        final int replyStep)
    {
        this.replyStep = replyStep;
        this.stream = stream;
        this.request = request;
        this.reply = reply;
        this.isBlocking = isBlocking;
        this.inFlightLimit = inFlightLimit;
    }

    @Override
    public boolean send(final long number)
    {
        if (sentCount - receivedCount >= inFlightLimit || !stream.append(request, number))
        {
            return false;
        }
        sentCount++;
        if (stream.unwrittenLength() >= FLUSH_LENGTH)
        {
            flush();
        }
        return true;
    }

    @Override
    public int receive(final int limit)
    {
        flush();
        int count = take(limit);
        if (0 == count)
        {
            try
            {
                while (0 == count && stream.read())
                {
                    count = take(limit);
                    if (0 == count && !isBlocking)
                    {
                        // Part of a long reply was read. The channel may have room now for unwritten bytes.
                        flush();
                    }
                }
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException("no reply to message " + (receivedCount + 1), ex);
            }
        }
        return count;
    }

    @Override
    public void close()
    {
        try
        {
            stream.close();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    private void flush()
    {
        try
        {
            stream.flush();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot send message " + sentCount, ex);
        }
    }

    private int take(final int limit)
    {
        final UnsafeBuffer buffer = stream.buffer();
        int count = 0;
        while (count < limit)
        {
            final int offset = stream.next();
            if (FramedStream.NONE == offset)
            {
                break;
            }
            receivedCount += replyStep;
            if (!reply.verify(buffer, offset, stream.length(offset), receivedCount))
            {
                throw new IllegalStateException(
                    "not the reply to message " + receivedCount + ": length=" + stream.length(offset));
            }
            count += replyStep;
        }
        return count;
    }
}
