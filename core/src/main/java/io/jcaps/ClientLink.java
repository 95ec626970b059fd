/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.AtomicBuffer;

import java.lang.invoke.VarHandle;

import static io.jcaps.layout.SlotDescriptor.*;

/**
 * The client's side of one link. Used within the gate of its port, unless a method says otherwise.
 */
final class ClientLink
{
    // What this side knows of each slot; nobody else needs to know it, and a survivor of this process does not miss it.
    private static final byte FREE = 0;
    /** A claim is being filled. */
    private static final byte CLAIMED = 1;
    /** Put; get() takes the reply. */
    private static final byte SENT = 2;
    /** Put; a call takes the reply. */
    private static final byte CALLING = 3;
    /** Aborted; its outcome waits to be taken by whoever would have taken the reply. */
    private static final byte RETURNED = 4;
    /** The outcome was taken and shown; the view was not released yet. */
    private static final byte VIEWED = 5;
    /** Aborted at the service, outcome taken: the slot is free when the service is done with it. */
    private static final byte LINGERING = 6;
    /** Put and replied; its record was passed, get() will take it. */
    private static final byte READY = 7;

    // Marks beside the state.
    /** The abort came too late: the service had received the message, or was about to. */
    private static final byte AT_SERVICE = 1;
    /** The service is not done with the slot, though its message was returned. */
    private static final byte LENT = 2;
    /** The service replied all the same, after the message was returned: that reply must be disposed of. */
    private static final byte REPLIED_LATE = 4;
    /** The view shows an automatic reply. */
    private static final byte AUTOMATIC = 8;
    /** A call waits for it. */
    private static final byte CALLED = 16;

    // Where a reply is taken from, and so what must move on.
    private static final int FROM_RING = 0;
    private static final int FROM_READY = 1;
    private static final int FROM_SLOT = 2;

    /** Flags of a link's state that do not end it for its client. */
    private static final long GOING_ON = LinkEntryDescriptor.CLIENT_HOLDS | LinkEntryDescriptor.SERVICE_HOLDS |
        LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED;

    private static final int PUT_HISTORY_MASK = 2 * MAX_SLOT_COUNT - 1;

    private final ClientPort port;
    private final int linkIndex;
    private final AtomicBuffer tables;
    private final AtomicBuffer link;
    private final LinkEntry entry;
    private final long incarnation;
    private final int stateOffset;
    private final long goingOnState;
    private final RecordWriter requests;
    private final RecordReader replies;
    private final int slotCount;
    private final int messageLimit;
    private final SlotTable slots;
    private final int serviceProcessIndex;
    private final long serviceProcessIncarnation;
    private final Credentials serviceCredentials;

    private final byte[] states;
    private final byte[] marks;
    private final long[] ids;
    private final int[] outcomes;
    private final CellBacking backing;
    private final DescriptorWriter descriptors;
    private final int[] freeSlots;
    private int freeCount;
    // Replies that were met while calls passed the ring, in their order; get() hands them out first.
    private final int[] readySlots;
    private int readyHead;
    private int readyCount;
    private int returnedCount;
    private int atServiceCount;
    private final byte[] slotByPut = new byte[PUT_HISTORY_MASK + 1];
    private final long[] putNumbers;
    private long putCount;
    private long disposalCount;
    // What is published as this side's counters: kept here, so that the region is only ever written, never asked.
    private long putByteCount;
    private long replyCount;
    private long replyByteCount;
    // Puts when one was refused for too many in progress: told once until another has succeeded.
    private long refusedAtPut = -1;
    private long replyLag;
    private long nextSequence;
    private long leaseEnd;
    private volatile int goneKind;

    ClientLink(
        final ClientPort port,
        final Host host,
        final int linkIndex,
        final LinkEntry entry,
        final Credentials serviceCredentials)
    {
        this.port = port;
        this.linkIndex = linkIndex;
        this.entry = entry;
        this.serviceCredentials = serviceCredentials;
        final Geometry geometry = host.header().geometry();
        tables = host.tables();
        link = host.link(linkIndex);
        incarnation = LinkEntry.incarnation(entry.state());
        stateOffset = entry.stateOffset();
        goingOnState = incarnation << LinkEntryDescriptor.INCARNATION_SHIFT;
        serviceProcessIndex = entry.serviceProcessIndex();
        serviceProcessIncarnation = entry.serviceProcessIncarnation();
        requests = new RecordWriter(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength()));
        replies = new RecordReader(host.part(link, geometry.replyRingOffset(), geometry.ringLength()));
        slotCount = geometry.slotCount();
        messageLimit = geometry.messageLimit();
        slots = new SlotTable(geometry);

