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
 * Receives the requests of one link in the order of their puts, one by one or as a batch. It looks for a request in the
 * slot where the request is expected, then by the ring. It publishes RECEIVED, and a second look then shows whether the
 * client has taken the request back (R29). Used within the gate of the service's port.
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
    // Ids of the requests that were collected as a batch, in the order of their puts.
    private final long[] collectedIds = new long[MAX_SLOT_COUNT];
    private int collectedIndex;
    private int collectedCount;
    // The last request that was handed out or skipped.
    private long handledId;
    private boolean isStopped;

    /** {@code skipped} is called when a request was skipped, because its client may wait for that. */
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
     * Looks for the next request: in the slot where it is expected, which reads one cache line; then by the ring.
     *
     * @param isBrief whether to look only in that slot.
     * @return id of the request, or {@link #NO_REQUEST}.
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
        // The sequence proves that it is the next in order (R19), whatever the ring shows by now.
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
            // The request was aborted before it was received; its slot may be another message's by now.
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
     * Receives the request that {@link #poll} has just found. If it was aborted in between, it is skipped.
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

    /** Makes the second look at a request that RECEIVED covers; returns as {@link #receive} does. */
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
        // If the slot has any other id, the client took the request back before it saw RECEIVED, and has used the slot
        // again. The reply half may be the other message's by now.
        if (found == -id)
        {
            skip(slot, id);
        }
        return false;
    }

    // ---- batches

    /**
     * Collects the next requests as a batch, to be handed out by {@link #receiveCollected}. The caller must call
     * {@link Slots#receivedFence} before that. All requests of the last batch must have been handed out.
     *
     * @param limit most requests, 1 or more.
     * @return number of requests collected.
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

    boolean hasCollected()
    {
        return collectedIndex < collectedCount;
    }

    /** Hands out the next request of the batch, which must have one: its id, {@link #NO_REQUEST} if it was aborted. */
    long receiveCollected()
    {
        final long id = collectedIds[collectedIndex++];
        return hold(id) ? id : NO_REQUEST;
    }

    /**
     * Forgets the requests that were collected and not handed out, which the program has not seen; returns their
     * number.
     */
    int forgetCollected()
    {
        final int count = collectedCount - collectedIndex;
        collectedIndex = 0;
        collectedCount = 0;
        return count;
    }

    /** As {@link #forgetCollected}; also publishes to the client, whose link ends, that they were not received (B1). */
    int lowerReceived()
    {
        if (hasCollected())
        {
            slots.lowerReceived(handledId);
        }
        return forgetCollected();
    }

    /** Publishes that an aborted request was not received, because its client may still wait (R29). */
    private void skip(final int slot, final long id)
    {
        slots.publishSkip(slot, id);
        skipped.run();
    }

    // ---- the end

    /** Ends all receiving, because the link is corrupt. */
    void stop()
    {
        isStopped = true;
        // No id has this sequence.
        expectedSequence = -1;
    }

    boolean isStopped()
    {
        return isStopped;
    }
}
