/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.AtomicBuffer;

import static io.jcaps.layout.SlotDescriptor.*;

/**
 * The service's side of one link. Used within the gate of its port.
 */
final class ServiceLink
{
    /** No request is there. */
    static final int NONE = -1;

    private static final int REPLY_HISTORY_MASK = 2 * MAX_SLOT_COUNT - 1;
    /** So many replies are looked at for a disposal without asking how many there are: a line less to read. */
    private static final int FEW_REPLIES = 4;

    private final Host host;
    private final int linkIndex;
    private final long incarnation;
    private final LinkEntry entry;
    private final int stateOffset;
    private final AtomicBuffer link;
    private final Credentials credentials;
    private final int clientProcessIndex;
    private final long clientProcessIncarnation;
    private final int clientSleepersOffset;
    private final boolean clientSpins;
    private final boolean clientCannotWake;
    private final RecordReader requests;
    private final RecordWriter replies;
    private final int slotCount;
    private final SlotTable slots;
    private final int recordCount;

    // Ids of requests that were received and not replied, 0 for none; of replies not known to be disposed of.
    private final long[] held;
    private final long[] replied;
    private final CellBacking backing;
    private final boolean[] isClaimed;
    // The claim that was last made for each slot; it counts while the slot is claimed.
    private final Claim[] claims;
    private final DescriptorWriter descriptors;
    private final IntArrayList leases = new IntArrayList();
    private int lastLease = -1;
    private int repliedCount;
    private long disposedCount;
    private long oldestReply;
    // What is published as this side's counters: kept here, so that the region is only ever written, never asked.
    private long getCount;
    private long getByteCount;
    private long replyByteCount;
    private int viewCount;

    // Where the next request will most likely be: the slot of the reply that came so many replies before.
    private final byte[] slotByReply = new byte[REPLY_HISTORY_MASK + 1];
    private final long[] replyNumbers;
    private long requestLag = 1;
    private long expectedSequence;
    private long takenId;
    private boolean hasSkipped;
    private volatile boolean isClientDead;
    private volatile boolean hasDied;
    private boolean isRefused;
    private boolean isDropped;

