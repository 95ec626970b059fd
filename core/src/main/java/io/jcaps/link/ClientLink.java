/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.AbortResult;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
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
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import static io.jcaps.layout.SlotDescriptor.COUNT_BITS;
import static io.jcaps.layout.SlotDescriptor.COUNT_PER_LEASE;
import static io.jcaps.layout.SlotDescriptor.INLINE_CAPACITY;
import static io.jcaps.layout.SlotDescriptor.MAX_LEASE;
import static io.jcaps.layout.SlotDescriptor.OUTCOME_MASK;
import static io.jcaps.layout.SlotDescriptor.OUTCOME_SHIFT;
import static io.jcaps.layout.SlotDescriptor.SLOT_BITS;

/**
 * The client's side of one link: puts requests, takes replies in the order in which they were sent, takes one call's
 * reply out of order, and makes the automatic replies once the service has gone (R23, R25, B1). Used within the gate
 * of its port, unless a method says otherwise.
 */
public final class ClientLink implements WakeUpCounter
{
    private final int linkIndex;
    private final UnsafeBuffer tables;
    private final UnsafeBuffer link;
    private final LinkEntry entry;
    private final RecordWriter requests;
    private final RecordReader replies;
    private final SlotTable table;
    private final Slots slots;
    private final ClientSlots state;
    private final ServiceState service;
    private final CellBacking backing;
    private final Credentials serviceCredentials;
    private final int serviceProcessIndex;
    private final long serviceProcessIncarnation;
    private final int messageLimit;
    // What is published as this side's counters: kept here, so that the region is only ever written, never asked.
    private long disposalCount;
    private long putByteCount;
    private long replyCount;
    private long replyByteCount;
    // Puts when one was last refused for too many in progress.
    private long refusedAtPut = -1;
    private long nextSequence;
    private long leaseEnd;
    private String fault;
    // Closed, and held because claims are not spent.
    private boolean isReleaseDue;
    // The service wrote what no service of this library writes, and may still receive messages.
    private boolean isCorrupt;

    /**
     * @param host               of the region.
     * @param linkIndex          of the link, which this process has taken.
     * @param entry              of the link.
     * @param incarnation        of this use of the link.
     * @param serviceCredentials of the service's process.
     * @param ended              called once, by the thread that finds the end of the link first.
     */
    public ClientLink(
        final Host host,
        final int linkIndex,
        final LinkEntry entry,
        final long incarnation,
        final Credentials serviceCredentials,
        final Runnable ended)
    {
        this.linkIndex = linkIndex;
        this.entry = entry;
        this.serviceCredentials = serviceCredentials;
        final Geometry geometry = host.header().geometry();
        tables = host.tables();
        link = host.link(linkIndex);
        service = new ServiceState(tables, entry, incarnation, ended);
        serviceProcessIndex = entry.serviceProcessIndex();
        serviceProcessIncarnation = entry.serviceProcessIncarnation();
        requests = new RecordWriter(host.part(link, LinkDescriptor.REQUEST_RING_OFFSET, geometry.ringLength()));
        replies = new RecordReader(host.part(link, geometry.replyRingOffset(), geometry.ringLength()));
        messageLimit = geometry.messageLimit();
        table = new SlotTable(geometry);
        slots = new Slots(link, geometry);
        state = new ClientSlots(geometry.slotCount());
        backing = new CellBacking(host, linkIndex, geometry.slotCount());
        takeLease();
    }

