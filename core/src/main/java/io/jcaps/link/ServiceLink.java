/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import io.jcaps.wait.Doorbell;
import org.agrona.ErrorHandler;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.UnsafeBuffer;

import static io.jcaps.layout.SlotDescriptor.INLINE_CAPACITY;
import static io.jcaps.layout.SlotDescriptor.MAX_SLOT_COUNT;

/**
 * The service's side of one link: receives requests in the order of their puts, publishes replies in any order, and
 * finds out which replies its client has finished with. Used within the gate of its port, unless a method says
 * otherwise.
 */
public final class ServiceLink
{
    private static final ClientCounter[] CLIENT_COUNTERS = ClientCounter.values();
    private static final ServiceCounter[] SERVICE_COUNTERS = ServiceCounter.values();

    /** There is no request; no id is 0. */
    public static final long NO_REQUEST = 0;
    /** It was not received. */
    static final int NOT_RECEIVED = -1;

    /** Up to this many replies are checked for a disposal without reading how many are due: one cache line less. */
    private static final int FEW_REPLIES = 4;

    private final int linkIndex;
    private final long incarnation;
    private final ClientState client;
    private final UnsafeBuffer link;
    private final Credentials credentials;
    private final Doorbell doorbell;
    private final ErrorHandler wakeUpFailed;
    private final boolean clientSpins;
    private final RecordReader requests;
    private final RecordWriter replies;
    private final int slotCount;
    private final int recordCount;
    private final SlotTable table;
    private final Slots slots;
    private final ServiceSlots state;
    private final ServiceViews views;
    private final CellBacking backing;
    private final IntArrayList leases = new IntArrayList();
    private int lastLease = -1;
    private long disposedCount;
    // What is published as this side's counters: kept here, so that the region is only ever written, never asked.
    private long getCount;
    private long getByteCount;
    private long replyByteCount;
    private long expectedSequence;
    // Requests that were received as a batch and not handed out yet: ids, in the order of their puts.
    private final long[] collectedIds = new long[MAX_SLOT_COUNT];
    private int collectedIndex;
    private int collectedCount;
    // The last request that was handed out or skipped.
    private long handledId;
    private boolean isCorrupt;
    private boolean isDropped;
    private boolean isReleased;
    // The port is closed, and claims keep the link.
    private boolean isReleaseDue;

