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
import io.jcaps.bench.Workload;
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

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * A hand-built transport for long messages without a copy: payloads in a slab of slots in shared memory, and Agrona's
 * rings with descriptors of slot and length. Slots are reused in order; a client has as many requests in flight as
 * slots, so neither side needs a list of free ones. It detects no dead peer, no view that is kept, and no wrong
 * descriptor.
 */
final class SlabRingContender implements Contender
{
    private static final String FILE_NAME = "slab";
    private static final int DESCRIPTOR_LENGTH = 2 * SIZE_OF_INT;
    private static final int LENGTH_OFFSET = SIZE_OF_INT;
    private static final int PAGE_LENGTH = 4096;
    private static final int LINE_PAIR_LENGTH = 128;
    private static final int LEAST_SLOT_COUNT = 16;
    /** Bytes of a ring per slot: the descriptors of all slots fit, with their headers. */
    private static final int RING_BYTES_PER_SLOT = 64;
    private static final int LEAST_CAPACITY = 64 * 1024;
    private static final int MOST_CAPACITY = 1 << 24;
    /** Types of messages begin at 1: that of the first client. */
    private static final int FIRST_TYPE_ID = 1;

    @Override
    public String name()
    {
        return "slab-ring";
    }

    @Override
    public String title()
    {
        return "descriptors in rings over a shared slab";
    }

