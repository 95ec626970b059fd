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

/**
 * The service's side of one link: shows the requests that {@code IncomingRequests} has received, publishes replies in
 * any order, and finds the replies that its client has finished with. Used within the gate of its port, unless a method
 * says otherwise.
 */
public final class ServiceLink implements WakeUpCounter
{
    private final int linkIndex;
    private final long incarnation;
    private final ClientState client;
    private final UnsafeBuffer link;
    private final Credentials credentials;
    private final Doorbell doorbell;
    private final ErrorHandler wakeUpFailed;
    private final boolean clientSpins;
    private final IncomingRequests requests;
    private final RecordWriter replies;
    private final SlotTable table;
    private final Slots slots;
    private final ServiceSlots state;
    private final ServiceViews views;
    private final CellBacking backing;
    private final IntArrayList leases = new IntArrayList();
    private int lastLease = -1;
    private long disposedCount;
    // Values of counters of this side, kept here so that the region is written and never read for them.
    private long getCount;
    private long getByteCount;
    private long replyByteCount;
    private boolean isDropped;
    private boolean isReleased;
    // The port has closed the link, which claims still keep.
    private boolean isReleaseDue;

    /**
     * @param host            of the region.
     * @param linkIndex       of the link.
     * @param client          of the link.
     * @param clientPortIndex of the client; input, checked.
     * @param clientFlags     of the client's port.
     * @param credentials     of the client's process.
     * @param wakeUpFailed    called with the cause if the client's threads could not be woken.
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
        doorbell = new Doorbell(host, new PortEntry(host.tables(), geometry).wrap(clientPortIndex));
        clientSpins = (clientFlags & PortFlags.SPINS) != 0;
        replies = new RecordWriter(host.part(link, geometry.replyRingOffset(), geometry.ringLength()));
        table = new SlotTable(geometry);
        slots = new Slots(link, geometry);
        state = new ServiceSlots(geometry.slotCount());
        requests = new IncomingRequests(
            new RecordReader(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength())),
            geometry, slots, state, this::skipped);
        views = new ServiceViews(geometry.slotCount());
        backing = new CellBacking(host, linkIndex, geometry.slotCount());
    }

    /**
     * @return index of the link.
     */
    public int linkIndex()
    {
        return linkIndex;
    }

    /**
     * @return incarnation of the link, which distinguishes this connection from all others of the region.
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
     * @return the client's identity, as the operating system reported it at the accept (R22).
     */
    public Credentials credentials()
    {
        return credentials;
    }

    /**
     * @return state of the client; any thread may use it.
     */
    public ClientState client()
    {
        return client;
    }

    IncomingRequests requests()
    {
        return requests;
    }

    /**
     * Prepares the link for payloads of some length.
     *
     * @param length in bytes.
     * @return false if the region has no memory left.
     */
    public boolean prefault(final int length)
    {
        return backing.prefault(length, table::replyCellOffset, table::requestCellOffset);
    }

    // ---- requests

    /**
     * Fills a delivery with a request that was received.
     *
     * @param id          of the request.
     * @param delivery    to fill; if it gets a view, that is counted.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @return false if the request's descriptor is invalid.
     */
    boolean show(final long id, final Delivery delivery, final int lengthLimit)
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

    /** Called when a request was found aborted: its client may wait for that. */
    private void skipped()
    {
        LinkCounters.add(link, ServiceCounter.SKIPS, 1);
        wakeClient();
    }