    /**
     * @param host            of the region.
     * @param linkIndex       of the link.
     * @param client          of the link.
     * @param clientPortIndex of the client; input, checked.
     * @param clientFlags     of the client's port.
     * @param credentials     of the client's process.
     * @param wakeUpFailed    called with the cause when the client's threads could not be woken.
     */
    public ServiceLink(
        final Host host,
        final int linkIndex,
        final ClientState client,
        final int clientPortIndex,
        final int clientFlags,
        final Credentials credentials,
        final ErrorHandler wakeUpFailed)
    {
        this.wakeUpFailed = wakeUpFailed;
        this.linkIndex = linkIndex;
        this.client = client;
        this.credentials = credentials;
        incarnation = client.incarnation();
        final Geometry geometry = host.header().geometry();
        link = host.link(linkIndex);
        doorbell = new Doorbell(host, new PortEntry(host.tables(), geometry).wrap(clientPortIndex).sleepersOffset());
        clientSpins = (clientFlags & PortFlags.SPINS) != 0;
        requests = new RecordReader(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength()));
        replies = new RecordWriter(host.part(link, geometry.replyRingOffset(), geometry.ringLength()));
        slotCount = geometry.slotCount();
        recordCount = geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH;
        table = new SlotTable(geometry);
        slots = new Slots(link, geometry);
        state = new ServiceSlots(slotCount);
        views = new ServiceViews(slotCount);
        backing = new CellBacking(host, linkIndex, slotCount);
    }

    /**
     * @return index of the link.
     */
    public int linkIndex()
    {
        return linkIndex;
    }

    /**
     * @return incarnation of the link: what distinguishes this connection from all others of the region.
     */
    public long linkId()
    {
        return incarnation;
    }

    /**
     * @return body of the link.
     */
    public UnsafeBuffer buffer()
    {
        return link;
    }

    /**
     * @return client, as the operating system reported it when it was accepted (R22).
     */
    public Credentials credentials()
    {
        return credentials;
    }

    /**
     * @return whether the client is there; any thread may use it.
     */
    public ClientState client()
    {
        return client;
    }

    /**
     * Makes the link ready for payloads of some length.
     *
     * @param length in bytes.
     * @return false if the region has no memory left.
     */
    public boolean prefault(final int length)
    {
        return backing.prefault(length, table::replyCellOffset, table::requestCellOffset);
    }

    // ---- receiving

    /**
     * Looks for the next request where it is expected: at one cache line, the request's own.
     *
     * @return its id, or {@link #NO_REQUEST}.
     */
    public long pollExpected()
    {
        final int slot = state.expectedSlot(requests.nextRecord());
        final long id = slots.requestId(slot);
        // The sequence makes it the next in order (R19), whatever the ring shows by now.
        return id > 0 && SlotDescriptor.sequence(id) == expectedSequence && SlotDescriptor.slotIndex(id) == slot ?
            id : NO_REQUEST;
    }

    /**
     * Looks for the next request wherever it is.
     *
     * @return its id, or {@link #NO_REQUEST}.
     */
    public long poll()
    {
        final long id = pollExpected();
        return NO_REQUEST == id ? pollRing() : id;
    }

    private long pollRing()
    {
        if (isCorrupt)
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
     * @return disposals that were queued by it, 0 or 1; {@link #NOT_RECEIVED}.
     */
    public int receive(final long id)
    {
        slots.publishReceived(id);
        state.foundRequest(SlotDescriptor.slotIndex(id), requests.nextRecord());
        pass(id);
        return hold(id);
    }

    /** The second look at a request that RECEIVED covers; as {@link #receive}. */
    private int hold(final long id)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        handledId = id;
        final long found = slots.requestId(slot);
        if (found != id)
        {
            // Any other id: its client took it back before it saw RECEIVED, and has used the slot again. The reply half
            // may be that message's by now.
            if (found == -id)
            {
                skip(slot, id);
            }
            return NOT_RECEIVED;
        }
        final int queuedCount = state.disposalCount();
        state.hold(slot, id);
        return countQueued(queuedCount);
    }

    // ---- batches

    /**
     * Receives the next requests as a batch, to be handed out by {@link #nextCollected} and {@link #receiveCollected}.
     * The caller makes {@link #fenceCollected} before that. All of the last batch must have been handed out.
     *
     * @param limit most requests, 1 or more.
     * @return how many there are.
     */
    public int collect(final int limit)
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
            final int slot = state.expectedSlot(firstRecord + count);
            final long id = slots.requestId(slot);
            // As in pollExpected().
            if (id <= 0 || SlotDescriptor.sequence(id) != firstSequence + count || SlotDescriptor.slotIndex(id) != slot)
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

    /** Id of the next request of the batch, which must have one; {@link #receiveCollected} comes next. */
    long nextCollected()
    {
        return collectedIds[collectedIndex++];
    }

    /** Receives the request of {@link #nextCollected} unless it was aborted in the meantime; as {@link #receive}. */
    int receiveCollected(final long id)
    {
        return hold(id);
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
        LinkCounters.add(link, ServiceCounter.SKIPS, 1);
        wakeClient(look());
    }

    /**
     * Fills a delivery with a request that was received.
     *
     * @param id          of the request.
     * @param delivery    to fill; its view is counted if it is given one.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return false if no client of this library writes such a descriptor.
     */
    public boolean show(final long id, final Delivery delivery, final int lengthLimit)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        final int length = slots.requestLength(slot);
        final int payloadOffset = slots.requestPayloadOffset(slot, length);
        if (SlotTable.NOWHERE == payloadOffset)
        {
            return false;
        }
        delivery.show(this, incarnation, credentials, MessageState.REQUEST, Outcome.REPLIED, id, slot, length);
        if (length <= lengthLimit)
        {
            views.show(slot, id, delivery);
            delivery.view(link, payloadOffset);
            countGet(length);
        }
        return true;
    }

    /**
     * @param slot of a request that was received.
     * @return length of its payload in bytes; input.
     */
    public int requestLength(final int slot)
    {
        return slots.requestLength(slot);
    }

    /**
     * Forgets a request that no client of this library writes.
     *
     * @param slot of the request.
     */
    public void forget(final int slot)
    {
        state.forget(slot);
    }

    // ---- leases, by which the port finds the link of an id

    /**
     * @return leases by which its port finds the link; not to be changed by others.
     */
    public IntArrayList leases()
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

    boolean holdsLease(final int lease)
    {
        return state.holdsLease(lease);
    }

    // ---- replying

    /**
     * Begins to write the reply to a request, with memory for its payload; {@link #endCopy} ends it.
     *
     * @param slot   of the request.
     * @param id     of the request.
     * @param length of the payload in bytes.
     * @return {@link Status#OK}; INVALID if the request is not held, or its reply is being written; NO_SPACE.
     */
    public int beginCopy(final int slot, final long id, final int length)
    {
        final int status = prepare(slot, id, length);
        if (Status.OK == status)
        {
            views.beginCopy(slot);
        }
        return status;
    }

    /**
     * Ends what {@link #beginCopy} began.
     *
     * @param slot of the request.
     */
    public void endCopy(final int slot)
    {
        views.endCopy(slot);
    }

    /**
     * Claims the reply to a request, with memory for its payload; {@link #endClaim} ends it.
     *
     * @param slot   of the request.
     * @param id     of the request.
     * @param length of the payload in bytes.
     * @param token  of the claim.
     * @return as {@link #beginCopy} does.
     */
    public int claim(final int slot, final long id, final int length, final ClaimToken token)
    {
        final int status = prepare(slot, id, length);
        if (Status.OK == status)
        {
            views.claim(slot, id, token);
        }
        return status;
    }

    private int prepare(final int slot, final long id, final int length)
    {
        if (!state.isHeld(slot, id) || views.isWriting(slot) && !views.endDroppedClaim(slot))
        {
            return Status.INVALID;
        }
        return length <= INLINE_CAPACITY || backing.ensure(slot, table.replyCellOffset(slot), length) ?
            Status.OK : Status.NO_SPACE;
    }

    /**
     * @param slot of a request.
     * @param id   of the request.
     * @return the claim for its reply that was not spent; null if there is none.
     */
    public Object claimOf(final int slot, final long id)
    {
        return views.claimOf(slot, id);
    }

    /**
     * A claim is spent. A second call does nothing.
     *
     * @param slot of the request.
     * @param id   of the request.
     */
    public void endClaim(final int slot, final long id)
    {
        views.endClaim(slot, id);
    }

    /**
     * @param slot   that was claimed.
     * @param length that was claimed.
     * @return offset of the reply's payload in the link.
     */
    public int replyPayloadOffset(final int slot, final int length)
    {
        return table.replyPayloadOffset(slot, SlotTable.flags(length), length);
    }

    /**
     * @param slot of a request.
     * @param id   of a request.
     * @return whether it was received and is not replied to.
     */
    public boolean isHeld(final int slot, final long id)
    {
        return state.isHeld(slot, id);
    }

    /**
     * Publishes a reply whose payload is written (R20).
     *
     * @param slot   of the request.
     * @param id     of the request.
     * @param flags  of the half.
     * @param length of the payload in bytes.
     * @return false if the ring has no room, which only a corrupt one lacks.
     */
    public boolean reply(final int slot, final long id, final int flags, final int length)
    {
        if (!replies.hasRoom())
        {
            return false;
        }
        slots.publishReply(slot, id, length, flags, replies.nextRecord());
        // What only this side needs comes after what the client waits for.
        replies.write(id);
        state.replied(slot, id);
        views.replied(slot, id);
        // Counters: two stores to a line that only this side uses. Opaque, so that another process sees no half of a
        // number; nothing else depends on them. If this process dies before one, that number is one message short.
        link.putLongOpaque(LinkDescriptor.SERVICE_REPLIES_OFFSET, state.replyCount());
        replyByteCount += length;
        link.putLongOpaque(LinkDescriptor.SERVICE_REPLY_BYTES_OFFSET, replyByteCount);
        if ((flags & SlotDescriptor.OUTCOME_MASK) != 0)
        {
            LinkCounters.add(link, ServiceCounter.ENDS, 1);
        }
        return true;
    }

    /**
     * Looks whether the client sleeps. Outside the gate as well.
     *
     * @return 0 if it does not; else what {@link #wake} takes.
     */
    public long look()
    {
        return clientSpins ? 0 : doorbell.look();
    }

    /**
     * Wakes the client. Outside the gate as well, as long as the attachment is in the region. What the client waits for
     * is published, even if the wake-up fails.
     *
     * @param sleepers that {@link #look} has found.
     * @return system calls that were made.
     */
    public int wake(final long sleepers)
    {
        try
        {
            return doorbell.wake(sleepers, Integer.MAX_VALUE);
        }
        catch (final Throwable ex)
        {
            wakeUpFailed.onError(ex);
            return 0;
        }
    }

    /** Within the gate. */
    private void wakeClient(final long sleepers)
    {
        if (0 != sleepers)
        {
            countWakeUps(wake(sleepers));
        }
    }

    // ---- disposals

    /**
     * Queues the disposals of replies that the client has finished with. Each look takes a cache line from the client
     * that is about to write its next request to it: so where many replies are out, no more are checked than the client
     * has counted, or none.
     *
     * @param isThorough whether to check links with many replies out, too.
     * @return disposals that were queued.
     */
    public int findDisposed(final boolean isThorough)
    {
        final int repliedCount = state.repliedCount();
        if (0 == repliedCount || repliedCount > FEW_REPLIES && !isThorough)
        {
            return 0;
        }
        // As input, a count that is wrong delays that client's own disposals at worst, until it has gone.
        final long dueCount =
            repliedCount > FEW_REPLIES ? slots.disposals() - disposedCount : MAX_SLOT_COUNT;
        final int queuedCount = state.disposalCount();
        state.findDisposed(slots, dueCount);
        return countQueued(queuedCount);
    }

    private int countQueued(final int queuedCount)
    {
        final int count = state.disposalCount() - queuedCount;
        if (count > 0)
        {
            disposedCount += count;
            link.putLongOpaque(LinkDescriptor.SERVICE_DISPOSALS_OFFSET, disposedCount);
        }
        return count;
    }

    /**
     * @return disposals that wait to be delivered.
     */
    public int disposalCount()
    {
        return state.disposalCount();
    }

    /** Takes the next disposal; there must be one. */
    long takeDisposal()
    {
        return state.takeDisposal();
    }

    /** Fills a delivery with a disposal. */
    void showDisposal(final Delivery delivery, final long id)
    {
        delivery.show(this, incarnation, credentials, MessageState.DISPOSE, Outcome.REPLIED, id, 0, 0);
    }

    // ---- counters

    /**
     * Counts a request that was retrieved, or replied to without that.
     *
     * @param length of what was retrieved in bytes, 0 if it was not.
     */
    public void countGet(final int length)
    {
        // Counters, as in reply().
        link.putLongOpaque(LinkDescriptor.SERVICE_GETS_OFFSET, ++getCount);
        getByteCount += length;
        link.putLongOpaque(LinkDescriptor.SERVICE_GET_BYTES_OFFSET, getByteCount);
    }

    /**
     * @param counter of this link.
     * @return its value.
     */
    public long counter(final ServiceCounter counter)
    {
        return LinkCounters.get(link, counter);
    }

    /**
     * Counts wake-ups; not once the link was dropped, when it may be another client's.
     *
     * @param count of system calls made to wake the client.
     */
    public void countWakeUps(final int count)
    {
        if (count > 0 && !isDropped)
        {
            LinkCounters.add(link, ServiceCounter.WAKE_UPS, count);
        }
    }

    // ---- views

    /**
     * A request is no longer in view. A second call does nothing.
     *
     * @param slot of the request.
     * @param id   of the request.
     */
    public void endView(final int slot, final long id)
    {
        views.endView(slot, id);
    }

    /**
     * Requests in view. Any thread may call: the number may be older than the last change.
     *
     * @return how many.
     */
    int heldCount()
    {
        return views.viewedCount();
    }

    /**
     * Claims for replies that are not spent. Any thread may call: as {@link #heldCount}.
     *
     * @return how many.
     */
    int claimedCount()
    {
        return views.claimedCount();
    }

    /**
     * @return whether the client has gone, and the program has nothing of the link in hand any more.
     */
    public boolean isOver()
    {
        return isDropped && views.isEmpty();
    }

    /** As {@link #isOver}; claims that the program has dropped unspent are ended first. */
    boolean isOverAtLast()
    {
        views.endDroppedClaims();
        return isOver();
    }

    boolean isReleased()
    {
        return isReleased;
    }

    boolean isDropped()
    {
        return isDropped;
    }

    // ---- the end

    /**
     * @return whether the client has closed its port or died, the link is no longer what was accepted, or this side
     * gave it up.
     */
    public boolean isClientGone()
    {
        return isCorrupt || client.isGone();
    }

    /** The client has gone: everything that was received or replied becomes a disposal (R24); how many there are. */
    int drop()
    {
        final int queuedCount = state.disposalCount();
        state.disposeAll();
        final int count = countQueued(queuedCount);
        isDropped = true;
        return count;
    }

    /**
     * Releases the link, once: another client may have it from then on. What it had counted is added to the totals of
     * the service's entry, which is open. A reader of the totals counts the link as present until it is released.
     */
    void release(final PortEntry service)
    {
        if (!isReleased)
        {
            final long[] clientCounts = new long[CLIENT_COUNTERS.length];
            final long[] serviceCounts = new long[SERVICE_COUNTERS.length];
            for (final ClientCounter counter : CLIENT_COUNTERS)
            {
                clientCounts[counter.ordinal()] = LinkCounters.get(link, counter);
            }
            for (final ServiceCounter counter : SERVICE_COUNTERS)
            {
                serviceCounts[counter.ordinal()] = LinkCounters.get(link, counter);
            }
            isReleased = true;
            service.beginGone();
            client.releaseGone();
            for (final ClientCounter counter : CLIENT_COUNTERS)
            {
                service.addGone(counter, clientCounts[counter.ordinal()]);
            }
            for (final ServiceCounter counter : SERVICE_COUNTERS)
            {
                service.addGone(counter, serviceCounts[counter.ordinal()]);
            }
            service.endGone();
        }
    }

    /** The port closes the link: whether a claim is being written, with the last of which the link is released. */
    boolean keepWhileWritten()
    {
        views.endDroppedClaims();
        isReleaseDue = views.hasClaims();
        return isReleaseDue;
    }

    /** Ends the claims that the program has dropped, after the close of the port; whether no other keeps the link. */
    boolean releaseDropped()
    {
        views.endDroppedClaims();
        releaseClosed();
        return !views.hasClaims();
    }

    /**
     * A claim was spent after the close of the port: the last one releases the link. Not before the port itself has
     * come to this link: until then a copy may be made into it.
     */
    public void releaseClosed()
    {
        if (isReleaseDue && !views.hasClaims())
        {
            isReleaseDue = false;
            client.release();
        }
    }

    /** The link is corrupt: the client is notified that nothing more comes, and counts as gone. */
    public void giveUp()
    {
        client.giveUp();
        isCorrupt = true;
        // No id has it: nothing more is received from here.
        expectedSequence = -1;
        wakeClient(doorbell.look());
    }
}
