/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.AbortResult;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Takes messages of a client back (R29), and frees the slots of messages that the client has finished with. If the
 * service has a message that is taken back, its slot is lent: it becomes free only when the service has finished, too.
 * Used within the gate of the client's port.
 */
public final class Aborts
{
    private final AtomicBuffer link;
    private final Slots slots;
    private final ClientSlots state;
    private final ServiceState service;
    private long disposalCount;

    Aborts(final AtomicBuffer link, final Slots slots, final ClientSlots state, final ServiceState service)
    {
        this.link = link;
        this.slots = slots;
        this.state = state;
        this.service = service;
    }

    /**
     * Takes a message back (R29).
     *
     * @param id     of the message.
     * @param isHard whether the message is returned at once, even if the service has it.
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

    /**
     * Ends the view of a message, with which the caller has finished. Does nothing if the message is not in view.
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

    /** Looks for skips, which have no record: returns the slot of one that get() should take, or -1. */
    int findSkipped()
    {
        int result = -1;
        for (int slot = 0; state.hasAtService() && slot < state.slotCount(); slot++)
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

    /** Ends the loan of a slot: the service has finished with a message that was returned before. */
    void endLoan(final int slot)
    {
        if (state.endLoan(slot))
        {
            finish(slot);
        }
    }

    /** Ends all loans, because the service is gone. */
    void endLoans()
    {
        for (int slot = 0; state.hasAtService() && slot < state.slotCount(); slot++)
        {
            if (state.isLent(slot))
            {
                endLoan(slot);
            }
        }
    }

    /** Ends the loans of the slots that the service has finished with, by a skip or because it is gone. */
    void endFinishedLoans()
    {
        findSkipped();
        if (service.isGone())
        {
            endLoans();
        }
    }

    /** Outcome of a message that has no reply, and whose service is gone. */
    int goneOutcome(final int slot)
    {
        final long id = state.id(slot);
        if (state.isAtService(slot) && slots.isSkipped(slot, id))
        {
            return Outcome.ABORTED;
        }
        if (service.isGivenUp())
        {
            // The service may be about to receive the message: the handshake of an abort decides.
            slots.abortRequest(slot, id);
        }
        return service.goneOutcome(id <= slots.received());
    }
}