    @Override
    public String configuration()
    {
        return "Payloads are written in place into slots of a mapped slab; Agrona's rings carry a slot's number and " +
            "length: one ring for the requests, one-to-one if there is one client, and a one-to-one ring for each " +
            "client's replies. Slots are reused in order. A peer's death or mistake is not noticed.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Workload.STREAM == cell.workload())
        {
            return "reuses a slot when the reply has come";
        }
        if (Waiting.BLOCK == cell.waiting())
        {
            return "has no way to sleep until a message comes";
        }
        return new Shape(cell).length() > Integer.MAX_VALUE ? "its slots do not fit one mapping" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final Shape shape = new Shape(cell);
        return new Server(cell, shape,
            IoUtil.mapNewFile(directory.resolve(FILE_NAME).toFile(), shape.length(), cell.tuning().prefault()));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME);
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, new Shape(cell), mapped, openCount, i));
        }
        return clients;
    }

    private static boolean send(final RingBuffer ring, final int typeId, final int slot, final int length)
    {
        final int index = ring.tryClaim(typeId, DESCRIPTOR_LENGTH);
        if (index < 0)
        {
            return false;
        }
        ring.buffer().putInt(index, slot);
        ring.buffer().putInt(index + LENGTH_OFFSET, length);
        ring.commit(index);
        return true;
    }

    /**
     * The layout of the file: the rings, that of the requests first, then each client's slots for requests, and for
     * replies.
     */
    private static final class Shape
    {
        private final int clientCount;
        private final int slotCount;
        private final int slotLength;
        private final int capacity;
        private final int ringLength;

        Shape(final Cell cell)
        {
            clientCount = cell.clientCount();
            slotCount = BitUtil.findNextPositivePowerOfTwo(Math.max(LEAST_SLOT_COUNT, cell.window()));
            slotLength = BitUtil.align(cell.length(), LINE_PAIR_LENGTH);
            final long slots = (long)slotCount * cell.clientCount();
            capacity = BitUtil.findNextPositivePowerOfTwo(
                (int)Math.min(MOST_CAPACITY, Math.max(LEAST_CAPACITY, RING_BYTES_PER_SLOT * slots)));
            ringLength = BitUtil.align(capacity + RingBufferDescriptor.TRAILER_LENGTH, PAGE_LENGTH);
        }

        long length()
        {
            return (1L + clientCount) * ringLength + 2L * clientCount * slotCount * slotLength;
        }

        RingBuffer requests(final MappedByteBuffer mapped)
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(mapped, 0, capacity + RingBufferDescriptor.TRAILER_LENGTH);
            return 1 == clientCount ? new OneToOneRingBuffer(buffer) : new ManyToOneRingBuffer(buffer);
        }

        RingBuffer replies(final MappedByteBuffer mapped, final int clientIndex)
        {
            return new OneToOneRingBuffer(new UnsafeBuffer(
                mapped, (1 + clientIndex) * ringLength, capacity + RingBufferDescriptor.TRAILER_LENGTH));
        }

        UnsafeBuffer requestSlots(final MappedByteBuffer mapped, final int clientIndex)
        {
            return slots(mapped, 2 * clientIndex);
        }

        UnsafeBuffer replySlots(final MappedByteBuffer mapped, final int clientIndex)
        {
            return slots(mapped, 2 * clientIndex + 1);
        }

        int slot(final long number)
        {
            return (int)number & (slotCount - 1);
        }

        int offset(final int slot)
        {
            return slot * slotLength;
        }

        private UnsafeBuffer slots(final MappedByteBuffer mapped, final int index)
        {
            final int length = slotCount * slotLength;
            return new UnsafeBuffer(mapped, (1 + clientCount) * ringLength + index * length, length);
        }
    }

    private static final class Server extends RingServer
    {
        private final Shape shape;
        private final RingBuffer[] replies;
        private final UnsafeBuffer[] requestSlots;
        private final UnsafeBuffer[] replySlots;
        private final Payload request;
        private final Payload reply;

        Server(final Cell cell, final Shape shape, final MappedByteBuffer mapped)
        {
            super(cell, mapped, shape.requests(mapped));
            this.shape = shape;
            request = cell.request();
            reply = cell.reply();
            replies = new RingBuffer[cell.clientCount()];
            requestSlots = new UnsafeBuffer[replies.length];
            replySlots = new UnsafeBuffer[replies.length];
            for (int i = 0; i < replies.length; i++)
            {
                replies[i] = shape.replies(mapped, i);
                requestSlots[i] = shape.requestSlots(mapped, i);
                replySlots[i] = shape.replySlots(mapped, i);
            }
        }

        @Override
        void onRequest(final int typeId, final MutableDirectBuffer buffer, final int index, final int descriptorLength)
        {
            final int client = typeId - FIRST_TYPE_ID;
            final int slot = buffer.getInt(index);
            final int length = buffer.getInt(index + LENGTH_OFFSET);
            final int offset = shape.offset(slot);
            final long number = Payload.number(requestSlots[client], offset);
            count(request.verify(requestSlots[client], offset, length, number));
            // The client has read the slot's last reply: it sends into a slot only after that.
            reply.writeInPlace(replySlots[client], offset, number);
            while (!send(replies[client], typeId, slot, length) && awaitRoom())
            {
                Thread.onSpinWait();
            }
        }
    }

    private static final class Client extends RingClient
    {
        private final Shape shape;
        private final RingBuffer requests;
        private final UnsafeBuffer requestSlots;
        private final UnsafeBuffer replySlots;
        private final int typeId;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private long sentCount;
        private long receivedCount;

        Client(
            final Cell cell,
            final Shape shape,
            final MappedByteBuffer mapped,
            final AtomicInteger openCount,
            final int clientIndex)
        {
            super(mapped, openCount, shape.replies(mapped, clientIndex), cell.replyStep());
            this.shape = shape;
            requests = shape.requests(mapped);
            requestSlots = shape.requestSlots(mapped, clientIndex);
            replySlots = shape.replySlots(mapped, clientIndex);
            typeId = FIRST_TYPE_ID + clientIndex;
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
        }

        @Override
        public boolean send(final long number)
        {
            if (sentCount - receivedCount == shape.slotCount)
            {
                return false;
            }
            final int slot = shape.slot(number);
            request.writeInPlace(requestSlots, shape.offset(slot), number);
            if (!SlabRingContender.send(requests, typeId, slot, length))
            {
                return false;
            }
            sentCount++;
            return true;
        }

        @Override
        void onReply(final int typeId, final MutableDirectBuffer buffer, final int index, final int descriptorLength)
        {
            final int slot = buffer.getInt(index);
            final int replyLength = buffer.getInt(index + LENGTH_OFFSET);
            receivedCount++;
            check(typeId == this.typeId &&
                reply.verify(replySlots, shape.offset(slot), replyLength, receivedCount), receivedCount, replyLength);
        }
    }
}
