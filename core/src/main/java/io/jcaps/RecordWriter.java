/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;

/**
 * Sending end of one of a link's rings: writes message ids in their order, through Agrona's ring. One thread at a time.
 */
final class RecordWriter
{
    private final OneToOneRingBuffer ring;
    private final AtomicBuffer buffer;
    private final int recordLimit;
    private long sentCount;
    private long drainedCount;

    /**
     * @param buffer ring and trailer, all zero.
     */
    RecordWriter(final AtomicBuffer buffer)
    {
        this.buffer = buffer;
        ring = new OneToOneRingBuffer(buffer);
        // Agrona keeps the header of the next record free as well: one record less than would fit.
        recordLimit = ring.capacity() / LinkDescriptor.RECORD_LENGTH - 1;
    }

    /**
     * @return number of the next record, counted from 0.
     */
    long nextRecord()
    {
        return sentCount;
    }

    /**
     * Whether the next {@link #write} will find room. Usually decided without a look at the receiver's line.
     */
    boolean hasRoom()
    {
        if (sentCount - drainedCount < recordLimit)
        {
            return true;
        }
        // The receiver's word, so input: a position that it cannot have reached is not believed.
        final long drained = ring.consumerPosition() / LinkDescriptor.RECORD_LENGTH;
        if (drained > drainedCount && drained <= sentCount)
        {
            drainedCount = drained;
        }
        return sentCount - drainedCount < recordLimit;
    }

    /**
     * Writes a record. If the writer dies within, the record is not there for the receiver, and the link goes with it.
     *
     * @param id of the message.
     * @return false if the ring's trailer is corrupt: there was room, and Agrona finds none.
     */
    boolean write(final long id)
    {
        final int index = ring.tryClaim(LinkDescriptor.recordTypeId(sentCount), Long.BYTES);
        if (index < 0)
        {
            return false;
        }
        buffer.putLong(index, id);
        // [record] release, within commit: the id is there when the length is. Pairs with [record] in RecordReader.
        ring.commit(index);
        sentCount++;
        return true;
    }
}
