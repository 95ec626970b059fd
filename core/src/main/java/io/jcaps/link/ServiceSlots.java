/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.SlotDescriptor;

/**
 * A service's state of the slots of a link: the requests that it holds, the replies that are out, and the disposals
 * that it has not delivered yet. In the heap only; used within the gate of the port.
 * <pre>
 *    nothing -> HELD: received -> REPLIED -> nothing, and a disposal is queued
 *                         \                       ^
 *                          +----------------------+ its client has gone
 * </pre>
 */
final class ServiceSlots
{
    // A link has at most one disposal per request and one per reply in its slots. While some are queued, only those of
    // one request and of the end of the link are added.
    private static final int QUEUE_LENGTH = 4 * SlotDescriptor.MAX_SLOT_COUNT;
    private static final int QUEUE_MASK = QUEUE_LENGTH - 1;

    /** Up to this many replies are checked without reading how many disposals are due: one cache line less. */
    private static final int FEW_REPLIES = 4;

    private final int slotCount;
    // By slot: the id of the request that is held; its negative once it is replied to; 0 for nothing.
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

    /** Slot in which the request with that number is expected, if slots are used again in the order of the replies. */
    int expectedSlot(final long requestNumber)
    {
        return replies.slot(requestNumber - requestLag);
    }

    /**
     * Number of requests, from the one with that number on, that have an expected slot: the reply from which the slot
     * is predicted was sent. A look at any other slot would take a cache line from the client for nothing.
     */
    long expectedCount(final long requestNumber)
    {
        return replyCount - (requestNumber - requestLag);
    }

    /** Notes the slot of a request that was not in the expected one: later requests are expected after it. */
    void foundRequest(final int slot, final long requestNumber)
    {
        requestLag = requestNumber - replies.number(slot);
    }

    /** Notes a request that was received. If its slot had a reply, the client has finished with that reply. */
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

    /** Forgets an invalid request: it counts as never received. */
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

    /** Notes that a held request was replied to. */
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
     * Queues the disposals of replies that the client has finished with, the oldest replies first. Most looks at a slot
     * would find nothing, and each takes a cache line to which the client is about to write its next request. So if
     * many replies are out, only as many disposals are looked for as the client has counted, or none.
     *
     * @param slots      to look at.
     * @param isThorough whether to look also if many replies are out.
     */
    void findDisposed(final Slots slots, final boolean isThorough)
    {
        final boolean areMany = repliedCount > FEW_REPLIES;
        if (0 == repliedCount || areMany && !isThorough)
        {
            return;
        }
        // The count is input. A wrong one at worst delays this client's own disposals until it has gone.
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

    /** Queues a disposal for each request and each reply of a client that has gone (R24). */
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

    /** Number of disposals ever queued. */
    long disposedCount()
    {
        return disposedCount;
    }

    int disposalCount()
    {
        return (int)(disposedCount - deliveredCount);
    }

    /** Takes the next disposal to deliver, and returns its id; there must be one. */
    long takeDisposal()
    {
        return disposals[(int)deliveredCount++ & QUEUE_MASK];
    }
}
