/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.layout.SlotDescriptor;

import java.util.Arrays;

/**
 * One remote client at the exporter: a client port of its own, so that the service tells the clients apart, and at most
 * one message for each slot of the importer's. A slot of the importer's goes through
 * <pre>
 *   FREE -> FILLING: the request is being received -> PUT: the service may have it -> REPLIED: the reply is in view
 *     ^                       |                        |                                |
 *     +-----------------------+------------------------+--------------------------------+
 *          an outcome is due        its outcome came        DISPOSE, or a REQUEST in the same slot
 * </pre>
 */
final class ExportLink extends Receiver
{
    static final byte FREE = 0;
    static final byte FILLING = 1;
    static final byte PUT = 2;
    static final byte REPLIED = 3;

    private static final int RECEIVE_LIMIT = 16;

    /** Instead of a time: an attempt to connect is under way, or no further one is due. */
    static final long NEVER = Long.MIN_VALUE;

    final int number;
    /** The remote client's name for events, as the importer reports it. */
    String client = "";
    long connectNs = NEVER;
    private final ExportSession session;
    private final int slotCount;
    private final byte[] states;
    private final long[] ids;
    private final Message[] messages;
    // By message slot of this region: the importer's slot.
    private final byte[] slotsByLocal;
    // Outcomes that are due for requests that could not be put, so that no reply brings them.
    private final short[] dueOutcomes;
    private int dueCount;
    private Message spare = new Message();
    private int unsent = -1;
    // Id of the last request: the one that is being received.
    private long lastId;
    private ClientPort port;
    private boolean isOpenedDue;
    private int openedOutcome;
    boolean isClosed;
    private boolean isDrained;

    ExportLink(final ExportSession session, final int number, final int slotCount, final int localSlotCount)
    {
        this.session = session;
        this.number = number;
        this.slotCount = slotCount;
        states = new byte[slotCount];
        ids = new long[slotCount];
        dueOutcomes = new short[slotCount];
        messages = new Message[slotCount];
        slotsByLocal = new byte[localSlotCount];
        Arrays.setAll(messages, (slot) -> new Message());
    }

    /** Sets the port; null if it could not be opened: then each request of this link ends with the outcome. */
    void opened(final ClientPort opened, final int outcome)
    {
        port = opened;
        connectNs = NEVER;
        isOpenedDue = true;
        openedOutcome = outcome;
        isDrained = null == opened;
    }

    /** Whether no outcome of this link is due any more, because its service has closed or died. */
    boolean isDrained()
    {
        return isDrained && unsent < 0 && 0 == dueCount && !isOpenedDue;
    }

    // ---- from the importer

    /** Returns the receiver of the request; null if the request is dropped. */
    Receiver beginRequest(final long id, final int length)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (slot >= slotCount || null == port ||
            id > lastId && (PUT == states[slot] || unsent == slot || 0 != dueOutcomes[slot]))
        {
            session.violation("a REQUEST in slot " + slot + " of link " + number + ", which is not free");
            return null;
        }
        if (id <= lastId)
        {
            session.counters.count(SessionCounter.DUPLICATES);
            return null;
        }
        lastId = id;
        // The client's slot is free, so it has disposed of the reply that it had: otherwise the claim could fail.
        release(slot);
        ids[slot] = id;
        final int status = port.claim(length, claim);
        if (Status.OK != status)
        {
            notPut(slot, status);
            return null;
        }
        states[slot] = FILLING;
        return this;
    }

    @Override
    void end()
    {
        if (!session.mayHandOut())
        {
            return;
        }
        final int slot = SlotDescriptor.slotIndex(lastId);
        // Set before the call that publishes the request.
        states[slot] = PUT;
        final long localId = claim.put();
        if (localId > 0)
        {
            slotsByLocal[SlotDescriptor.slotIndex(localId)] = (byte)slot;
            session.counters.count(SessionCounter.REQUESTS);
        }
        else
        {
            claim.cancel();
            notPut(slot, (int)localId);
        }
    }

    private void notPut(final int slot, final int status)
    {
        states[slot] = FREE;
        final int end = port.serviceEnd();
        // The outcome of the service if it has closed or died; otherwise this region has no room. Either way the
        // service never received the request.
        dueOutcomes[slot] = (short)(Status.NO_SPACE != status && Outcome.REPLIED != end ? end : Outcome.UNREACHABLE);
        dueCount++;
    }

    void dispose(final long id)
    {
        final int slot = SlotDescriptor.slotIndex(id);
        if (slot < slotCount && REPLIED == states[slot] && ids[slot] == id && unsent != slot)
        {
            release(slot);
        }
        else
        {
            session.counters.count(SessionCounter.DUPLICATES);
        }
    }

    private void release(final int slot)
    {
        states[slot] = FREE;
        messages[slot].release();
    }

    // ---- to the importer

    /** Sends what is due; negative if the wire takes no more. */
    int send()
    {
        isOpenedDue = isOpenedDue && !session.send(FrameDescriptor.OPENED, openedOutcome, number, 0, 0);
        if (isOpenedDue || unsent >= 0 && !sendReply(unsent) || dueCount > 0 && !sendOutcomes())
        {
            return -1;
        }
        int work = 0;
        while (null != port && !isDrained && work < RECEIVE_LIMIT)
        {
            final int state = port.get(spare);
            if (MessageState.REPLY != state)
            {
                isDrained = Status.WOULD_BLOCK != state;
                return work;
            }
            work++;
            if (!sendReply(take()))
            {
                return -1;
            }
        }
        return work;
    }

    private int take()
    {
        final Message reply = spare;
        final int slot = slotsByLocal[SlotDescriptor.slotIndex(reply.id())];
        spare = messages[slot];
        messages[slot] = reply;
        states[slot] = REPLIED;
        unsent = slot;
        return slot;
    }

    private boolean sendReply(final int slot)
    {
        final Message reply = messages[slot];
        final int outcome = reply.outcome();
        final boolean isReply = Outcome.REPLIED == outcome;
        if (isReply ? !session.sendGeneration(port.serviceGeneration()) ||
            !session.send(FrameDescriptor.REPLY, 0, number, ids[slot], reply.buffer(), reply.length()) :
            !session.send(FrameDescriptor.OUTCOME, outcome, number, ids[slot], 0))
        {
            return false;
        }
        session.counters.count(isReply ? SessionCounter.REPLIES : SessionCounter.OUTCOMES);
        unsent = -1;
        if (!isReply)
        {
            // An outcome holds no memory of the region.
            release(slot);
        }
        return true;
    }

    private boolean sendOutcomes()
    {
        for (int slot = 0; slot < slotCount; slot++)
        {
            if (0 != dueOutcomes[slot])
            {
                if (!session.send(FrameDescriptor.OUTCOME, dueOutcomes[slot], number, ids[slot], 0))
                {
                    return false;
                }
                session.counters.count(SessionCounter.OUTCOMES);
                dueOutcomes[slot] = 0;
                dueCount--;
            }
        }
        return true;
    }

    // ---- the end

    /**
     * Ends the link: nothing more is put or received. Returns the port, which the caller closes; null if there is none.
     */
    ClientPort close()
    {
        isClosed = true;
        claim.cancel();
        final ClientPort closing = port;
        port = null;
        return closing;
    }
}
