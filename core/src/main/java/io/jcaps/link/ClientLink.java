/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.Status;
import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.function.Consumer;

import static io.jcaps.layout.SlotDescriptor.COUNT_BITS;
import static io.jcaps.layout.SlotDescriptor.COUNT_PER_LEASE;
import static io.jcaps.layout.SlotDescriptor.INLINE_CAPACITY;
import static io.jcaps.layout.SlotDescriptor.MAX_LEASE;
import static io.jcaps.layout.SlotDescriptor.SLOT_BITS;

/**
 * The client's side of one link: puts requests, and closes the link. {@link IncomingReplies} takes the replies, and
 * {@link Aborts} takes messages back. Used within the gate of its port, unless a method says otherwise.
 */
public final class ClientLink implements WakeUpCounter
{
    private final int linkIndex;
    private final UnsafeBuffer link;
    private final LinkEntry entry;
    private final RecordWriter requests;
    private final UnsafeBuffer tables;
    private final Aborts aborts;
    private final IncomingReplies replies;
    private final SlotTable table;
    private final Slots slots;
    private final ClientSlots state;
    private final ServiceState service;
    private final CellBacking backing;
    // The ids of the link's lease (R12), without their slots: the next one, and the end.
    private long nextSequence;
    private long leaseEnd;
    // Value of a counter of this side, kept here so that the region is written and never read for it.
    private long putByteCount;
    // Number of puts when one was last refused because too many messages were in progress.
    private long refusedAtPut = -1;
    // The link is closed, and still held because claims are not spent.
    private boolean isReleaseDue;

