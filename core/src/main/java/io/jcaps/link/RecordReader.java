/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.LinkDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Receiving end of one of a link's rings. Agrona's own {@code read} trusts each length that it finds, and reads the
 * line of the next record just when the sender is about to write it. This class looks at one record, whose header it
 * knows beforehand, and passes other records by counting. Used by one thread at a time.
 */
final class RecordReader
{
    private final UnsafeBuffer buffer;
    private final int recordMask;
    private final int headOffset;
    private long passedCount;
    private long drainedCount;

    /**
     * @param buffer ring and trailer, all zero.
     */
    RecordReader(final UnsafeBuffer buffer)
    {
        this.buffer = buffer;
        final int capacity = buffer.capacity() - RingBufferDescriptor.TRAILER_LENGTH;
        recordMask = capacity / LinkDescriptor.RECORD_LENGTH - 1;
        headOffset = capacity + RingBufferDescriptor.HEAD_POSITION_OFFSET;
    }

    /**
     * @return number of the record that is next in line, counted from 0.
     */
    long nextRecord()
    {
        return passedCount;
    }

    /**
     * Looks at the next record.
     *
     * @return the message id in it, which is input; 0 if the record is not there yet.
     */
    long peek()
    {
        final int index = ((int)passedCount & recordMask) * LinkDescriptor.RECORD_LENGTH;
        // [record] acquire of length and type in one: they read so only once the id below them is written. Pairs with
        // [record] in RecordWriter.write(); the type keeps a record of the ring's last lap from being taken for it.
        return buffer.getLongAcquire(index) == LinkDescriptor.recordHeader(passedCount) ?
            buffer.getLong(index + RecordDescriptor.HEADER_LENGTH) : 0;
    }

    /**
     * Passes the next record, whether it was read or not. Every {@link LinkDescriptor#DRAIN_INTERVAL} records, the
     * ring's head moves.
     */
    void pass()
    {
        pass(1);
    }

    /**
     * Passes the next records, as {@link #pass()} does.
     *
     * @param count number of records.
     */
    void pass(final int count)
    {
        passedCount += count;
        if (passedCount - drainedCount >= LinkDescriptor.DRAIN_INTERVAL)
        {
            drainedCount = passedCount;
            // [head] release: the passed records were read before. Pairs with the acquire in RecordWriter.hasDrained().
            // Without it a record could be overwritten while it is read. If the reader dies here, the ring fills up at
            // worst, and goes with the link.
            buffer.putLongRelease(headOffset, passedCount * LinkDescriptor.RECORD_LENGTH);
        }
    }
}
