/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The two halves of a slot. Each is a message descriptor of 32 bytes, followed by the payload if that is short. Only
 * the client writes the request half, and only the service the reply half.
 * <pre>
 *    at  size  request half        ordering
 *     0     8  ID                  release, pairs with acquire in Slots [request]
 *     8     4  LENGTH              plain, before ID; bytes
 *    12     4  FLAGS               plain, before ID
 *    16     8  DISPOSED            release, pairs with acquire in Slots [disposal]
 *    24     8  spare               zero
 *    32     .  INLINE              plain, before ID
 *
 *    at  size  reply half          ordering
 *     0     8  ID                  release, pairs with acquire in Slots [reply]
 *     8     4  LENGTH              plain, before ID; bytes
 *    12     4  FLAGS               plain, before ID; bit 0 in the cell, bit 1 skipped, bits 8 to 16 an outcome
 *    16     8  ORDER               plain, before ID; this reply's place among the link's replies, from 0
 *    24     8  spare               zero
 *    32     .  INLINE              plain, before ID
 * </pre>
 * The request's ID is the message id; its negative means that the message was aborted. The reply's ID is that of the
 * request that it answers. DISPOSED is the id of the last message in this slot whose reply the client has finished
 * with.
 * <p>
 * A message id is positive and holds, from the top: 31 bits of lease, which no other link ever has; 25 bits that count
 * the messages of the lease; 7 bits of slot index. So ids rise in the order of a link's puts, and none is used twice.
 */
public final class SlotDescriptor
{
    public static final int ID_OFFSET = 0;
    public static final int LENGTH_OFFSET = ID_OFFSET + SIZE_OF_LONG;
    public static final int FLAGS_OFFSET = LENGTH_OFFSET + SIZE_OF_INT;
    public static final int DISPOSED_OFFSET = FLAGS_OFFSET + SIZE_OF_INT;
    public static final int ORDER_OFFSET = DISPOSED_OFFSET;
    public static final int INLINE_OFFSET = 32;

    /** Length of one half in bytes, a multiple of the cache line. */
    public static final int HALF_LENGTH = 64;
    /** Longest payload in bytes that is stored in the half itself. */
    public static final int INLINE_CAPACITY = HALF_LENGTH - INLINE_OFFSET;

    /** FLAGS: the payload is in the slot's cell, not in the half. */
    public static final int FLAG_IN_CELL = 0x01;
    /** FLAGS of a reply: the service found the request aborted and did not receive it; there is no payload. */
    public static final int FLAG_SKIPPED = 0x02;
    /**
     * FLAGS of a reply half: an outcome, kind and RECEIVED, with which the service ended the request instead of
     * replying (B7). There is then no payload and no other flag. These bits are 0 in a reply and in a request.
     */
    public static final int OUTCOME_MASK = 0x1FF00;
    /** The outcome's place in FLAGS. */
    public static final int OUTCOME_SHIFT = 8;

    /** Most slots that an id can distinguish, and the original's {@code CAPS_MAXINPROG} (R14). */
    public static final int MAX_SLOT_COUNT = 128;
    /** Bits of an id below the sequence. */
    public static final int SLOT_BITS = 7;
    /** Bits of an id that count the messages of one lease. */
    public static final int COUNT_BITS = 25;
    /** Message ids of one lease. */
    public static final long COUNT_PER_LEASE = 1L << COUNT_BITS;
    /** Leases that a region can give, the first being 1. */
    public static final long MAX_LEASE = (1L << 31) - 1;

    private SlotDescriptor()
    {
    }

    /**
     * The sequence in a message id: the id without the slot index. It rises by one with each put of a link, until the
     * lease is used up.
     *
     * @param id of a message.
     * @return its lease and count.
     */
    public static long sequence(final long id)
    {
        return id >>> SLOT_BITS;
    }

    /**
     * The slot index in a message id.
     *
     * @param id of a message.
     * @return 0 to 127: the caller checks whether the link has that many slots.
     */
    public static int slotIndex(final long id)
    {
        return (int)id & (MAX_SLOT_COUNT - 1);
    }

    /**
     * The lease in a message id.
     *
     * @param id of a message.
     * @return the lease; positive if the id is.
     */
    public static int lease(final long id)
    {
        return (int)(id >>> (SLOT_BITS + COUNT_BITS));
    }

    /**
     * LENGTH and FLAGS as one little-endian long, to be stored at {@link #LENGTH_OFFSET}.
     *
     * @param length of the payload in bytes.
     * @param flags  of the half.
     * @return both.
     */
    public static long lengthAndFlags(final int length, final int flags)
    {
        return (long)flags << Integer.SIZE | length;
    }
}
