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
import io.jcaps.bench.Waiting;
import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.MutableDirectBuffer;
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
    /** In bytes; twice and four times this length were no faster. */
    private static final int LEAST_CAPACITY = 1024 * 1024;
    /** The longest message is this part of its ring. */
    private static final int PARTS = 8;
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
        return "One ring for the requests, one-to-one if there is one client, many-to-one if there are more; a " +
            "one-to-one ring for each client's replies; of 1 MiB each, or 8 times a longer message, in a mapped " +
            "file. Messages are claimed and written in place.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            return "has no way to sleep until a message comes";
        }
        return (long)(1 + cell.clientCount()) * ringLength(cell) > Integer.MAX_VALUE ?
            "its rings for " + cell.clientCount() + " clients do not fit one mapping" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final long length = (long)(1 + cell.clientCount()) * ringLength(cell);
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

    private static int ringLength(final Cell cell)
    {
        return Math.max(LEAST_CAPACITY, PARTS * BitUtil.findNextPositivePowerOfTwo(cell.length())) +
            RingBufferDescriptor.TRAILER_LENGTH;
    }

    private static RingBuffer requests(final Cell cell, final MappedByteBuffer mapped)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(mapped, 0, ringLength(cell));
        return 1 == cell.clientCount() ? new OneToOneRingBuffer(buffer) : new ManyToOneRingBuffer(buffer);
    }

    private static RingBuffer replies(final Cell cell, final MappedByteBuffer mapped, final int clientIndex)
    {
        final int length = ringLength(cell);
        return new OneToOneRingBuffer(new UnsafeBuffer(mapped, (1 + clientIndex) * length, length));
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

    private static final class Server extends RingServer
    {
        private final RingBuffer[] replies;
        private final Payload request;
        private final Payload reply;
        private final int replyStep;

        Server(final Cell cell, final MappedByteBuffer mapped)
        {
            super(cell, mapped, requests(cell, mapped));
            request = cell.request();
            reply = cell.reply();
            replyStep = cell.replyStep();
            replies = new RingBuffer[cell.clientCount()];
            for (int i = 0; i < replies.length; i++)
            {
                replies[i] = replies(cell, mapped, i);
            }
        }

        @Override
        void onRequest(final int typeId, final MutableDirectBuffer buffer, final int offset, final int length)
        {
            final long number = Payload.number(buffer, offset);
            count(request.verify(buffer, offset, length, number));
            final RingBuffer ring = replies[typeId - FIRST_TYPE_ID];
            while (0 == number % replyStep && !send(ring, typeId, reply, number) && awaitRoom())
            {
                Thread.onSpinWait();
            }
        }
    }

    private static final class Client extends RingClient
    {
        private final RingBuffer requests;
        private final int typeId;
        private final Payload request;
        private final Payload reply;
        private final int replyStep;
        private long receivedCount;

        Client(final Cell cell, final MappedByteBuffer mapped, final AtomicInteger openCount, final int clientIndex)
        {
            super(mapped, openCount, replies(cell, mapped, clientIndex), cell.replyStep());
            requests = requests(cell, mapped);
            typeId = FIRST_TYPE_ID + clientIndex;
            request = cell.request();
            reply = cell.reply();
            replyStep = cell.replyStep();
        }

        @Override
        public boolean send(final long number)
        {
            return AgronaRingsContender.send(requests, typeId, request, number);
        }

        @Override
        void onReply(final int typeId, final MutableDirectBuffer buffer, final int offset, final int length)
        {
            receivedCount += replyStep;
            check(reply.verify(buffer, offset, length, receivedCount) && typeId == this.typeId, receivedCount, length);
        }
    }
}
