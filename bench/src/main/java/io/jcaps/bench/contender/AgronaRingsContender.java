/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import org.agrona.IoUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Agrona's ring buffers in a mapped file, with the payload in the record: one ring of requests, and a ring of replies
 * for each client.
 */
final class AgronaRingsContender implements Contender
{
    private static final String FILE_NAME = "rings";
    /** The least that takes the longest message: it may be an eighth. Twice or four times as much was no faster. */
    private static final int CAPACITY = 8 * Cell.MAX_LENGTH;
    private static final int RING_LENGTH = CAPACITY + RingBufferDescriptor.TRAILER_LENGTH;
    /** Types of messages begin at 1: that of the first client. */
    private static final int FIRST_TYPE_ID = 1;

    @Override
    public String name()
    {
        return "agrona-rings";
    }

    @Override
    public String title()
    {
        return "Agrona ring buffers";
    }

    @Override
    public String configuration()
    {
        return "One many-to-one ring for the requests of all clients, a one-to-one ring for each client's replies, " +
            "of 1 MiB each, in a mapped file. Messages are claimed and written in place.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        return Waiting.BLOCK == cell.waiting() ? "has no way to sleep until a message comes" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final long length = (long)(1 + cell.clientCount()) * RING_LENGTH;
        final MappedByteBuffer mapped = IoUtil.mapNewFile(
            directory.resolve(FILE_NAME).toFile(), length, cell.tuning().prefault());
        return new Server(cell, mapped);
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME);
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, mapped, openCount, i));
        }
        return clients;
    }

    private static RingBuffer requests(final MappedByteBuffer mapped)
    {
        return new ManyToOneRingBuffer(new UnsafeBuffer(mapped, 0, RING_LENGTH));
    }

    private static RingBuffer replies(final MappedByteBuffer mapped, final int clientIndex)
    {
        return new OneToOneRingBuffer(new UnsafeBuffer(mapped, (1 + clientIndex) * RING_LENGTH, RING_LENGTH));
    }

    private static boolean send(final RingBuffer ring, final int typeId, final Payload payload, final long number)
    {
        final int index = ring.tryClaim(typeId, payload.length());
        if (index < 0)
        {
            return false;
        }
        payload.write(ring.buffer(), index, number);
        ring.commit(index);
        return true;
    }

    private static final class Server implements EchoServer
    {
        private final MappedByteBuffer mapped;
        private final RingBuffer requests;
        private final RingBuffer[] replies;
        private final MessageHandler handler = this::onRequest;
        private final Payload request;
        private final Payload reply;
        private final boolean yields;
        private boolean isEnding;
        private long requestCount;
        private long corruptCount;

        Server(final Cell cell, final MappedByteBuffer mapped)
        {
            this.mapped = mapped;
            request = cell.request();
            reply = cell.reply();
            yields = Waiting.YIELD == cell.waiting();
            requests = requests(mapped);
            replies = new RingBuffer[cell.clientCount()];
            for (int i = 0; i < replies.length; i++)
            {
                replies[i] = replies(mapped, i);
            }
        }

        @Override
        public int serve(final int limit)
        {
            return requests.read(handler, limit);
        }

        @Override
        public Tally end()
        {
            isEnding = true;
            while (requests.read(handler) > 0)
            {
                // The handler counts.
            }
            return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            IoUtil.unmap(mapped);
        }

        private void onRequest(
            final int typeId, final MutableDirectBuffer buffer, final int offset, final int length)
        {
            requestCount++;
            final long number = Payload.number(buffer, offset);
            if (!request.verify(buffer, offset, length, number))
            {
                corruptCount++;
            }
            final RingBuffer ring = replies[typeId - FIRST_TYPE_ID];
            while (!send(ring, typeId, reply, number))
            {
                if (isEnding)
                {
                    return;
                }
                if (yields)
                {
                    Thread.yield();
                }
            }
        }
    }

    private static final class Client implements EchoClient
    {
        private final MappedByteBuffer mapped;
        private final AtomicInteger openCount;
        private final RingBuffer requests;
        private final RingBuffer replies;
        private final int typeId;
        private final MessageHandler handler = this::onReply;
        private final Payload request;
        private final Payload reply;
        private long receivedCount;

        Client(final Cell cell, final MappedByteBuffer mapped, final AtomicInteger openCount, final int clientIndex)
        {
            this.mapped = mapped;
            this.openCount = openCount;
            requests = requests(mapped);
            replies = replies(mapped, clientIndex);
            typeId = FIRST_TYPE_ID + clientIndex;
            request = cell.request();
            reply = cell.reply();
        }

        @Override
        public boolean send(final long number)
        {
            return AgronaRingsContender.send(requests, typeId, request, number);
        }

        @Override
        public int receive(final int limit)
        {
            return replies.read(handler, limit);
        }

        @Override
        public void close()
        {
            if (0 == openCount.decrementAndGet())
            {
                IoUtil.unmap(mapped);
            }
        }

        private void onReply(
            final int typeId, final MutableDirectBuffer buffer, final int offset, final int length)
        {
            if (!reply.verify(buffer, offset, length, ++receivedCount) || typeId != this.typeId)
            {
                throw new IllegalStateException("not the reply to message " + receivedCount + ": length=" + length);
            }
        }
    }
}