    /**
     * @return index of the link.
     */
    public int linkIndex()
    {
        return linkIndex;
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
     * Makes the link ready for payloads of some length.
     *
     * @param length in bytes.
     * @return false if the region has no memory left.
     */
    public boolean prefault(final int length)
    {
        return backing.prefault(length, table::requestCellOffset, table::replyCellOffset);
    }

    /**
     * @return why this side gave the link up since the last call; null if it did not.
     */
    public String takeFault()
    {
        final String result = fault;
        if (null != result)
        {
            fault = null;
        }
        return result;
    }

    // ---- putting

    /**
     * @return whether the region had message ids left for this link.
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
     * @return index of the slot, or a status.
     */
    public int claim(final int length, final ClaimToken token)
    {
        if (service.isGone())
        {
            return service.goneStatus();
        }
        if (!state.hasFree())
        {
            passReplies();
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
     * Counts a put that was refused for too many in progress.
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
     * Where the payload of a claimed slot is. Outside the gate as well: the slot is its claimer's.
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
     * Copies a payload into a claimed slot. Outside the gate as well: the slot is its claimer's.
     *
     * @param slot   that was claimed.
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length that was claimed.
     */
    public void copy(final int slot, final DirectBuffer source, final int index, final int length)
    {
        link.putBytes(payloadOffset(slot, length), source, index, length);
    }

    /**
     * Puts what is in a claimed slot (R12).
     *
     * @param slot   that was claimed.
     * @param flags  of the half.
     * @param length of the payload in bytes.
     * @param cookie that is shown with the reply.
     * @param isCall whether a call takes the reply, and not get().
     * @return message id, or a status: the slot is still claimed if it is {@link Status#NO_BUFFERS}, otherwise free.
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
        // What only this side needs comes after what the service waits for.
        requests.write(id);
        state.sent(slot, id, cookie, isCall);
        // Counters: two stores to a line that only this side uses. Opaque, so that another process sees no half of a
        // number; nothing else depends on them. If this process dies before one, that number is one message short.
        link.putLongOpaque(LinkDescriptor.CLIENT_PUTS_OFFSET, state.putCount());
        putByteCount += length;
        link.putLongOpaque(LinkDescriptor.CLIENT_PUT_BYTES_OFFSET, putByteCount);
        return id;
    }

    /** False if the region has no message ids left. */
    private boolean takeLease()
    {
        // A lease that was taken and not used, because its taker died, is one of two thousand million.
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
     * Frees a slot that was claimed and not put; one that was put in the meantime is left alone.
     *
     * @param slot that was claimed.
     */
    public void unclaim(final int slot)
    {
        if (state.isClaimed(slot))
        {
            state.free(slot);
        }
    }

    // ---- receiving

    /**
     * Takes the next reply, in the order in which they were sent (R19).
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is taken; a longer one stays first in line (R17).
     * @return {@link MessageState#REPLY}, {@link Status#WOULD_BLOCK}, or what is returned once the service has gone.
     */
    public int poll(final Delivery delivery, final int lengthLimit)
    {
        // The reply that is most likely next, by its slot alone: no other cache line is touched.
        final long order = replies.nextRecord();
        final int slot = state.expectedSlot(order);
        if (state.isPlainlySent(slot) && !state.hasReady() &&
            slots.replyId(slot) == state.id(slot) && slots.replyOrder(slot) == order)
        {
            return takeNext(slot, delivery, lengthLimit);
        }
        return pollRing(delivery, lengthLimit);
    }

    /**
     * Looks at the replies that are expected next, up to the first that is not there. The loads of this loop do not
     * depend on each other, so that their cache misses overlap.
     *
     * @param limit most replies to look at.
     * @return how many are there, one after the other: {@link #poll} finds them in the cache; 0 if other outcomes may
     * be due besides, which only {@link #poll} finds.
     */
    public int lookAhead(final int limit)
    {
        if (state.hasReady() || state.hasReturned() || state.hasAtService())
        {
            return 0;
        }
        final long order = replies.nextRecord();
        final long most = Math.min(limit, state.expectedCount(order));
        int count = 0;
        while (count < most)
        {
            final int slot = state.expectedSlot(order + count);
            if (!state.isPlainlySent(slot) || slots.replyId(slot) != state.id(slot))
            {
                break;
            }
            count++;
        }
        return count;
    }

    private int pollRing(final Delivery delivery, final int lengthLimit)
    {
        if (state.hasReady())
        {
            if (take(state.firstReady(), delivery, lengthLimit))
            {
                state.removeFirstReady();
            }
            return MessageState.REPLY;
        }
        final int slot = nextReplySlot();
        if (slot >= 0)
        {
            state.foundReply(slot, replies.nextRecord());
            return takeNext(slot, delivery, lengthLimit);
        }
        if (state.hasReturned())
        {
            final int returned = state.oldestReturned();
            if (returned >= 0)
            {
                return takeAutomatic(returned, state.returnedOutcome(returned), delivery);
            }
        }
        if (state.hasAtService())
        {
            final int skipped = findSkipped();
            if (skipped >= 0)
            {
                return takeAutomatic(skipped, Outcome.ABORTED, delivery);
            }
        }
        return service.isGone() ? pollGone(delivery, lengthLimit) : Status.WOULD_BLOCK;
    }

    /** Takes the reply whose record is next. */
    private int takeNext(final int slot, final Delivery delivery, final int lengthLimit)
    {
        if (take(slot, delivery, lengthLimit))
        {
            replies.pass();
        }
        return MessageState.REPLY;
    }

    /** Passes records up to the first whose reply get() should take: its slot, or -1 if there is none now. */
    private int nextReplySlot()
    {
        for (int i = 0, limit = LinkDescriptor.RECORDS_PER_SLOT * state.slotCount(); i < limit; i++)
        {
            final long id = replies.peek();
            if (0 == id)
            {
                return -1;
            }
            final int slot = SlotDescriptor.slotIndex(id);
            if (state.isInProgress(slot, id))
            {
                if (state.isForGet(slot))
                {
                    return slots.isReplied(slot, id) ? slot : -1;
                }
                if (state.isLent(slot))
                {
                    // The service replied to a message that was returned already.
                    state.setRepliedLate(slot);
                    endLoan(slot);
                }
            }
            // Anything else was taken by a call, or will be.
            replies.pass();
        }
        return -1;
    }

    /** Looks for skips, which have no record: the slot of one that get() should take, or -1. */
    private int findSkipped()
    {
        int result = -1;
        for (int slot = 0; slot < state.slotCount(); slot++)
        {
            if (state.isAtService(slot) && slots.isSkipped(slot, state.id(slot)))
            {
                if (state.isForGet(slot))
                {
                    result = slot;
                }
                else if (state.isLent(slot))
                {
                    endLoan(slot);
                }
            }
        }
        return result;
    }

    /** The service has finished with the slot of a message that was returned already. */
    private void endLoan(final int slot)
    {
        if (state.endLoan(slot))
        {
            finish(slot);
        }
    }

    /** The slots that a service, now gone, had not finished with. */
    private void endLoans()
    {
        for (int slot = 0; state.hasAtService() && slot < state.slotCount(); slot++)
        {
            if (state.isLent(slot))
            {
                endLoan(slot);
            }
        }
    }

    /** Makes room: passes replies that no caller will take. */
    private void passReplies()
    {
        passCalled();
        if (state.hasAtService())
        {
            findSkipped();
        }
        if (service.isGone())
        {
            endLoans();
        }
    }

    /**
     * Delivers the reply in a slot.
     *
     * @return whether it was taken; false if it is too long, and stays.
     */
    private boolean take(final int slot, final Delivery delivery, final int lengthLimit)
    {
        final int length = slots.replyLength(slot);
        final int flags = slots.replyFlags(slot);
        if ((flags & OUTCOME_MASK) != 0)
        {
            takeEnded(slot, flags, length, delivery);
            return true;
        }
        final int payloadOffset = table.replyPayloadOffset(slot, flags, length);
        if (SlotTable.NOWHERE == payloadOffset)
        {
            takeCorrupt(slot, flags, length, delivery);
            return true;
        }
        show(slot, Outcome.REPLIED, length, delivery);
        if (length > lengthLimit)
        {
            return false;
        }
        state.setViewed(slot, false);
        delivery.view(link, payloadOffset);
        // Counters, as in put().
        link.putLongOpaque(LinkDescriptor.CLIENT_REPLIES_OFFSET, ++replyCount);
        replyByteCount += length;
        link.putLongOpaque(LinkDescriptor.CLIENT_REPLY_BYTES_OFFSET, replyByteCount);
        return true;
    }

    /** The service ended the request with an outcome instead of a reply: it is disposed of as a reply is. */
    private void takeEnded(final int slot, final int flags, final int length, final Delivery delivery)
    {
        final int outcome = flags >>> OUTCOME_SHIFT;
        if (!Outcome.mayEnd(outcome) || flags != outcome << OUTCOME_SHIFT || 0 != length)
        {
            takeCorrupt(slot, flags, length, delivery);
            return;
        }
        show(slot, outcome, 0, delivery);
        state.setViewed(slot, false);
        delivery.view(link, SlotTable.NOWHERE);
        LinkCounters.add(link, counterOf(outcome), 1);
    }

    /** Not what a service of this library writes: the link is given up, and its messages are returned. */
    private void takeCorrupt(final int slot, final int flags, final int length, final Delivery delivery)
    {
        fault = "a reply's flags or length: flags=0x" + Integer.toHexString(flags) + ", length=" + length;
        isCorrupt = true;
        // The service may live: it drops the link as that of a client that has closed, at its next look.
        entry.change(service.incarnation(), LinkEntryDescriptor.CLIENT_CLOSED, 0);
        service.end(Outcome.SERVICE_CLOSED);
        takeAutomatic(slot, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, delivery);
    }

    private int takeAutomatic(final int slot, final int outcome, final Delivery delivery)
    {
        show(slot, outcome, 0, delivery);
        state.setViewed(slot, true);
        delivery.view(link, SlotTable.NOWHERE);
        LinkCounters.add(link, counterOf(outcome), 1);
        return MessageState.REPLY;
    }

    /**
     * Shows a message that its client took back by closing: the service may have received it, and no thread looks.
     *
     * @param id       of the message.
     * @param delivery to fill; there is no view.
     */
    public void showClosed(final long id, final Delivery delivery)
    {
        delivery.show(null, service.incarnation(), serviceCredentials, MessageState.REPLY,
            Outcome.ABORTED | Outcome.RECEIVED, id, SlotDescriptor.slotIndex(id), 0);
    }

    private void show(final int slot, final int outcome, final int length, final Delivery delivery)
    {
        delivery.show(null, service.incarnation(), serviceCredentials, MessageState.REPLY, outcome, state.id(slot),
            slot,
            length);
        delivery.cookie(state.cookie(slot));
    }

    private static ClientCounter counterOf(final int outcome)
    {
        return switch (Outcome.kind(outcome))
        {
            case Outcome.SERVICE_CLOSED -> ClientCounter.CLOSED;
            case Outcome.SERVICE_DIED -> ClientCounter.DIED;
            case Outcome.UNREACHABLE -> ClientCounter.UNREACHABLE;
            case Outcome.REFUSED -> ClientCounter.REFUSED;
            default -> ClientCounter.ABORTED;
        };
    }

    /**
     * The caller has finished with a message in view.
     *
     * @param slot of the message.
     * @param id   of the message.
     */
    public void release(final int slot, final long id)
    {
        if (state.isViewed(slot, id))
        {
            finish(slot);
        }
    }

    private void finish(final int slot)
    {
        if (state.isLent(slot))
        {
            state.setLingering(slot);
            return;
        }
        if (state.mustDispose(slot))
        {
            slots.dispose(slot, state.id(slot));
            slots.publishDisposals(++disposalCount);
        }
        state.free(slot);
    }

    /**
     * @return whether {@link #poll} would find something; replies that no caller will take are passed.
     */
    public boolean hasNext()
    {
        return state.hasReady() || nextReplySlot() >= 0 || state.hasReturned() && state.oldestReturned() >= 0 ||
            service.isGone() || state.hasAtService() && findSkipped() >= 0;
    }

    // ---- calls

    /**
     * Whether the reply that a call waits for may be there. Outside the gate: the slot is the caller's, and only its
     * own state decides; an abort by another thread changes that, and is seen within the gate.
     *
     * @param slot of the call's message.
     * @param id   of the call's message.
     * @return false if it is certainly not there.
     */
    public boolean mayHaveReply(final int slot, final long id)
    {
        return slots.replyId(slot) == id || state.hasReturned() || service.isGone();
    }

    /**
     * Takes the reply that a call waits for, whatever its place among the replies.
     *
     * @param slot     of the call's message.
     * @param delivery to fill.
     * @return {@link MessageState#REPLY} or {@link Status#WOULD_BLOCK}.
     */
    public int takeReply(final int slot, final Delivery delivery)
    {
        final long id = state.id(slot);
        if (state.isReturned(slot))
        {
            return takeAutomatic(slot, state.returnedOutcome(slot), delivery);
        }
        if (slots.isReplied(slot, id))
        {
            if (slots.replyOrder(slot) == replies.nextRecord())
            {
                return takeNext(slot, delivery, messageLimit);
            }
            take(slot, delivery, messageLimit);
            passCalled();
            return MessageState.REPLY;
        }
        if (state.isAtService(slot) && slots.isSkipped(slot, id))
        {
            return takeAutomatic(slot, Outcome.ABORTED, delivery);
        }
        if (!service.isGone())
        {
            return Status.WOULD_BLOCK;
        }
        // Looked at again: what was replied before the end is seen by now.
        if (slots.isReplied(slot, id))
        {
            take(slot, delivery, messageLimit);
            return MessageState.REPLY;
        }
        return takeAutomatic(slot, goneOutcome(slot), delivery);
    }

    /**
     * Calls take replies out of the ring's order. Records must not pile up for it, because a service's reply always
     * finds room (R20): they are passed here, and those that are get()'s are remembered in their order.
     */
    private void passCalled()
    {
        for (int slot = nextReplySlot(); slot >= 0; slot = nextReplySlot())
        {
            replies.pass();
            state.setReady(slot);
        }
    }

    /**
     * Takes a call's message back: its time is over.
     *
     * @param id       of the message.
     * @param delivery to fill.
     * @return {@link MessageState#REPLY} if its reply or another outcome was there; otherwise {@link Status#TIMED_OUT},
     * the delivery then shows an ABORTED message, which the caller releases.
     */
    public int takeBack(final long id, final Delivery delivery)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (AbortResult.RETURNED == abort(id, true))
        {
            return takeReply(slot, delivery);
        }
        takeAutomatic(slot, state.returnedOutcome(slot), delivery);
        return Status.TIMED_OUT;
    }

    // ---- abort

    /**
     * Takes a message back (R29).
     *
     * @param id     of the message.
     * @param isHard whether it is returned at once even if the service has it.
     * @return one of {@link AbortResult}'s constants, or {@link Status#INVALID}.
     */
    public int abort(final long id, final boolean isHard)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (!state.isInProgress(slot, id))
        {
            return Status.INVALID;
        }
        if (state.isReturnedOrReady(slot))
        {
            return AbortResult.RETURNED;
        }
        if (!state.isInFlight(slot))
        {
            return Status.INVALID;
        }
        if (slots.isReplied(slot, id) || service.isGone())
        {
            return AbortResult.RETURNED;
        }
        slots.abortRequest(slot, id);
        if (slots.received() < id || slots.isSkipped(slot, id))
        {
            setReturned(slot, Outcome.ABORTED);
            return AbortResult.BEFORE_SERVER;
        }
        if (slots.isReplied(slot, id))
        {
            return AbortResult.RETURNED;
        }
        state.setAtService(slot);
        if (isHard)
        {
            state.setLent(slot);
            setReturned(slot, Outcome.ABORTED | Outcome.RECEIVED);
        }
        return AbortResult.AT_SERVER;
    }

    private void setReturned(final int slot, final int outcome)
    {
        state.setReturned(slot, outcome);
        LinkCounters.add(link, ClientCounter.ABORTS, 1);
    }

    // ---- the service has gone

    /**
     * Whether the service has closed or refused this link, or is proved dead. Any thread may call.
     *
     * @return true once it has.
     */
    public boolean isServiceGone()
    {
        return service.isGone();
    }

    /**
     * How the service ended, as far as this side can see. Any thread may call.
     *
     * @return kind of the outcome of what has no reply; {@link Outcome#REPLIED} while the service is there.
     */
    public int goneKind()
    {
        return service.goneKind();
    }

    /** Delivers what is still due: first what was replied (R23), then the automatic replies, made here (B1). */
    private int pollGone(final Delivery delivery, final int lengthLimit)
    {
        // What was replied and recorded before the end was seen may have come after the look at the ring.
        final int recorded = nextReplySlot();
        if (recorded >= 0)
        {
            return takeNext(recorded, delivery, lengthLimit);
        }
        // Replied, and the service died before the record was written: at most one, as a service writes one at a time.
        for (int slot = 0; slot < state.slotCount(); slot++)
        {
            if (state.isForGet(slot) && slots.isReplied(slot, state.id(slot)))
            {
                take(slot, delivery, lengthLimit);
                return MessageState.REPLY;
            }
        }
        endLoans();
        final int slot = state.oldestSent();
        return slot < 0 ? service.goneStatus() : takeAutomatic(slot, goneOutcome(slot), delivery);
    }

    private int goneOutcome(final int slot)
    {
        final long id = state.id(slot);
        if (state.isAtService(slot) && slots.isSkipped(slot, id))
        {
            return Outcome.ABORTED;
        }
        if (isCorrupt)
        {
            // The service may be about to receive the message: the handshake of an abort decides.
            slots.abortRequest(slot, id);
        }
        return service.goneOutcome(id <= slots.received());
    }

    /**
     * @return whether the end of the service was noted; no look at the region. Any thread may call.
     */
    public boolean isEndKnown()
    {
        return service.isKnownGone();
    }

    /**
     * Notes that the service's process is proved dead; by the watch, outside the gate.
     *
     * @return whether it died without closing, and this thread found it first.
     */
    public boolean serviceDied()
    {
        // Looked at after the proof of death: a service that closed before it ended had closed.
        return !service.isGone() && service.end(Outcome.SERVICE_DIED);
    }

    /**
     * @return index of the service's process entry; input.
     */
    public int serviceProcessIndex()
    {
        return serviceProcessIndex;
    }

    /**
     * @return incarnation of the service's process.
     */
    public long serviceProcessIncarnation()
    {
        return serviceProcessIncarnation;
    }

    /**
     * @return whether this side gave the link up, because the service, which may live, wrote what it should not.
     */
    public boolean isGivenUp()
    {
        return isCorrupt;
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
     * Closes the link and releases it; while a claim is being written, it is released only when the last one is spent:
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
     * A claim is spent after the close of its port.
     *
     * @param slot that was claimed.
     */
    public void unclaimClosed(final int slot)
    {
        unclaim(slot);
        releaseClosed();
    }

    /**
     * Ends the claims that the program has dropped unspent, which only a garbage collection shows; after the close
     * the last one releases the link.
     *
     * @return whether no claim keeps it.
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