    /** Forgets an invalid request; returns the invalid values, for people. */
    String forget(final long id)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        state.forget(slot);
        return "a request's flags, length or id: length=" + slots.requestLength(slot) + ", id=" + id;
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
     * Begins to write the reply to a request, with memory for its payload; {@link ServiceViews#endCopy} ends it.
     *
     * @param slot   of the request.
     * @param id     of the request.
     * @param length of the payload in bytes.
     * @return {@link Status#OK}; {@link Status#INVALID} if the request is not held, or its reply is being written;
     * {@link Status#NO_SPACE}.
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
     * Claims the reply to a request, with memory for its payload; {@link ServiceViews#endClaim} ends it.
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
     * @return whether it was received and has no reply yet.
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
     * @return false if the ring has no room, which happens only if its head is corrupt (R20).
     */
    public boolean reply(final int slot, final long id, final int flags, final int length)
    {
        if (!replies.hasRoom())
        {
            return false;
        }
        slots.publishReply(slot, id, length, flags, replies.nextRecord());
        // State that only this side needs is stored after the words that the client waits for.
        replies.write(id);
        state.replied(slot, id);
        views.replied(slot, id);
        // Counters: two stores to a cache line that only this side uses. Opaque, so that another process sees no half
        // of a number; nothing else depends on them. If this process dies before one, its number is one message short.
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
     * @return doorbell by which the client is woken; outside the gate as well.
     */
    public Doorbell clientDoorbell()
    {
        return doorbell;
    }

    /**
     * @return whether the client's threads never sleep; outside the gate as well.
     */
    public boolean clientSpins()
    {
        return clientSpins;
    }

    /** Wakes the client's threads. If that fails, the state that they wait for is published nevertheless. */
    private void wakeClient()
    {
        try
        {
            countWakeUps(clientSpins ? 0 : doorbell.ring(Integer.MAX_VALUE));
        }
        catch (final Throwable ex)
        {
            wakeUpFailed.onError(ex);
        }
    }

    // ---- disposals

    /**
     * Queues the disposals of replies that the client has finished with.
     *
     * @param isThorough whether to check links with many replies out, too.
     * @return number of disposals queued.
     */
    int findDisposed(final boolean isThorough)
    {
        state.findDisposed(slots, isThorough);
        return countDisposals();
    }

    /** Publishes the number of disposals ever queued; returns how many were queued since the last call. */
    int countDisposals()
    {
        final int count = (int)(state.disposedCount() - disposedCount);
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
     * Counts a request that was retrieved, or that ended without being retrieved.
     *
     * @param length of the payload in bytes; 0 if it was not retrieved.
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

    /** Does nothing once the link was dropped, because it may be another client's. */
    @Override
    public void countWakeUps(final int count)
    {
        if (count > 0 && !isDropped)
        {
            LinkCounters.add(link, ServiceCounter.WAKE_UPS, count);
        }
    }

    // ---- views

    /**
     * @return the program's use of the link.
     */
    public ServiceViews views()
    {
        return views;
    }

    /**
     * @return whether the client has gone, and the program has no view, claim or copy of the link any more.
     */
    public boolean isOver()
    {
        return isDropped && views.isEmpty();
    }

    /** As {@link #isOver}, but first ends claims that the program has dropped unspent. */
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
     * @return whether the client has closed its port or died, the link is no longer the one that was accepted, or this
     * side gave it up.
     */
    public boolean isClientGone()
    {
        return requests.isStopped() || client.isGone();
    }

    /** Makes each request and reply of a client that has gone a disposal (R24); returns how many there are. */
    int drop()
    {
        state.disposeAll();
        isDropped = true;
        return countDisposals();
    }

    /**
     * Releases the link, once: another client may get it from then on. Its counters are added to the totals in the
     * service's entry, which must be open. A reader of the totals counts the link as present until it is released.
     */
    void release(final PortEntry service)
    {
        if (!isReleased)
        {
            final long[] counts = LinkCounters.all(link);
            isReleased = true;
            service.beginGone();
            client.releaseGone();
            service.addGone(counts);
            service.endGone();
        }
    }

    /**
     * Called when the port closes the link: whether claims are unspent, with the last of which the link is released.
     */
    boolean keepWhileWritten()
    {
        views.endDroppedClaims();
        isReleaseDue = views.hasClaims();
        return isReleaseDue;
    }

    /**
     * After the close of the port: ends claims that the program has dropped; returns whether no other keeps the link.
     */
    boolean releaseDropped()
    {
        views.endDroppedClaims();
        releaseClosed();
        return !views.hasClaims();
    }

    /**
     * Called when a claim was spent after the close of the port: the last one releases the link, but not before the
     * port itself has closed this link: until then a copy may be made into it.
     */
    public void releaseClosed()
    {
        if (isReleaseDue && !views.hasClaims())
        {
            isReleaseDue = false;
            client.release();
        }
    }

    /** Gives the link up as corrupt: notifies the client that nothing more comes; the client then counts as gone. */
    public void giveUp()
    {
        client.giveUp();
        requests.stop();
        wakeClient();
    }
}
