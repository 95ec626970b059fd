/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import org.agrona.IoUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.ringbuffer.RingBuffer;

import java.nio.MappedByteBuffer;

/** The end that answers over Agrona's rings, whatever their records hold. One thread. */
abstract class RingServer implements EchoServer
{
    private final MappedByteBuffer mapped;
    private final RingBuffer requests;
    private final MessageHandler handler = this::onRequest;
    private final boolean yields;
    private boolean isEnding;
    private long requestCount;
    private long corruptCount;

    RingServer(final Cell cell, final MappedByteBuffer mapped, final RingBuffer requests)
    {
        this.mapped = mapped;
        this.requests = requests;
        yields = Waiting.YIELD == cell.waiting();
    }

    @Override
    public final int serve(final int limit)
    {
        return requests.read(handler, limit);
    }

    @Override
    public final Tally end()
    {
        isEnding = true;
        while (requests.read(handler) > 0)
        {
            // The handler counts.
        }
        return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
    }

    @Override
    public final void close()
    {
        IoUtil.unmap(mapped);
    }

    final void count(final boolean isWhole)
    {
        requestCount++;
        if (!isWhole)
        {
            corruptCount++;
        }
    }

    /** Whether to try again to send a reply that had no room. */
    final boolean awaitRoom()
    {
        if (yields && !isEnding)
        {
            Thread.yield();
        }
        return !isEnding;
    }

    abstract void onRequest(int typeId, MutableDirectBuffer buffer, int offset, int length);
}
