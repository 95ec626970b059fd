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
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.function.Consumer;

import static io.jcaps.layout.SlotDescriptor.OUTCOME_MASK;
import static io.jcaps.layout.SlotDescriptor.OUTCOME_SHIFT;

/**
 * Takes the replies of one link in the order in which they were sent, and the replies of calls out of order; then the
 * outcomes of messages that were taken back, and of those whose service has gone (R19, R23, R25, B1). Used within the
 * gate of the client's port, unless a method says otherwise.
 */
public final class IncomingReplies
{
    private final RecordReader replies;
    private final Slots slots;
    private final ClientSlots state;
    private final ServiceState service;
    private final Aborts aborts;
    private final SlotTable table;
    private final UnsafeBuffer link;
    private final Credentials serviceCredentials;
    private final Consumer<String> givenUp;
    private long replyCount;
    private long replyByteCount;

    /** {@code givenUp} is called with the reason, for people, when this side gives the link up. */
    IncomingReplies(
        final RecordReader replies,
        final Slots slots,
        final ClientSlots state,
        final ServiceState service,
        final Aborts aborts,
        final SlotTable table,
        final UnsafeBuffer link,
        final Credentials serviceCredentials,
        final Consumer<String> givenUp)
    {
        this.replies = replies;
        this.slots = slots;
        this.state = state;
        this.service = service;
        this.aborts = aborts;
        this.table = table;
        this.link = link;
        this.serviceCredentials = serviceCredentials;
        this.givenUp = givenUp;
    }

    /**
     * Takes the next reply, in the order in which they were sent (R19).
     *
     * @param delivery    to fill.
     * @param lengthLimit longest payload in bytes that is taken; a longer one stays first in line (R17).
     * @return {@link MessageState#REPLY}, {@link Status#WOULD_BLOCK}, or, once the service is gone and nothing more is
     * due, {@link Status#NOT_CONNECTED} or {@link Status#ACCESS_DENIED}.
     */
    public int poll(final Delivery delivery, final int lengthLimit)
    {
        // The reply that is expected next, by its slot alone: no other cache line is read.
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
     * @return number of replies that are there, one after the other: {@link #poll} finds them in the cache; 0 if other
     * outcomes may be due, which only {@link #poll} finds.
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
        final int returned = state.oldestReturned();
        if (returned >= 0)
        {
            return takeAutomatic(returned, state.returnedOutcome(returned), delivery);
        }
        final int skipped = aborts.findSkipped();
        if (skipped >= 0)
        {
            return takeAutomatic(skipped, Outcome.ABORTED, delivery);
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

    /** Passes records up to the first whose reply get() should take; returns its slot, or -1 if there is none now. */
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
                    // The service has replied to a message that was returned before.
                    state.setRepliedLate(slot);
                    aborts.endLoan(slot);
                }
            }
            // Anything else was taken by a call, or will be.
            replies.pass();
        }
        return -1;
    }

    /**
     * Delivers the reply in a slot.
     *
     * @return whether it was taken; false if it is too long, and stays first in line (R17).
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
        // Counters, as in ClientLink.put().
        link.putLongOpaque(LinkDescriptor.CLIENT_REPLIES_OFFSET, ++replyCount);
        replyByteCount += length;
        link.putLongOpaque(LinkDescriptor.CLIENT_REPLY_BYTES_OFFSET, replyByteCount);
        return true;
    }

    /** Takes an outcome with which the service ended the request; it is disposed of as a reply is. */
    private void takeEnded(final int slot, final int flags, final int length, final Delivery delivery)
    {
        final int outcome = flags >>> OUTCOME_SHIFT;
        if (!Outcome.mayEnd(outcome) || flags != outcome << OUTCOME_SHIFT || 0 != length)
        {
            takeCorrupt(slot, flags, length, delivery);
            return;
        }
        takeOutcome(slot, outcome, false, delivery);
    }

    /** Gives the link up, because no service of this library writes such a reply; its messages are returned. */
    private void takeCorrupt(final int slot, final int flags, final int length, final Delivery delivery)
    {
        if (!service.isGivenUp())
        {
            service.giveUp();
            givenUp.accept("a reply's flags or length: flags=0x" + Integer.toHexString(flags) + ", length=" + length);
        }
        takeAutomatic(slot, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, delivery);
    }

