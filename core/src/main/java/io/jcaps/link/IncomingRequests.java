/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.SlotDescriptor;

import static io.jcaps.layout.SlotDescriptor.MAX_SLOT_COUNT;

/**
 * Receives the requests of one link in the order of their puts, one by one or as a batch. A request is looked for in
 * the slot where it is expected, then by the ring; RECEIVED is published, and a second look shows whether its client
 * has taken it back (R29). Used within the gate of the service's port.
 */
final class IncomingRequests
{
    /** There is no request; no id is 0. */
    static final long NO_REQUEST = 0;

    private final RecordReader requests;
    private final int slotCount;
    private final int recordCount;
    private final Slots slots;
    private final ServiceSlots state;
    private final Runnable skipped;
    private long expectedSequence;
    // Requests that were received as a batch and not handed out yet: ids, in the order of their puts.
    private final long[] collectedIds = new long[MAX_SLOT_COUNT];
    private int collectedIndex;
    private int collectedCount;
    // The last request that was handed out or skipped.
    private long handledId;
    private boolean isStopped;

    /** {@code skipped} is called when a request was skipped, which its client may wait for. */
    IncomingRequests(
        final RecordReader requests,
        final Geometry geometry,
        final Slots slots,
        final ServiceSlots state,
        final Runnable skipped)
    {
        this.requests = requests;
        slotCount = geometry.slotCount();
        recordCount = geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH;
        this.slots = slots;
        this.state = state;
        this.skipped = skipped;
    }

    /**
     * Looks for the next request: where it is expected, at one cache line, the request's own; then by the ring.
     *
     * @param isBrief whether to look only where it is expected.
     * @return its id, or {@link #NO_REQUEST}.
     */
    long poll(final boolean isBrief)
    {
        final long id = expectedId(requests.nextRecord(), expectedSequence);
        return NO_REQUEST != id || isBrief ? id : pollRing();
    }

    /** Id of the request with that number and sequence if it is in its expected slot; else {@link #NO_REQUEST}. */
    private long expectedId(final long requestNumber, final long sequence)
    {
        final int slot = state.expectedSlot(requestNumber);
        final long id = slots.requestId(slot);
        // The sequence makes it the next in order (R19), whatever the ring shows by now.
        return id > 0 && SlotDescriptor.sequence(id) == sequence && SlotDescriptor.slotIndex(id) == slot ?
            id : NO_REQUEST;
    }

    private long pollRing()
    {
        if (isStopped)
        {
            return NO_REQUEST;
        }
        for (int i = 0; i < recordCount; i++)
        {
            final long id = requests.peek();
            if (0 == id)
            {
                return NO_REQUEST;
            }
            final int slot = SlotDescriptor.slotIndex(id);
            if (id > 0 && slot < slotCount)
            {
                final long found = slots.requestId(slot);
                if (found == id)
                {
                    return id;
                }
                if (found == -id)
                {
                    skip(slot, id);
                }
            }
            // Aborted before it was received; its slot may be another message's by now.
            pass(id);
        }
        return NO_REQUEST;
    }

    private void pass(final long id)
    {
        requests.pass();
        expectedSequence = SlotDescriptor.sequence(id) + 1;
    }

    /**
     * Receives the request that a poll has just found. If it was aborted in between, it is skipped.
     *
     * @param id of the request.
     * @return whether it was received.
     */
    boolean receive(final long id)
    {
        slots.publishReceived(id);
        state.foundRequest(SlotDescriptor.slotIndex(id), requests.nextRecord());
        pass(id);
        return hold(id);
    }

    /** The second look at a request that RECEIVED covers; as {@link #receive}. */
    private boolean hold(final long id)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        handledId = id;
        final long found = slots.requestId(slot);
        if (found == id)
        {
            state.hold(slot, id);
            return true;
        }
        // Any other id: its client took it back before it saw RECEIVED, and has used the slot again. The reply half
        // may be that message's by now.
        if (found == -id)
        {
            skip(slot, id);
        }
        return false;
    }

    // ---- batches

    /**
     * Receives the next requests as a batch, to be handed out by {@link #receiveCollected}.
     * The caller makes {@link #fenceCollected} before that. All of the last batch must have been handed out.
     *
     * @param limit most requests, 1 or more.
     * @return how many there are.
     */
    int collect(final int limit)
    {
        final int most = Math.min(limit, MAX_SLOT_COUNT);
        final int foundCount = collectExpected(most);
        final int count = 0 == foundCount ? collectFromRing(most) : foundCount;
        collectedIndex = 0;
        collectedCount = count;
        if (count > 0)
        {
            slots.publishCollected(collectedIds[count - 1]);
        }
        return count;
    }

    /** The loads of this loop do not depend on each other, so that their cache misses overlap. */
    private int collectExpected(final int limit)
    {
        final long firstRecord = requests.nextRecord();
        final long firstSequence = expectedSequence;
        final long most = Math.min(limit, state.expectedCount(firstRecord));
        int count = 0;
        while (count < most)
        {
            final long id = expectedId(firstRecord + count, firstSequence + count);
            if (NO_REQUEST == id)
            {
                break;
            }
            collectedIds[count++] = id;
        }
        requests.pass(count);
        expectedSequence = firstSequence + count;
        return count;
    }

    private int collectFromRing(final int limit)
    {
        int count = 0;
        while (count < limit)
        {
            final long id = pollRing();
            if (NO_REQUEST == id)
            {
                break;
            }
            state.foundRequest(SlotDescriptor.slotIndex(id), requests.nextRecord());
            collectedIds[count++] = id;
            pass(id);
        }
        return count;
    }

    /** Between {@link #collect}, of one link or of several, and the first {@link #receiveCollected}. */
    static void fenceCollected()
    {
        Slots.receivedFence();
    }

    boolean hasCollected()
    {
        return collectedIndex < collectedCount;
    }

    /** Receives the next request of the batch, which must have one: its id, {@link #NO_REQUEST} if it was aborted. */
    long receiveCollected()
    {
        final long id = collectedIds[collectedIndex++];
        return hold(id) ? id : NO_REQUEST;
    }

    /** Forgets what was collected and not handed out: nothing of it was seen by the program; how many there are. */
    int forgetCollected()
    {
        final int count = collectedCount - collectedIndex;
        collectedIndex = 0;
        collectedCount = 0;
        return count;
    }

    /** As {@link #forgetCollected}, and tells the client, whose link ends: they count as not received (B1). */
    int lowerReceived()
    {
        if (hasCollected())
        {
            slots.lowerReceived(handledId);
        }
        return forgetCollected();
    }

    /** Tells a client that still waits that an aborted message was not received (R29). */
    private void skip(final int slot, final long id)
    {
        slots.publishSkip(slot, id);
        skipped.run();
    }

    // ---- the end

    /** Nothing more is received: the link is corrupt. */
    void stop()
    {
        isStopped = true;
        // No id has it.
        expectedSequence = -1;
    }

    boolean isStopped()
    {
        return isStopped;
    }
}