    /**
     * @param host               of the region.
     * @param entry              of the link, which this process has taken.
     * @param incarnation        of this use of the link.
     * @param serviceCredentials of the service's process.
     * @param ended              called once, by the thread that finds first that the service is gone.
     * @param givenUp            called once, within the gate, with the reason if this side gives the link up.
     */
    public ClientLink(
        final Host host,
        final LinkEntry entry,
        final long incarnation,
        final Credentials serviceCredentials,
        final Runnable ended,
        final Consumer<String> givenUp)
    {
        this.entry = entry;
        linkIndex = entry.index();
        final Geometry geometry = host.header().geometry();
        link = host.link(linkIndex);
        tables = host.tables();
        service = new ServiceState(tables, entry, incarnation, ended);
        requests = new RecordWriter(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength()));
        table = new SlotTable(geometry);
        slots = new Slots(link, geometry);
        state = new ClientSlots(geometry.slotCount());
        backing = new CellBacking(host, linkIndex, geometry.slotCount());
        takeLease();
        aborts = new Aborts(link, slots, state, service);
        replies = new IncomingReplies(
            new RecordReader(host.part(link, geometry.replyRingOffset(), geometry.ringLength())),
            slots, state, service, aborts, table, link, serviceCredentials, givenUp);
    }

    /**
     * @return index of the link.
     */
    public int linkIndex()
    {
        return linkIndex;
    }

    /**
     * @return the part that takes replies and other outcomes.
     */
    public IncomingReplies replies()
    {
        return replies;
    }

    /**
     * @return whether the service is there; any thread may use it.
     */
    public ServiceState service()
    {
        return service;
    }

    /**
     * @return the part that takes messages back.
     */
    public Aborts aborts()
    {
        return aborts;
    }

    /**
     * @return body of the link.
     */
    public UnsafeBuffer buffer()
    {
        return link;
    }

    /**
     * @return messages in progress (R14).
     */
    public int inProgress()
    {
        return state.inProgress();
    }

    /**
     * Any thread may call: outside the gate the number may be older than the last change.
     *
     * @return messages that are claimed and not put.
     */
    public int claimedCount()
    {
        return state.claimedCount();
    }

    /**
     * Any thread may call: outside the gate the number may be older than the last change.
     *
     * @return messages whose reply or outcome is in view.
     */
    public int heldCount()
    {
        return state.viewedCount();
    }

    /**
     * @return messages that are claimed or in view, or whose outcome was not taken yet; not those of claims that the
     * program has dropped, which are freed.
     */
    public int openCount()
    {
        state.freeDropped();
        return state.openCount();
    }

    /**
     * Prepares the link for payloads of some length.
     *
     * @param length in bytes.
     * @return false if the region has no memory left.
     */
    public boolean prefault(final int length)
    {
        return backing.prefault(length, table::requestCellOffset, table::replyCellOffset);
    }

    // ---- putting

    /**
     * @return whether this link has message ids left; false if the region had no lease left for it.
     */
    public boolean hasIds()
    {
        return nextSequence != leaseEnd;
    }

    /**
     * Claims a free slot, with memory for a payload.
     *
     * @param length of the payload in bytes.
     * @param token  of the claim; null for a copy that is made at once.
     * @return index of the slot, or a negative status.
     */
    public int claim(final int length, final ClaimToken token)
    {
        if (service.isGone())
        {
            return service.goneStatus();
        }
        if (!state.hasFree())
        {
            replies.passCalled();
            aborts.endFinishedLoans();
            state.freeDropped();
            if (!state.hasFree())
            {
                return Status.NO_BUFFERS;
            }
        }
        final boolean needsCell = length > INLINE_CAPACITY;
        final int slot = state.nextFree(needsCell);
        if (needsCell && !backing.ensure(slot, table.requestCellOffset(slot), length))
        {
            return Status.NO_SPACE;
        }
        state.claim(slot, token);
        return slot;
    }

    /**
     * Counts a claim or put that was refused because too many messages are in progress (R14).
     *
     * @return whether it is the first since the last put that succeeded.
     */
    public boolean countNoBuffers()
    {
        LinkCounters.add(link, ClientCounter.NO_BUFFERS, 1);
        final boolean isFirst = refusedAtPut != state.putCount();
        refusedAtPut = state.putCount();
        return isFirst;
    }

    /**
     * Place of the payload of a claimed slot. Outside the gate as well, because the slot belongs to its claimer.
     *
     * @param slot   that was claimed.
     * @param length that was claimed.
     * @return offset in the link.
     */
    public int payloadOffset(final int slot, final int length)
    {
        return table.requestPayloadOffset(slot, SlotTable.flags(length), length);
    }

    /**
     * Puts the request in a claimed slot (R12).
     *
     * @param slot   that was claimed.
     * @param flags  of the half.
     * @param length of the payload in bytes.
     * @param cookie that is shown with the reply or other outcome.
     * @param isCall whether a call takes the reply, and not get().
     * @return message id, or a negative status: with {@link Status#NO_BUFFERS} the slot is still claimed, otherwise
     * free.
     */
    public long put(final int slot, final int flags, final int length, final long cookie, final boolean isCall)
    {
        if (service.isGone())
        {
            state.free(slot);
            return service.goneStatus();
        }
        if (nextSequence == leaseEnd && !takeLease() || !requests.hasRoom())
        {
            return Status.NO_BUFFERS;
        }
        final long id = nextSequence++ << SLOT_BITS | slot;
        slots.publishRequest(slot, id, length, flags);
        // State that only this side needs is stored after the words that the service waits for.
        requests.write(id);
        state.sent(slot, id, cookie, isCall);
        // Counters: two stores to a cache line that only this side uses. Opaque, so that another process sees no half
        // of a number; nothing else depends on them. If this process dies before one, its number is one message short.
        link.putLongOpaque(LinkDescriptor.CLIENT_PUTS_OFFSET, state.putCount());
        putByteCount += length;
        link.putLongOpaque(LinkDescriptor.CLIENT_PUT_BYTES_OFFSET, putByteCount);
        return id;
    }

    private boolean takeLease()
    {
        // A process that dies after this wastes one lease of two thousand million.
        final long lease = tables.getAndAddLong(RegionDescriptor.NEXT_LEASE_OFFSET, 1);
        if (lease <= 0 || lease > MAX_LEASE)
        {
            return false;
        }
        nextSequence = lease << COUNT_BITS;
        leaseEnd = nextSequence + COUNT_PER_LEASE;
        return true;
    }

    /**
     * Frees a slot that was claimed and not put. Does nothing if it was put in the meantime. After the close, the last
     * one releases the link.
     *
     * @param slot that was claimed.
     */
    public void unclaim(final int slot)
    {
        if (state.isClaimed(slot))
        {
            state.free(slot);
        }
        releaseClosed();
    }

    // ---- counters and close

    /**
     * @param counter of this link.
     * @return its value.
     */
    public long counter(final ClientCounter counter)
    {
        return LinkCounters.get(link, counter);
    }

    @Override
    public void countWakeUps(final int count)
    {
        LinkCounters.add(link, ClientCounter.WAKE_UPS, count);
    }

    /**
     * Closes the link and releases it. While claims are not spent, the link is released only with the last of them:
     * until then its memory must not be another client's.
     */
    public void close()
    {
        state.freeDropped();
        isReleaseDue = state.hasClaims();
        entry.change(
            service.incarnation(), LinkEntryDescriptor.CLIENT_CLOSED,
                isReleaseDue ? 0 : LinkEntryDescriptor.CLIENT_HOLDS);
    }

    /**
     * Ends the claims that the program has dropped unspent, which only a garbage collection shows. After the close, the
     * last one releases the link.
     *
     * @return whether no claim keeps the link.
     */
    public boolean releaseDropped()
    {
        state.freeDropped();
        releaseClosed();
        return !state.hasClaims();
    }

    private void releaseClosed()
    {
        if (isReleaseDue && !state.hasClaims())
        {
            isReleaseDue = false;
            entry.change(service.incarnation(), 0, LinkEntryDescriptor.CLIENT_HOLDS);
        }
    }
}