    /** The entry's fields are input, and may change: each was read once, before it was checked. */
    ServiceLink(
        final Host host,
        final int linkIndex,
        final LinkEntry entry,
        final long incarnation,
        final int clientProcessIndex,
        final long clientProcessIncarnation,
        final int clientPortIndex,
        final int clientFlags,
        final Credentials credentials)
    {
        this.host = host;
        this.linkIndex = linkIndex;
        this.entry = entry;
        this.credentials = credentials;
        final Geometry geometry = host.header().geometry();
        this.incarnation = incarnation;
        stateOffset = entry.stateOffset();
        link = host.link(linkIndex);
        this.clientProcessIndex = clientProcessIndex;
        this.clientProcessIncarnation = clientProcessIncarnation;
        clientSleepersOffset = new PortEntry(host.tables(), geometry).wrap(clientPortIndex).sleepersOffset();
        clientSpins = (clientFlags & PortFlags.SPINS) != 0;
        clientCannotWake = (clientFlags & PortFlags.CANNOT_WAKE) != 0;
        requests = new RecordReader(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength()));
        replies = new RecordWriter(host.part(link, geometry.replyRingOffset(), geometry.ringLength()));
        slotCount = geometry.slotCount();
        recordCount = geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH;
        slots = new SlotTable(geometry);
        held = new long[slotCount];
        replied = new long[slotCount];
        replyNumbers = new long[slotCount];
        backing = new CellBacking(host, linkIndex, slotCount);
        isClaimed = new boolean[slotCount];
        claims = new Claim[slotCount];
        descriptors = new DescriptorWriter(link, slotCount);
    }

    int linkIndex()
    {
        return linkIndex;
    }

    AtomicBuffer buffer()
    {
        return link;
    }

    Credentials credentials()
    {
        return credentials;
    }

    int clientSleepersOffset()
    {
        return clientSleepersOffset;
    }

    boolean clientSpins()
    {
        return clientSpins;
    }

    boolean clientCannotWake()
    {
        return clientCannotWake;
    }

    /** Makes the link ready for payloads of some length; false if the region finds no memory. */
    boolean prefault(final int length)
    {
        return backing.prefault(length, slots::replyCellOffset, slots::requestCellOffset);
    }

    // ---- receiving

    /**
     * Whether the next request lies where it is expected to: a look at one cache line, the request's own.
     *
     * @return its slot or {@link #NONE}.
     */
    int pollExpected()
    {
        final int slot = slotByReply[(int)(requests.nextRecord() - requestLag) & REPLY_HISTORY_MASK];
        // [request] acquire: pairs with [request] in ClientLink.publish(); descriptor and payload are there. The
        // sequence makes it the next in order (R19), whatever the ring shows by now.
        final long id = link.getLongAcquire(slots.requestHalfOffset(slot) + ID_OFFSET);
        if (id > 0 && SlotDescriptor.sequence(id) == expectedSequence && SlotDescriptor.slotIndex(id) == slot)
        {
            takenId = id;
            return slot;
        }
        return NONE;
    }

    /**
     * Whether there is a request, wherever it lies.
     *
     * @return its slot or {@link #NONE}.
     */
    int poll()
    {
        final int slot = pollExpected();
        return NONE == slot ? pollRing() : slot;
    }

    private int pollRing()
    {
        if (isRefused)
        {
            return NONE;
        }
        for (int i = 0; i < recordCount; i++)
        {
            final long id = requests.peek();
            if (0 == id)
            {
                return NONE;
            }
            final int slot = SlotDescriptor.slotIndex(id);
            if (id > 0 && slot < slotCount)
            {
                // [request] acquire: pairs with [request] in ClientLink.publish(). The record came after it.
                final long found = link.getLongAcquire(slots.requestHalfOffset(slot) + ID_OFFSET);
                if (found == id)
                {
                    takenId = id;
                    return slot;
                }
                if (found == -id)
                {
                    skip(slot, id);
                }
            }
            // Aborted before it was received; its slot may be another message's by now.
            pass(id);
        }
        return NONE;
    }

    private void pass(final long id)
    {
        requests.pass();
        expectedSequence = SlotDescriptor.sequence(id) + 1;
    }

    /**
     * Receives the request that a poll has just found.
     *
     * @param slot of it.
     * @return whether it was received: if not, its client took it back in between.
     */
    boolean take(final int slot)
    {
        final long id = takenId;
        final int idOffset = slots.requestHalfOffset(slot) + ID_OFFSET;
        // [received] volatile store and a full fence before the second look at the id: pairs with [abort] in
        // ClientLink.abort(). One of the two sees the other. Without it an abort could tell its caller that
        // the service never saw a message which is handed out here. If the service dies here, its client counts the
        // message as received: it may have been.
        link.putLongVolatile(LinkDescriptor.RECEIVED_OFFSET, id);
        final boolean isTaken = link.getLongAcquire(idOffset) == id;
        if (isTaken)
        {
            held[slot] = id;
            requestLag = requests.nextRecord() - replyNumbers[slot];
        }
        else
        {
            skip(slot, id);
        }
        pass(id);
        return isTaken;
    }

    /** Tells the client, if it still waits, that an aborted message was not received (R29). */
    private void skip(final int slot, final long id)
    {
        // The slot's last reply, if it had one, is disposed of: its client has used the slot again since.
        final int halfOffset = slots.replyHalfOffset(slot);
        descriptors.write(slot, halfOffset, 0, FLAG_SKIPPED);
        link.putLong(halfOffset + ORDER_OFFSET, -1);
        // [reply] release: pairs with the acquire in ClientLink.isSkipped(). A skip has no place among the replies.
        // If the service dies before it, the client goes by RECEIVED: a message that was skipped may count as received.
        link.putLongRelease(halfOffset + ID_OFFSET, id);
        hasSkipped = true;
        LinkCounters.add(link, ServiceCounter.SKIPS, 1);
    }

    /** Whether a request was skipped since the last look: its client may be asleep. */
    boolean takeSkipped()
    {
        final boolean result = hasSkipped;
        hasSkipped = false;
        return result;
    }

    int payloadLength(final int slot)
    {
        return link.getInt(slots.requestHalfOffset(slot) + LENGTH_OFFSET);
    }

    /** Where the payload of a received request lies; {@link SlotTable#NOWHERE} if its descriptor is corrupt. */
    int requestPayloadOffset(final int slot, final int length)
    {
        return slots.requestPayloadOffset(
            slot, link.getInt(slots.requestHalfOffset(slot) + FLAGS_OFFSET), length);
    }

    /** Whether the message was received, is not replied to, and nobody else is replying to it. */
    boolean isHeld(final int slot, final long id)
    {
        return slot < slotCount && held[slot] == id && !isClaimed[slot];
    }

    long heldId(final int slot)
    {
        return held[slot];
    }

    /** Forgets a request that cannot be a message of ours: it is not received, and nobody hears of it. */
    void forget(final int slot)
    {
        held[slot] = 0;
    }

    boolean holdsLease(final int lease)
    {
        for (final long id : held)
        {
            if (0 != id && SlotDescriptor.lease(id) == lease)
            {
                return true;
            }
        }
        return false;
    }

    /** Leases of this link by which its port can find it. */
    IntArrayList leases()
    {
        return leases;
    }

    int lastLease()
    {
        return lastLease;
    }

    void lastLease(final int lease)
    {
        lastLease = lease;
    }

    // ---- replying

    /**
     * Makes sure of memory for a reply.
     *
     * @return false if the region finds none.
     */
    boolean claim(final int slot, final int length)
    {
        if (length > INLINE_CAPACITY && !backing.ensure(slot, slots.replyCellOffset(slot), length))
        {
            return false;
        }
        isClaimed[slot] = true;
        return true;
    }

    void unclaim(final int slot)
    {
        isClaimed[slot] = false;
    }

    /** Notes which claim it is that a slot was claimed for. */
    void claimedBy(final int slot, final Claim claim)
    {
        if (claims[slot] != claim)
        {
            // Only if it changes: to a collector each store of a reference is work.
            claims[slot] = claim;
        }
    }

    /** Whether a claim still counts: it does not once its request was given up. */
    boolean isClaimedBy(final int slot, final Claim claim)
    {
        return isClaimed[slot] && claims[slot] == claim;
    }

    /**
     * The claim for the reply to a message that is not spent, also if the client is gone by now.
     *
     * @return null if there is none.
     */
    Claim claimOf(final int slot, final long id)
    {
        final Claim claim = isClaimed[slot] ? claims[slot] : null;
        // A reply that is just being copied has no claim: what is noted here is an older message's then.
        return null != claim && claim.isFilled() && claim.link() == this && claim.id() == id ? claim : null;
    }

    int replyPayloadOffset(final int slot, final int length)
    {
        return slots.replyPayloadOffset(slot, SlotTable.flags(length), length);
    }

    /**
     * Publishes a reply whose payload is written.
     *
     * @return false if the ring has no room, which only a corrupt one has not.
     */
    boolean publish(final int slot, final long id, final int flags, final int length)
    {
        final long order = replies.nextRecord();
        if (!replies.hasRoom())
        {
            return false;
        }
        final int halfOffset = slots.replyHalfOffset(slot);
        descriptors.write(slot, halfOffset, length, flags);
        link.putLong(halfOffset + ORDER_OFFSET, order);
        // [reply] release: descriptor and payload are there before the client can see the id. Pairs with [reply] in
        // ClientLink. If the service dies here, the client finds the reply by its slot: it counts as replied.
        link.putLongRelease(halfOffset + ID_OFFSET, id);
        // What only this side needs comes after what the other waits for.
        replies.write(id);
        held[slot] = 0;
        replied[slot] = id;
        repliedCount++;
        replyNumbers[slot] = order;
        slotByReply[(int)order & REPLY_HISTORY_MASK] = (byte)slot;
        // Counters: two plain stores to a line that only this side uses, behind what the client waits for. Opaque, so
        // that another process sees no half of a number; nothing else is told by them. If this process dies before one,
        // that number is one message short.
        link.putLongOpaque(LinkDescriptor.SERVICE_REPLIES_OFFSET, order + 1);
        replyByteCount += length;
        link.putLongOpaque(LinkDescriptor.SERVICE_REPLY_BYTES_OFFSET, replyByteCount);
        return true;
    }

    // ---- disposals

    /**
     * A request was received in a slot: if there was a reply in it, its client is done with that.
     *
     * @return id of the disposed message, or 0.
     */
    long disposedByReuse(final int slot)
    {
        return 0 == replied[slot] ? 0 : clearReplied(slot);
    }

    boolean hasUndisposed()
    {
        return repliedCount > 0;
    }

    /**
     * Looks for replies that the client is done with, and queues them as disposals. Each look takes a line from the
     * client that it is about to write its next request to: so where many replies are out, no more are looked at than
     * the client has counted, those first that were sent first: by their slots, most looks would be in vain, and with
     * 64 in flight that took up to four fifths of the throughput.
     */
    void findDisposed(final ServicePort port)
    {
        long dueCount = MAX_SLOT_COUNT;
        if (repliedCount > FEW_REPLIES)
        {
            // [disposals] acquire: pairs with the release in ClientLink.finish(). What it counts is in the slots.
            // As input, a count that cannot be delays that client's own disposals at worst, until it is gone.
            dueCount = link.getLongAcquire(LinkDescriptor.DISPOSALS_OFFSET) - disposedCount;
        }
        final long endReply = replies.nextRecord();
        if (endReply - oldestReply > slotByReply.length)
        {
            // A reply is out for so long that the history has forgotten its slot.
            for (int slot = 0; slot < slotCount && dueCount > 0; slot++)
            {
                if (0 != replied[slot] && isDisposed(slot))
                {
                    port.addDisposal(this, clearReplied(slot));
                    dueCount--;
                }
            }
            oldestReply = oldestNumber(endReply);
            return;
        }
        boolean isOldest = true;
        for (long reply = oldestReply; reply < endReply && dueCount > 0; reply++)
        {
            final int slot = slotByReply[(int)reply & REPLY_HISTORY_MASK];
            if (0 != replied[slot] && replyNumbers[slot] == reply)
            {
                if (isDisposed(slot))
                {
                    port.addDisposal(this, clearReplied(slot));
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

    private long oldestNumber(final long endReply)
    {
        long oldest = endReply;
        for (int slot = 0; slot < slotCount; slot++)
        {
            if (0 != replied[slot])
            {
                oldest = Math.min(oldest, replyNumbers[slot]);
            }
        }
        return oldest;
    }

    private boolean isDisposed(final int slot)
    {
        final long id = replied[slot];
        final int halfOffset = slots.requestHalfOffset(slot);
        // [disposal] acquire: pairs with [disposal] in ClientLink.finish(); the client's reads are over. If the slot's
        // request has moved on, they are as well.
        return link.getLongAcquire(halfOffset + DISPOSED_OFFSET) == id ||
            Math.abs(link.getLongAcquire(halfOffset + ID_OFFSET)) > id;
    }

    private long clearReplied(final int slot)
    {
        final long id = replied[slot];
        replied[slot] = 0;
        repliedCount--;
        countDisposal();
        return id;
    }

    // ---- counters

    /** A request was retrieved, or replied to without that; the latter with no bytes. */
    void countGet(final int length)
    {
        // Counters, as in publish().
        link.putLongOpaque(LinkDescriptor.SERVICE_GETS_OFFSET, ++getCount);
        getByteCount += length;
        link.putLongOpaque(LinkDescriptor.SERVICE_GET_BYTES_OFFSET, getByteCount);
    }

    private void countDisposal()
    {
        // The count is needed anyway: one store.
        link.putLongOpaque(LinkDescriptor.SERVICE_DISPOSALS_OFFSET, ++disposedCount);
    }

    long counter(final ServiceCounter counter)
    {
        return LinkCounters.get(link, counter);
    }

    /** Once the link was dropped it may be another's. */
    void countWakeUps(final int count)
    {
        if (!isDropped)
        {
            LinkCounters.add(link, ServiceCounter.WAKE_UPS, count);
        }
    }

    // ---- the end

    /** Whether the client's process died without closing. */
    boolean hasDied()
    {
        return hasDied;
    }

    /** Whether the client has closed its port, or died; or the link is no longer what this side accepted. */
    boolean isClientGone()
    {
        if (isClientDead || isRefused)
        {
            return true;
        }
        final long state = host.tables().getLongAcquire(stateOffset);
        return LinkEntry.incarnation(state) != incarnation ||
            (state & (LinkEntryDescriptor.CLIENT_CLOSED | LinkEntryDescriptor.SERVICE_HOLDS)) !=
                LinkEntryDescriptor.SERVICE_HOLDS;
    }

    /** Looks after the client's life; by the attachment's watch, outside the gate. */
    boolean watch(final Watch watch)
    {
        if (!isClientDead && watch.isDead(clientProcessIndex, clientProcessIncarnation))
        {
            // One that closed before it ended had closed, whoever noticed first.
            hasDied = !hasClosed();
            isClientDead = true;
            return true;
        }
        return false;
    }

    private boolean hasClosed()
    {
        return (host.tables().getLongAcquire(stateOffset) & LinkEntryDescriptor.CLIENT_CLOSED) != 0;
    }

    /** The client is gone: all that the service received or replied comes back as disposals (R24). */
    void drop(final ServicePort port)
    {
        isDropped = true;
        for (int slot = 0; slot < slotCount; slot++)
        {
            if (0 != replied[slot])
            {
                port.addDisposal(this, clearReplied(slot));
            }
            if (0 != held[slot])
            {
                port.addDisposal(this, held[slot]);
                held[slot] = 0;
                countDisposal();
            }
        }
    }

    boolean isDropped()
    {
        return isDropped;
    }

    void addView()
    {
        viewCount++;
    }

    void endView()
    {
        viewCount--;
    }

    boolean hasViews()
    {
        return viewCount > 0;
    }

    /**
     * Lets go of the link: from here on another client may use it. For a dead client it is closed, too: a free link
     * that is OPEN and not closed would be taken for a newcomer's, while the next client may be writing its fields.
     */
    void letGo()
    {
        entry.change(incarnation, isClientDead ? LinkEntryDescriptor.CLIENT_CLOSED : 0,
            LinkEntryDescriptor.SERVICE_HOLDS | (isClientDead ? LinkEntryDescriptor.CLIENT_HOLDS : 0));
    }

    /** The link is corrupt: the client is told that nothing more comes, and counts as gone. */
    void refuse()
    {
        entry.change(incarnation, LinkEntryDescriptor.REFUSED, 0);
        isRefused = true;
        // No id has it: nothing more is received from here.
        expectedSequence = -1;
    }
}
