/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Payload;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.EOFException;
import java.io.IOException;

/**
 * A server of one client over a stream: replies to requests that were read together are written together. One thread.
 */
final class StreamSession implements AutoCloseable
{
    private final FramedStream stream;
    private final Payload request;
    private final Payload reply;
    private final int replyStep;
    private long requestCount;
    private long corruptCount;
    private boolean isOpen = true;

    /**
     * @param stream    to the client.
     * @param request   what comes.
     * @param reply     what is sent back.
     * @param replyStep messages that one reply answers.
     */
    StreamSession(final FramedStream stream, final Payload request, final Payload reply, final int replyStep)
    {
        this.replyStep = replyStep;
        this.stream = stream;
        this.request = request;
        this.reply = reply;
    }

    /**
     * Answers requests, reading once if none was read before.
     *
     * @param limit most requests to answer.
     * @return requests answered.
     * @throws IOException if the client cannot be read or written.
     */
    int serve(final int limit) throws IOException
    {
        int count = answer(limit);
        if (0 == count && isOpen)
        {
            try
            {
                while (0 == count && stream.hasRoom() && stream.read())
                {
                    count = answer(limit);
                }
            }
            catch (final EOFException ex)
            {
                isOpen = false;
            }
        }
        if (stream.unwrittenLength() > 0)
        {
            stream.flush();
        }
        return count;
    }

    /**
     * @return whether work is left that no selector reports: a request read and not yet answered, or a reply not yet
     * written.
     */
    boolean isUnfinished()
    {
        return stream.unwrittenLength() > 0 || stream.hasNext();
    }

    /**
     * @return whether the client may still send.
     */
    boolean isOpen()
    {
        return isOpen;
    }

    /**
     * @return requests received.
     */
    long requestCount()
    {
        return requestCount;
    }

    /**
     * @return requests with a wrong payload.
     */
    long corruptCount()
    {
        return corruptCount;
    }

    @Override
    public void close() throws IOException
    {
        stream.close();
    }

    private int answer(final int limit)
    {
        final UnsafeBuffer buffer = stream.buffer();
        int count = 0;
        while (count < limit && stream.hasRoom())
        {
            final int offset = stream.next();
            if (FramedStream.NONE == offset)
            {
                break;
            }
            requestCount++;
            final long number = Payload.number(buffer, offset);
            if (!request.verify(buffer, offset, stream.length(offset), number))
            {
                corruptCount++;
            }
            if (0 == number % replyStep)
            {
                stream.append(reply, number);
            }
            count++;
        }
        return count;
    }
}