    private int takeAutomatic(final int slot, final int outcome, final Delivery delivery)
    {
        takeOutcome(slot, outcome, true, delivery);
        return MessageState.REPLY;
    }

    private void takeOutcome(final int slot, final int outcome, final boolean isAutomatic, final Delivery delivery)
    {
        show(slot, outcome, 0, delivery);
        state.setViewed(slot, isAutomatic);
        delivery.view(link, SlotTable.NOWHERE);
        LinkCounters.add(link, counterOf(outcome), 1);
    }

    private void show(final int slot, final int outcome, final int length, final Delivery delivery)
    {
        delivery.show(null, service.incarnation(), serviceCredentials, MessageState.REPLY, outcome, state.id(slot),
            slot, length);
        delivery.cookie(state.cookie(slot));
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
     * Passes records, as {@link #poll} does, but takes nothing.
     *
     * @return whether {@link #poll} would find something.
     */
    public boolean hasNext()
    {
        return state.hasReady() || nextReplySlot() >= 0 || state.oldestReturned() >= 0 ||
            service.isGone() || aborts.findSkipped() >= 0;
    }

    // ---- calls

    /**
     * Whether the outcome that a call waits for may be there. Called outside the gate, because the slot is the
     * caller's. The call decides within the gate, where it also sees an abort by another thread.
     *
     * @param slot of the call's message.
     * @param id   of the call's message.
     * @return false if no outcome was seen.
     */
    public boolean mayHaveReply(final int slot, final long id)
    {
        return slots.replyId(slot) == id || state.hasReturned() || service.isGone();
    }

    /**
     * Takes the reply or other outcome that a call waits for, whatever its place among the replies.
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
                return takeNext(slot, delivery, Integer.MAX_VALUE);
            }
            take(slot, delivery, Integer.MAX_VALUE);
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
        // Checked again: a reply that was sent before the end is seen by now.
        if (slots.isReplied(slot, id))
        {
            take(slot, delivery, Integer.MAX_VALUE);
            return MessageState.REPLY;
        }
        return takeAutomatic(slot, aborts.goneOutcome(slot), delivery);
    }

    /**
     * Passes the records of replies, because calls take replies out of the ring's order, and records must not pile up:
     * a service's reply always finds room (R20). Those that get() should take are remembered in their order.
     */
    void passCalled()
    {
        for (int slot = nextReplySlot(); slot >= 0; slot = nextReplySlot())
        {
            replies.pass();
            state.setReady(slot);
        }
    }

    /**
     * Takes a call's message back, because its caller no longer waits.
     *
     * @param id       of the message.
     * @param delivery to fill.
     * @return {@link MessageState#REPLY} if its reply or another outcome was there; otherwise {@link Status#TIMED_OUT}:
     * the delivery then shows the outcome ABORTED, which the caller releases.
     */
    public int takeBack(final long id, final Delivery delivery)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (AbortResult.RETURNED == aborts.abort(id, true))
        {
            return takeReply(slot, delivery);
        }
        takeAutomatic(slot, state.returnedOutcome(slot), delivery);
        return Status.TIMED_OUT;
    }

    // ---- the service has gone

    /** Delivers what is still due: first the replies (R23), then the automatic replies, which are made here (B1). */
    private int pollGone(final Delivery delivery, final int lengthLimit)
    {
        // A reply may have been recorded after the look at the ring, and before the end was seen.
        final int recorded = nextReplySlot();
        if (recorded >= 0)
        {
            return takeNext(recorded, delivery, lengthLimit);
        }
        // A reply whose record is missing, because the service died before it wrote the record: at most one, because a
        // service writes one at a time.
        for (int slot = 0; slot < state.slotCount(); slot++)
        {
            if (state.isForGet(slot) && slots.isReplied(slot, state.id(slot)))
            {
                take(slot, delivery, lengthLimit);
                return MessageState.REPLY;
            }
        }
        aborts.endLoans();
        final int slot = state.oldestSent();
        return slot < 0 ? service.goneStatus() : takeAutomatic(slot, aborts.goneOutcome(slot), delivery);
    }
}
