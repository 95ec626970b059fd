/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.SlotDescriptor;

/**
 * What a service knows about the slots of a link: which requests it holds, which replies are out, and which disposals
 * it has not delivered yet. Heap only; used within the gate of the port.
 * <pre>
 *    nothing -> HELD: received -> REPLIED -> nothing, and a disposal is queued
 *                         \                       ^
 *                          +----------------------+ its client has gone
 * </pre>
 */
final class ServiceSlots
{
    // A link has one disposal at most for each request and each reply in its slots; none is added while any are queued,
    // but for those of one request and of the end of the link.
    private static final int QUEUE_LENGTH = 4 * SlotDescriptor.MAX_SLOT_COUNT;
    private static final int QUEUE_MASK = QUEUE_LENGTH - 1;

    /** Up to this many replies are checked for a disposal without reading how many are due: one cache line less. */
    private static final int FEW_REPLIES = 4;

    private final int slotCount;
    // By slot: the id of the request that is held, the same with its sign changed once it is replied to, 0 for nothing.
    private final long[] ids;
    private final SlotHistory replies;
    private final long[] disposals = new long[QUEUE_LENGTH];
    private long disposedCount;
    private long deliveredCount;
    private int repliedCount;
    private long replyCount;
    private long oldestReply;
    private long requestLag;

    ServiceSlots(final int slotCount)
    {
        this.slotCount = slotCount;
        ids = new long[slotCount];
        replies = new SlotHistory(slotCount);
        requestLag = slotCount;
    }

    // ---- requests

    /** Slot of the request with that number, if slots are used again in the order of their replies, as before. */
    int expectedSlot(final long requestNumber)
    {
        return replies.slot(requestNumber - requestLag);
    }

    /**
     * How many requests, from the one with that number on, have an expected slot: those whose slot was replied to as
     * many messages before. A look at any other slot would take a cache line from the client for nothing.
     */
    long expectedCount(final long requestNumber)
    {
        return replyCount - (requestNumber - requestLag);
    }

    /** A request was found in another slot than the expected one: later ones are expected after it. */
    void foundRequest(final int slot, final long requestNumber)
    {
        requestLag = requestNumber - replies.number(slot);
    }

    /** A request was received: if there was a reply in its slot, its client has finished with that. */
    void hold(final int slot, final long id)
    {
        final long lastId = ids[slot];
        ids[slot] = id;
        if (lastId < 0)
        {
            repliedCount--;
            queue(-lastId);
        }
    }

    boolean isHeld(final int slot, final long id)
    {
        return slot < slotCount && ids[slot] == id;
    }

    /** A request that no client of this library writes: it counts as never received. */
    void forget(final int slot)
    {
        ids[slot] = 0;
    }

    boolean holdsLease(final int lease)
    {
        for (final long id : ids)
        {
            if (id > 0 && SlotDescriptor.lease(id) == lease)
            {
                return true;
            }
        }
        return false;
    }

    // ---- replies

    /** A held request was replied to. */
    void replied(final int slot, final long id)
    {
        ids[slot] = -id;
        repliedCount++;
        replies.add(replyCount++, slot);
    }

    long replyCount()
    {
        return replyCount;
    }

    // ---- disposals

    /**
     * Queues the disposals of replies that their client has finished with, those first that were sent first. By slots
     * most looks would find nothing, and each look takes a cache line from the client that is about to write its next
     * request to it: so where many replies are out, no more are checked than the client has counted, or none.
     *
     * @param slots      to look at.
     * @param isThorough whether to look if many replies are out, too.
     */
    void findDisposed(final Slots slots, final boolean isThorough)
    {
        final boolean areMany = repliedCount > FEW_REPLIES;
        if (0 == repliedCount || areMany && !isThorough)
        {
            return;
        }
        // As input, a count that is wrong delays that client's own disposals at worst, until it has gone.
        long dueCount = areMany ? slots.disposals() - disposedCount : slotCount;
        if (replyCount - oldestReply > SlotHistory.LENGTH)
        {
            // A reply has been out for so long that the history no longer has its slot.
            for (int slot = 0; slot < slotCount && dueCount > 0; slot++)
            {
                if (ids[slot] < 0 && slots.isDisposed(slot, -ids[slot]))
                {
                    dispose(slot);
                    dueCount--;
                }
            }
            oldestReply = findOldestReply();
            return;
        }
        boolean isOldest = true;
        for (long reply = oldestReply; reply < replyCount && dueCount > 0; reply++)
        {
            final int slot = replies.slot(reply);
            if (ids[slot] < 0 && replies.number(slot) == reply)
            {
                if (slots.isDisposed(slot, -ids[slot]))
                {
                    dispose(slot);
                    dueCount--;
                }
                else
                {
                    isOldest = false;
                }
            }
            if (isOldest)
            {
                oldestReply = reply + 1;
            }
        }
    }

    private long findOldestReply()
    {
        long oldest = replyCount;
        for (int slot = 0; slot < slotCount; slot++)
        {
            if (ids[slot] < 0)
            {
                oldest = Math.min(oldest, replies.number(slot));
            }
        }
        return oldest;
    }

    private void dispose(final int slot)
    {
        final long id = -ids[slot];
        ids[slot] = 0;
        repliedCount--;
        queue(id);
    }

    private void queue(final long id)
    {
        disposals[(int)disposedCount++ & QUEUE_MASK] = id;
    }

    /** The client has gone: everything received or replied is disposed of (R24). */
    void disposeAll()
    {
        for (int slot = 0; slot < slotCount; slot++)
        {
            if (ids[slot] < 0)
            {
                dispose(slot);
            }
            else if (ids[slot] > 0)
            {
                queue(ids[slot]);
                ids[slot] = 0;
            }
        }
    }

    /** Disposals that were queued, ever. */
    long disposedCount()
    {
        return disposedCount;
    }

    int disposalCount()
    {
        return (int)(disposedCount - deliveredCount);
    }

    /** Id of the next disposal to deliver; there must be one. */
    long takeDisposal()
    {
        return disposals[(int)deliveredCount++ & QUEUE_MASK];
    }
}