        states = new byte[slotCount];
        marks = new byte[slotCount];
        ids = new long[slotCount];
        outcomes = new int[slotCount];
        backing = new CellBacking(host, linkIndex, slotCount);
        descriptors = new DescriptorWriter(link, slotCount);
        putNumbers = new long[slotCount];
        readySlots = new int[slotCount];
        freeSlots = new int[slotCount];
        while (freeCount < slotCount)
        {
            freeSlots[freeCount] = slotCount - 1 - freeCount++;
        }
        takeLease();
    }

    AtomicBuffer buffer()
    {
        return link;
    }

    int inProgress()
    {
        return slotCount - freeCount;
    }

    /** Makes the link ready for payloads of some length; false if the region finds no memory. */
    boolean prefault(final int length)
    {
        return backing.prefault(length, slots::requestCellOffset, slots::replyCellOffset);
    }

    // ---- putting

    /** Takes a free slot and makes sure of memory for a payload of some length; its index or a status. */
    int reserve(final int length)
    {
        if (isServiceGone())
        {
            return Status.NOT_CONNECTED;
        }
        if (0 == freeCount)
        {
            passReplies();
            if (0 == freeCount)
            {
                return noBuffers();
            }
        }
        // Last in, first out: the part of the region that is touched stays small and warm, and the service guesses
        // right where the next request will be.
        final int slot = freeSlots[freeCount - 1];
        if (length > INLINE_CAPACITY && !backing.ensure(slot, slots.requestCellOffset(slot), length))
        {
            return port.noSpace(length);
        }
        freeCount--;
        states[slot] = CLAIMED;
        return slot;
    }

    private int noBuffers()
    {
        LinkCounters.add(link, ClientCounter.NO_BUFFERS, 1);
        if (refusedAtPut != putCount)
        {
            // A client that tries again and again would tell of nothing else.
            refusedAtPut = putCount;
            port.events.noBuffers(port.name(), inProgress());
        }
        return Status.NO_BUFFERS;
    }

    /** Where the payload of a reserved slot lies. Outside the gate as well: the slot is its claimer's. */
    int payloadOffset(final int slot, final int length)
    {
        return slots.requestPayloadOffset(slot, SlotTable.flags(length), length);
    }

    /** Copies a payload into a reserved slot. Outside the gate as well: the slot is its claimer's. */
    void copy(final int slot, final DirectBuffer source, final int index, final int length)
    {
        link.putBytes(payloadOffset(slot, length), source, index, length);
    }

    /** Puts what is in a reserved slot; its message id, or a status. */
    long publish(final int slot, final int flags, final int length, final boolean isCall)
    {
        if (isServiceGone())
        {
            free(slot);
            return Status.NOT_CONNECTED;
        }
        if (!requests.hasRoom())
        {
            return noBuffers();
        }
        final long id = nextId(slot);
        final int halfOffset = slots.requestHalfOffset(slot);
        descriptors.write(slot, halfOffset, length, flags);
        // [request] release: descriptor and payload are there before the service can see the id. Pairs with [request]
        // in ServiceLink. A process that dies here has put nothing that matters: the link goes with it.
        link.putLongRelease(halfOffset + ID_OFFSET, id);
        // What only this side needs comes after what the other waits for.
        requests.write(id);
        ids[slot] = id;
        marks[slot] = isCall ? CALLED : 0;
        states[slot] = isCall ? CALLING : SENT;
        putNumbers[slot] = putCount;
        slotByPut[(int)putCount++ & PUT_HISTORY_MASK] = (byte)slot;
        // Counters: two plain stores to a line that only this side uses, behind what the service waits for. Opaque, so
        // that another process sees no half of a number; nothing else is told by them. If this process dies before one,
        // that number is one message short.
        link.putLongOpaque(LinkDescriptor.CLIENT_PUTS_OFFSET, putCount);
        putByteCount += length;
        link.putLongOpaque(LinkDescriptor.CLIENT_PUT_BYTES_OFFSET, putByteCount);
        return id;
    }

    private long nextId(final int slot)
    {
        if (nextSequence == leaseEnd)
        {
            takeLease();
        }
        return nextSequence++ << SLOT_BITS | slot;
    }

    private void takeLease()
    {
        // Taken and not used, as its taker died: one of two thousand million. Other links' leases are never met.
        final long lease = tables.getAndAddLong(RegionDescriptor.NEXT_LEASE_OFFSET, 1);
        if (lease <= 0 || lease > MAX_LEASE)
        {
            throw new CapsException(Status.NO_BUFFERS, "the region has no message ids left: make a new one");
        }
        nextSequence = lease << COUNT_BITS;
        leaseEnd = nextSequence + COUNT_PER_LEASE;
    }

    /** The slot is nobody's: it was finished with, or reserved and not put after all. */
    void free(final int slot)
    {
        states[slot] = FREE;
        ids[slot] = 0;
        freeSlots[freeCount++] = slot;
    }

    // ---- receiving

    /** Takes the next reply: as {@link Port#get(Message, int)} does. */
    int poll(final Message message, final int lengthLimit)
    {
        // The reply that will most likely be next, by its slot alone: no other cache line is touched.
        final long order = replies.nextRecord();
        final int slot = slotByPut[(int)(order + replyLag) & PUT_HISTORY_MASK];
        if (SENT == states[slot] && 0 == readyCount)
        {
            final int halfOffset = slots.replyHalfOffset(slot);
            final long id = ids[slot];
            // [reply] acquire: pairs with [reply] in ServiceLink.publish(); descriptor and payload are there.
            if (link.getLongAcquire(halfOffset + ID_OFFSET) == id &&
                link.getLong(halfOffset + ORDER_OFFSET) == order)
            {
                return take(slot, message, lengthLimit, FROM_RING);
            }
        }
        return pollRing(message, lengthLimit);
    }

    private int pollRing(final Message message, final int lengthLimit)
    {
        if (readyCount > 0)
        {
            return take(readySlots[readyHead], message, lengthLimit, FROM_READY);
        }
        final int slot = nextReplySlot();
        if (slot >= 0)
        {
            replyLag = putNumbers[slot] - replies.nextRecord();
            return take(slot, message, lengthLimit, FROM_RING);
        }
        if (returnedCount > 0)
        {
            final int returned = oldest(RETURNED);
            if (returned >= 0)
            {
                return takeAutomatic(returned, outcomes[returned], message);
            }
        }
        if (atServiceCount > 0)
        {
            final int skipped = findSkipped();
            if (skipped >= 0)
            {
                return takeAutomatic(skipped, Outcome.ABORTED, message);
            }
        }
        return isServiceGone() ? pollGone(message, lengthLimit) : Status.WOULD_BLOCK;
    }

    /**
     * Goes through the reply ring up to the first reply that get() should take.
     *
     * @return its slot, or -1: the ring has no such reply now.
     */
    private int nextReplySlot()
    {
        for (int i = 0, limit = LinkDescriptor.RECORDS_PER_SLOT * slotCount; i < limit; i++)
        {
            final long id = replies.peek();
            if (0 == id)
            {
                return -1;
            }
            final int slot = SlotDescriptor.slotIndex(id);
            if (slot < slotCount && ids[slot] == id)
            {
                if (SENT == states[slot])
                {
                    return isReplied(slot) ? slot : -1;
                }
                if ((marks[slot] & LENT) != 0)
                {
                    takeLate(slot);
                }
            }
            // Anything else was taken by a call already, or will be.
            replies.pass();
        }
        return -1;
    }

    private boolean isReplied(final int slot)
    {
        final int halfOffset = slots.replyHalfOffset(slot);
        // [reply] acquire: pairs with [reply] in ServiceLink.publish().
        return link.getLongAcquire(halfOffset + ID_OFFSET) == ids[slot] &&
            (link.getInt(halfOffset + FLAGS_OFFSET) & FLAG_SKIPPED) == 0;
    }

    private boolean isSkipped(final int slot)
    {
        final int halfOffset = slots.replyHalfOffset(slot);
        // [reply] acquire: pairs with [reply] in ServiceLink.skip().
        return link.getLongAcquire(halfOffset + ID_OFFSET) == ids[slot] &&
            (link.getInt(halfOffset + FLAGS_OFFSET) & FLAG_SKIPPED) != 0;
    }

    /**
     * Looks at the messages whose abort came late: has the service skipped them after all? A skip has no record.
     *
     * @return slot of one that get() should take, or -1.
     */
    private int findSkipped()
    {
        int slot = -1;
        for (int i = 0; i < slotCount; i++)
        {
            if ((marks[i] & AT_SERVICE) != 0 && isSkipped(i))
            {
                if (SENT == states[i])
                {
                    slot = i;
                }
                else if ((marks[i] & LENT) != 0)
                {
                    endLoan(i);
                }
            }
        }
        return slot;
    }

    /** The service replied to a message that was returned already. */
    private void takeLate(final int slot)
    {
        marks[slot] |= REPLIED_LATE;
        endLoan(slot);
    }

    /** The service is done with the slot of a message that was returned already. */
    private void endLoan(final int slot)
    {
        marks[slot] &= ~(LENT | AT_SERVICE);
        atServiceCount--;
        if (LINGERING == states[slot])
        {
            finish(slot);
        }
    }

    private void finish(final int slot)
    {
        if ((marks[slot] & LENT) != 0)
        {
            states[slot] = LINGERING;
            return;
        }
        if ((marks[slot] & (AUTOMATIC | REPLIED_LATE)) != AUTOMATIC)
        {
            // [disposal] release: this side's reads of the reply are over before the service may write it anew. Pairs
            // with [disposal] in ServiceLink. No record, and no line of its own: the next request in this slot goes
            // with it. If the client dies before it, the service disposes of all it had replied.
            link.putLongRelease(slots.requestHalfOffset(slot) + DISPOSED_OFFSET, ids[slot]);
            // [disposals] release: what is counted is in its slot. Pairs with the acquire in
            // ServiceLink.findDisposed(), which would look for it in vain. If the client dies before it, the same.
            link.putLongRelease(LinkDescriptor.DISPOSALS_OFFSET, ++disposalCount);
        }
        free(slot);
    }

    /** Lets replies that nobody will take make room. */
    private void passReplies()
    {
        passTaken();
        if (atServiceCount > 0)
        {
            findSkipped();
        }
        if (isServiceGone())
        {
            endLoans();
        }
    }

    private int take(final int slot, final Message message, final int lengthLimit, final int from)
    {
        final int halfOffset = slots.replyHalfOffset(slot);
        final int length = link.getInt(halfOffset + LENGTH_OFFSET);
        final int payloadOffset =
            slots.replyPayloadOffset(slot, link.getInt(halfOffset + FLAGS_OFFSET), length);
        if (SlotTable.NOWHERE == payloadOffset)
        {
            // Not what a service of ours writes: this link is at its end, its messages are returned.
            port.corrupt(linkIndex, "a reply's flags or length: length=" + length);
            goneKind = Outcome.SERVICE_CLOSED;
            moveOn(from);
            return takeAutomatic(slot, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, message);
        }
        message.show(
            port, null, MessageState.REPLY, Outcome.REPLIED, ids[slot], slot, length, serviceCredentials);
        if (length <= lengthLimit)
        {
            moveOn(from);
            setViewed(slot);
            marks[slot] &= ~AUTOMATIC;
            message.view(link, payloadOffset);
            // Counters, as in publish().
            link.putLongOpaque(LinkDescriptor.CLIENT_REPLIES_OFFSET, ++replyCount);
            replyByteCount += length;
            link.putLongOpaque(LinkDescriptor.CLIENT_REPLY_BYTES_OFFSET, replyByteCount);
        }
        return MessageState.REPLY;
    }

    private void moveOn(final int from)
    {
        if (FROM_RING == from)
        {
            replies.pass();
        }
        else if (FROM_READY == from)
        {
            readyHead = readyHead + 1 == slotCount ? 0 : readyHead + 1;
            readyCount--;
        }
    }

    private int takeAutomatic(final int slot, final int outcome, final Message message)
    {
        message.show(port, null, MessageState.REPLY, outcome, ids[slot], slot, 0, serviceCredentials);
        setViewed(slot);
        marks[slot] |= AUTOMATIC;
        message.viewNothing();
        LinkCounters.add(link, counterOf(outcome), 1);
        return MessageState.REPLY;
    }

    private static ClientCounter counterOf(final int outcome)
    {
        final int kind = Outcome.kind(outcome);
        return Outcome.SERVICE_CLOSED == kind ? ClientCounter.CLOSED :
            Outcome.SERVICE_DIED == kind ? ClientCounter.DIED : ClientCounter.ABORTED;
    }

    private void setViewed(final int slot)
    {
        if (RETURNED == states[slot])
        {
            returnedCount--;
        }
        if ((marks[slot] & (AT_SERVICE | LENT)) == AT_SERVICE)
        {
            marks[slot] &= ~AT_SERVICE;
            atServiceCount--;
        }
        states[slot] = VIEWED;
    }

    /** A view ends. */
    void release(final int slot, final long id)
    {
        if (VIEWED == states[slot] && ids[slot] == id)
        {
            finish(slot);
        }
    }

    // ---- the other side is gone

    /** Whether the service has closed or refused this link, or is proved dead. */
    boolean isServiceGone()
    {
        if (0 != goneKind)
        {
            return true;
        }
        // [link] acquire: what the service replied before it closed is seen. Pairs with [link] in LinkEntry.change().
        final long state = tables.getLongAcquire(stateOffset);
        // Of another incarnation it is not this link's any more, which only a corrupt entry can come to.
        if ((state & ~GOING_ON) != goingOnState)
        {
            goneKind = Outcome.SERVICE_CLOSED;
            return true;
        }
        return false;
    }

    /** Hands out what is still due, first what was replied (R23), then the automatic replies, made here (B1). */
    private int pollGone(final Message message, final int lengthLimit)
    {
        // What was replied and recorded before the end was seen may have come after the look at the ring.
        final int recorded = nextReplySlot();
        if (recorded >= 0)
        {
            return take(recorded, message, lengthLimit, FROM_RING);
        }
        // Replied, and the service died before the record was written.
        int slot = -1;
        for (int i = 0; i < slotCount; i++)
        {
            if (SENT == states[i] && isReplied(i) && (slot < 0 || replyOrder(i) < replyOrder(slot)))
            {
                slot = i;
            }
        }
        if (slot >= 0)
        {
            return take(slot, message, lengthLimit, FROM_SLOT);
        }
        endLoans();
        slot = oldest(SENT);
        return slot < 0 ? Status.NOT_CONNECTED : takeAutomatic(slot, goneOutcome(slot), message);
    }

    private long replyOrder(final int slot)
    {
        return link.getLong(slots.replyHalfOffset(slot) + ORDER_OFFSET);
    }

    private int goneOutcome(final int slot)
    {
        if ((marks[slot] & AT_SERVICE) != 0 && isSkipped(slot))
        {
            return Outcome.ABORTED;
        }
        // [received] acquire: pairs with [received] in ServiceLink.take(). The service is gone: it changes no more.
        final long received = link.getLongAcquire(LinkDescriptor.RECEIVED_OFFSET);
        return ids[slot] <= received ? goneKind | Outcome.RECEIVED : goneKind;
    }

    /** The slots that a service, now gone, had not given back. */
    private void endLoans()
    {
        for (int i = 0; atServiceCount > 0 && i < slotCount; i++)
        {
            if ((marks[i] & LENT) != 0)
            {
                endLoan(i);
            }
        }
    }

    private int oldest(final byte state)
    {
        int slot = -1;
        for (int i = 0; i < slotCount; i++)
        {
            if (state == states[i] && (marks[i] & CALLED) == 0 && (slot < 0 || ids[i] < ids[slot]))
            {
                slot = i;
            }
        }
        return slot;
    }

    /** Whether poll would find something. */
    boolean hasNext()
    {
        if (readyCount > 0 || nextReplySlot() >= 0 || returnedCount > 0 && oldest(RETURNED) >= 0 || isServiceGone())
        {
            return true;
        }
        return atServiceCount > 0 && findSkipped() >= 0;
    }

    // ---- calls

    /**
     * Whether the reply that a call waits for may be there. Outside the gate: the slot is the caller's, and only its
     * own state decides; an abort changes that, and is seen within.
     */
    boolean mayHaveReply(final int slot, final long id)
    {
        return link.getLongAcquire(slots.replyHalfOffset(slot) + ID_OFFSET) == id ||
            0 != returnedCount || isServiceGone();
    }

    /** Takes the reply that a call waits for. */
    int takeReply(final int slot, final Message message)
    {
        if (RETURNED == states[slot])
        {
            return takeAutomatic(slot, outcomes[slot], message);
        }
        if (isReplied(slot))
        {
            final boolean isNext = replyOrder(slot) == replies.nextRecord();
            final int result = take(slot, message, messageLimit, isNext ? FROM_RING : FROM_SLOT);
            if (!isNext)
            {
                passTaken();
            }
            return result;
        }
        if ((marks[slot] & AT_SERVICE) != 0 && isSkipped(slot))
        {
            return takeAutomatic(slot, Outcome.ABORTED, message);
        }
        if (isServiceGone())
        {
            // Looked at once more: what was replied before the end is seen by now.
            return isReplied(slot) ?
                take(slot, message, messageLimit, FROM_SLOT) :
                takeAutomatic(slot, goneOutcome(slot), message);
        }
        return Status.WOULD_BLOCK;
    }

    /**
     * Calls take replies out of the ring's order. Records must not pile up for it, as a service's reply always finds
     * room (R20): they are passed here, and those that are get()'s are remembered in their order.
     */
    private void passTaken()
    {
        for (int slot = nextReplySlot(); slot >= 0; slot = nextReplySlot())
        {
            replies.pass();
            // No longer SENT: were its record to come again, it would not be taken twice.
            states[slot] = READY;
            readySlots[(readyHead + readyCount++) % slotCount] = slot;
        }
    }

    /** The outcome of a message that was just aborted hard. */
    int takeReturned(final int slot, final Message message)
    {
        return takeAutomatic(slot, outcomes[slot], message);
    }

    // ---- abort

    /** Takes a message back: as {@link ClientPort#abort} does. */
    int abort(final long id, final boolean isHard)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (id <= 0 || slot >= slotCount || ids[slot] != id)
        {
            return Status.INVALID;
        }
        final byte state = states[slot];
        if (RETURNED == state || READY == state)
        {
            return AbortResult.RETURNED;
        }
        if (SENT != state && CALLING != state)
        {
            return Status.INVALID;
        }
        if (isReplied(slot) || isServiceGone())
        {
            return AbortResult.RETURNED;
        }
        // [abort] volatile store and a full fence before the look at RECEIVED: pairs with the volatile store of
        // RECEIVED in ServiceLink.take(), which looks at the id once more behind it. One of the two sees the other: if
        // RECEIVED is still behind this message, the service will find it aborted, and not receive it.
        link.putLongVolatile(slots.requestHalfOffset(slot) + ID_OFFSET, -id);
        VarHandle.fullFence();
        if (link.getLongAcquire(LinkDescriptor.RECEIVED_OFFSET) < id || isSkipped(slot))
        {
            setReturned(slot, Outcome.ABORTED);
            return AbortResult.BEFORE_SERVER;
        }
        if (isReplied(slot))
        {
            return AbortResult.RETURNED;
        }
        if ((marks[slot] & AT_SERVICE) == 0)
        {
            marks[slot] |= AT_SERVICE;
            atServiceCount++;
        }
        if (isHard)
        {
            marks[slot] |= LENT;
            setReturned(slot, Outcome.ABORTED | Outcome.RECEIVED);
        }
        return AbortResult.AT_SERVER;
    }

    private void setReturned(final int slot, final int outcome)
    {
        states[slot] = RETURNED;
        outcomes[slot] = outcome;
        returnedCount++;
        LinkCounters.add(link, ClientCounter.ABORTS, 1);
    }

    // ---- counters

    long counter(final ClientCounter counter)
    {
        return LinkCounters.get(link, counter);
    }

    void countWakeUps(final int count)
    {
        LinkCounters.add(link, ClientCounter.WAKE_UPS, count);
    }

    // ---- the end, and the watch over the service

    /** Lets go of the link. Outside the gate. */
    void close()
    {
        entry.change(incarnation, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
    }

    /** Looks after the service's life; by the attachment's watch, outside the gate. */
    boolean watch(final Watch watch)
    {
        if (0 != goneKind || !watch.isDead(serviceProcessIndex, serviceProcessIncarnation))
        {
            return false;
        }
        // Looked at after the proof of death: a service that closed before it ended had closed.
        if (!isServiceGone())
        {
            goneKind = Outcome.SERVICE_DIED;
            port.events.peerDied(port.name(), true, linkIndex);
        }
        return true;
    }
}
