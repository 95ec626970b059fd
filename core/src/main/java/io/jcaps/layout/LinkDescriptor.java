/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The body of a link, mapped as a buffer of its own: two watermarks, the rings, the slot table and the cells.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  RECEIVED            service                    release, then a full fence; Slots [received]
 *   128     8  DISPOSALS           client                     release, pairs with acquire in Slots [disposals]
 *   136   120  client's counters   client                     opaque; {@link ClientCounter}
 *   256   128  service's counters  service                    opaque; {@link ServiceCounter}
 *   512     .  request ring        client; head by service    Agrona's one-to-one ring
 *     .     .  reply ring          service; head by client    Agrona's one-to-one ring
 *     .     .  request halves      client                     {@link SlotDescriptor}
 *     .     .  reply halves        service                    {@link SlotDescriptor}
 *     .     .  request cells       client                     payload that is too long for its half
 *     .     .  reply cells         service                    payload that is too long for its half
 * </pre>
 * RECEIVED is the id of the last request that the service received: all requests of the link up to it were received or
 * found aborted, and none after it was received. A service that receives a batch stores the id of the batch's last
 * request, and a smaller id if it closes the link before it has handed out the whole batch. DISPOSALS counts the
 * replies that the client has finished with. Where the lengths depend on the geometry, {@link Geometry} computes the
 * offsets.
 * <p>
 * The counters are for information, and no peer reads them; they are zeros when a client connects. The counters that
 * each message changes have a cache line of their own on each side, apart from DISPOSALS, which the service reads.
 * <p>
 * Each ring record is {@link #RECORD_LENGTH} bytes: Agrona's header and the message id. The capacity is a multiple of
 * this length, so there is never any padding, and record n of a ring is at position n times the length. So a receiver
 * that found a message by its slot has nothing to skip in the ring: it expects the next record one further on.
 */
public final class LinkDescriptor
{
    public static final int RECEIVED_OFFSET = 0;
    public static final int DISPOSALS_OFFSET = 128;
    public static final int CLIENT_COUNTERS_OFFSET = DISPOSALS_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_CLOSED_OFFSET = CLIENT_COUNTERS_OFFSET;
    public static final int CLIENT_DIED_OFFSET = CLIENT_CLOSED_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_ABORTED_OFFSET = CLIENT_DIED_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_ABORTS_OFFSET = CLIENT_ABORTED_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_UNREACHABLE_OFFSET = CLIENT_ABORTS_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_REFUSED_OFFSET = CLIENT_UNREACHABLE_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_PUTS_OFFSET = 192;
    public static final int CLIENT_PUT_BYTES_OFFSET = CLIENT_PUTS_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_REPLIES_OFFSET = CLIENT_PUT_BYTES_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_REPLY_BYTES_OFFSET = CLIENT_REPLIES_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_NO_BUFFERS_OFFSET = CLIENT_REPLY_BYTES_OFFSET + SIZE_OF_LONG;
    public static final int CLIENT_WAKE_UPS_OFFSET = CLIENT_NO_BUFFERS_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_COUNTERS_OFFSET = 256;
    public static final int SERVICE_GETS_OFFSET = SERVICE_COUNTERS_OFFSET;
    public static final int SERVICE_GET_BYTES_OFFSET = SERVICE_GETS_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_REPLIES_OFFSET = SERVICE_GET_BYTES_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_REPLY_BYTES_OFFSET = SERVICE_REPLIES_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_DISPOSALS_OFFSET = SERVICE_REPLY_BYTES_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_SKIPS_OFFSET = SERVICE_DISPOSALS_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_WAKE_UPS_OFFSET = SERVICE_SKIPS_OFFSET + SIZE_OF_LONG;
    public static final int SERVICE_ENDS_OFFSET = SERVICE_WAKE_UPS_OFFSET + SIZE_OF_LONG;
    public static final int REQUEST_RING_OFFSET = 512;

    /** ORDER of a skip, which has no place among the replies of its link. */
    public static final long NO_ORDER = -1;

    /** Length in bytes of a record in either ring. */
    public static final int RECORD_LENGTH = RecordDescriptor.HEADER_LENGTH + SIZE_OF_LONG;
    /** After a ring's records: the sender's and the receiver's position in bytes, each in cache lines of its own. */
    public static final int RING_TAIL_OFFSET = RingBufferDescriptor.TAIL_POSITION_OFFSET;
    public static final int RING_HEAD_OFFSET = RingBufferDescriptor.HEAD_POSITION_OFFSET;
    /** Length in bytes of what follows a ring's records. */
    public static final int RING_TRAILER_LENGTH = RingBufferDescriptor.TRAILER_LENGTH;
    /** Ring records for each slot: one for the message in flight, and one for a record that is not drained yet. */
    public static final int RECORDS_PER_SLOT = 2;
    /** Fewest records in a ring, so that the smallest links have room for records that are not drained yet. */
    public static final int MIN_RECORD_COUNT = 32;
    /**
     * A receiver moves the ring's head when it has passed this many records. It must be less than the records that a
     * ring has beyond one for each slot, or a sender could find the ring full while it has a free slot.
     */
    public static final int DRAIN_INTERVAL = 8;

    /**
     * Bytes between request and reply halves, and from the start of a page to the first cells. If a load and an
     * unfinished store have the same lower 12 bits of their addresses, many cores treat the load as dependent on the
     * store, and wait. So the words that one message uses are at different places of their pages.
     */
    public static final int REPLY_HALVES_SHIFT = 256;
    public static final int REQUEST_CELLS_SHIFT = 3_072;
    public static final int REPLY_CELLS_SHIFT = 3_584;

    /** Bits of a record's number from which {@link #recordTypeId} makes the message type. */
    public static final int RECORD_TYPE_MASK = (1 << 30) - 1;

    private LinkDescriptor()
    {
    }

    /**
     * The message type of a record. It distinguishes a record from that of the ring's last lap, which a receiver still
     * finds while the new one is not written.
     *
     * @param recordNumber of the record in its ring, counted from 0 since the link was opened.
     * @return a positive type id, as Agrona requires.
     */
    public static int recordTypeId(final long recordNumber)
    {
        return (int)(recordNumber & RECORD_TYPE_MASK) + 1;
    }

    /**
     * The first eight bytes of a finished record, as one little-endian long: its length and its message type.
     *
     * @param recordNumber of the record in its ring, counted from 0 since the link was opened.
     * @return the value that a receiver finds there once the record is complete, and never before.
     */
    public static long recordHeader(final long recordNumber)
    {
        return ((long)recordTypeId(recordNumber) << 32) | RECORD_LENGTH;
    }
}
