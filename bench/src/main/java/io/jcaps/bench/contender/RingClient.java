/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.EchoClient;
import org.agrona.IoUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.ringbuffer.RingBuffer;

import java.nio.MappedByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** An end that asks over Agrona's rings, whatever their records hold. One thread. */
abstract class RingClient implements EchoClient
{
    private final MappedByteBuffer mapped;
    private final AtomicInteger openCount;
    private final RingBuffer replies;
    private final MessageHandler handler = this::onReply;
    private final int replyStep;

    RingClient(
        final MappedByteBuffer mapped, final AtomicInteger openCount, final RingBuffer replies, final int replyStep)
    {
        this.mapped = mapped;
        this.openCount = openCount;
        this.replies = replies;
        this.replyStep = replyStep;
    }

    @Override
    public final int receive(final int limit)
    {
        return replyStep * replies.read(handler, limit);
    }

    @Override
    public final void close()
    {
        if (0 == openCount.decrementAndGet())
        {
            IoUtil.unmap(mapped);
        }
    }

    static void check(final boolean isNext, final long number, final int length)
    {
        if (!isNext)
        {
            throw new IllegalStateException("not the reply to message " + number + ": length=" + length);
        }
    }

    abstract void onReply(int typeId, MutableDirectBuffer buffer, int offset, int length);
}
