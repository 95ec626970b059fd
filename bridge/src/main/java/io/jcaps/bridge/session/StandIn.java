/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2ObjectHashMap;

import java.util.ArrayList;

/**
 * The local service that stands in for the remote one: one registration, its clients and their messages. Each request
 * that it receives is ended here by exactly one local action: a reply, or an outcome.
 */
final class StandIn extends Receiver implements AutoCloseable
{
    /** Most messages that are received in one round, so that the rest of the session has its turn. */
    private static final int RECEIVE_LIMIT = 64;
    /** Most rounds in which a stand-in that closes receives what its clients have put. */
    private static final int FINAL_ROUNDS = 16;
    /** Most requests of one client that are sent before the next client's. */
    private static final int SEND_LIMIT = 8;

    final ServicePort port;
    /** Incarnation of the remote service. */
    final long incarnation;
    /** The region was removed, or its attachment closed. */
    boolean isPortEnded;
    private final ImportSession session;
    private final int slotCount;
    final ArrayList<ImportLink> links = new ArrayList<>();
    private final Long2ObjectHashMap<ImportLink> linksById = new Long2ObjectHashMap<>();
    private final Int2ObjectHashMap<ImportLink> linksByNumber = new Int2ObjectHashMap<>();
    private Message spare = new Message();
    // State of the reply that is being received.
    private ImportLink replyLink;
    private int replySlot;
    // Outcome of each request that the exporter was not offered; REPLIED while the remote service is up.
    private int downOutcome = Outcome.REPLIED;

    StandIn(final ImportSession session, final ServicePort port, final long incarnation, final int slotCount)
    {
        this.session = session;
        this.port = port;
        this.incarnation = incarnation;
        this.slotCount = slotCount;
    }

    boolean isDown()
    {
        return Outcome.REPLIED != downOutcome;
    }

    // ---- from the clients

    int receive()
    {
        for (int i = 0; i < RECEIVE_LIMIT; i++)
        {
            final int state = port.get(spare);
            if (MessageState.REQUEST == state)
            {
                onRequest();
            }
            else if (MessageState.DISPOSE == state)
            {
                onDispose(spare.linkId(), spare.id());
            }
            else
            {
                isPortEnded |= Status.WOULD_BLOCK != state;
                return i;
            }
        }
        return RECEIVE_LIMIT;
    }

    private void onRequest()
    {
        final Message request = spare;
        if (isDown())
        {
            request.end(downOutcome);
            return;
        }
        ImportLink link = linksById.get(request.linkId());
        if (null == link)
        {
            link = open(request);
        }
        if (link.state >= ImportLink.REFUSED)
        {
            request.end(link.refusal);
            return;
        }
        final long id = request.id();
        final int slot = SlotDescriptor.slotIndex(id);
        spare = link.messages[slot];
        link.messages[slot] = request;
        link.take(slot, id);
        link.queue.addInt(slot);
    }

    private ImportLink open(final Message request)
    {
        final ImportLink link = new ImportLink(request, ++session.lastLinkNumber, slotCount);
        links.add(link);
        linksById.put(link.linkId, link);
        linksByNumber.put(link.number, link);
        return link;
    }

    private void onDispose(final long linkId, final long id)
    {
        final ImportLink link = linksById.get(linkId);
        final int slot = SlotDescriptor.slotIndex(id);
        // Another id in the slot: a later request was received first, from which the exporter concludes the same.
        if (null != link && link.ids[slot] == id)
        {
            if (ImportLink.REPLIED == link.states[slot])
            {
                link.dispose(slot);
            }
            else if (ImportLink.OFFERED != link.states[slot])
            {
                link.states[slot] = ImportLink.FREE;
            }
        }
    }

    /** Finds clients that have gone. A CLOSE implies the disposal of all messages of its client. */
    void dropGone()
    {
        for (int i = links.size() - 1; i >= 0; i--)
        {
            final ImportLink link = links.get(i);
            if (link.state < ImportLink.CLOSE_DUE && !port.isConnected(link.linkId))
            {
                close(link);
            }
            if (ImportLink.GONE == link.state)
            {
                links.remove(i);
                linksById.remove(link.linkId);
                linksByNumber.remove(link.number);
            }
        }
    }

    private void close(final ImportLink link)
    {
        if (link == replyLink)
        {
            abandonReply();
        }
        for (int slot = 0; slot < slotCount; slot++)
        {
            link.states[slot] = ImportLink.FREE;
            link.messages[slot].release();
        }
        link.state = ImportLink.OPEN_DUE == link.state ? ImportLink.GONE : Math.max(link.state, ImportLink.CLOSE_DUE);
    }

    // ---- to the exporter

    /** Sends what is due for a client; negative if the wire takes no more. */
    int send(final int index)
    {
        final ImportLink link = links.get(index);
        switch (link.state)
        {
            case ImportLink.OPEN_DUE:
                session.body.putInt(BodyDescriptor.OPEN_PID_OFFSET, link.credentials.pid(), FrameFlyweight.ORDER);
                session.body.putInt(BodyDescriptor.OPEN_UID_OFFSET, link.credentials.euid(), FrameFlyweight.ORDER);
                return advance(link, FrameDescriptor.OPEN, BodyDescriptor.OPEN_LENGTH, ImportLink.OPENING);
            case ImportLink.CLOSE_DUE:
                return advance(link, FrameDescriptor.CLOSE, 0, ImportLink.GONE);
            case ImportLink.OPEN:
                return sendDisposals(link) ? sendRequests(link) : -1;
            default:
                return 0;
        }
    }

    private int advance(final ImportLink link, final int type, final int length, final int state)
    {
        final boolean isSent = session.send(type, 0, link.number, 0, length);
        link.state = isSent ? state : link.state;
        return isSent ? 1 : -1;
    }

    private boolean sendDisposals(final ImportLink link)
    {
        for (int slot = 0; slot < slotCount && link.disposalCount > 0; slot++)
        {
            final long id = link.dueDisposals[slot];
            if (0 != id)
            {
                if (!session.send(FrameDescriptor.DISPOSE, 0, link.number, id, 0))
                {
                    return false;
                }
                link.endDisposal(slot);
            }
        }
        return true;
    }

    private int sendRequests(final ImportLink link)
    {
        int sent = 0;
        for (int slot = link.queue.peekInt(); slot >= 0 && sent < SEND_LIMIT; slot = link.queue.peekInt())
        {
            if (ImportLink.TAKEN == link.states[slot])
            {
                final Message request = link.messages[slot];
                // Set before the call that publishes it: whatever that call does, the request counts as offered (B7).
                link.states[slot] = ImportLink.OFFERED;
                if (!session.send(FrameDescriptor.REQUEST, 0, link.number, link.ids[slot],
                    request.buffer(), request.length()))
                {
                    link.states[slot] = ImportLink.TAKEN;
                    return -1;
                }
                session.counters.count(SessionCounter.REQUESTS);
                request.release();
                sent++;
            }
            link.queue.pollInt();
        }
        return sent;
    }

    // ---- from the exporter

    void onOpened(final int number, final int outcome)
    {
        final ImportLink link = linksByNumber.get(number);
        if (Outcome.REPLIED != outcome && !Outcome.mayEnd(outcome))
        {
            session.violation("OPENED with " + Outcome.text(outcome));
        }
        else if (null != link && ImportLink.OPENING == link.state && Outcome.REPLIED == outcome)
        {
            link.state = ImportLink.OPEN;
        }
        else if (null != link && ImportLink.OPENING == link.state)
        {
            link.state = ImportLink.REFUSED;
            link.refusal = outcome;
            endTaken(link, outcome);
            if (Outcome.UNREACHABLE == Outcome.kind(outcome))
            {
                // The exporter's region was full, which may pass: the next request opens a new link.
                close(link);
            }
        }
    }

    void onOutcome(final int number, final long id, final int outcome)
    {
        final ImportLink link = offered(number, id);
        if (!Outcome.mayEnd(outcome))
        {
            session.violation("OUTCOME " + Outcome.text(outcome));
        }
        else if (null != link)
        {
            session.counters.count(SessionCounter.OUTCOMES);
            end(link, SlotDescriptor.slotIndex(id), outcome);
        }
    }

    /** The link of a request that is offered and not ended; null, and counted, if the request is another. */
    private ImportLink offered(final int number, final long id)
    {
        final ImportLink link = linksByNumber.get(number);
        final int slot = SlotDescriptor.slotIndex(id);
        if (null != link && slot < slotCount && ImportLink.OFFERED == link.states[slot] && link.ids[slot] == id)
        {
            return link;
        }
        if (null != link && link.state < ImportLink.CLOSE_DUE)
        {
            // Only if its client has not gone in the meantime.
            session.counters.count(SessionCounter.DUPLICATES);
        }
        return null;
    }

    /** Returns the receiver of the reply; null if the reply is to be dropped. */
    Receiver beginReply(final int number, final long id, final int length)
    {
        replyLink = offered(number, id);
        replySlot = SlotDescriptor.slotIndex(id);
        final int status = null == replyLink ? Status.INVALID : port.claim(id, length, claim);
        if (null != replyLink && Status.OK != status)
        {
            notReplied(status);
        }
        return Status.OK == status ? this : null;
    }

    @Override
    void end()
    {
        final int status = claim.reply();
        if (Status.OK == status)
        {
            replyLink.states[replySlot] = ImportLink.REPLIED;
            session.counters.count(SessionCounter.REPLIES);
        }
        else
        {
            notReplied(status);
        }
    }

    /** The client cannot receive the reply: the exporter may drop it. */
    private void notReplied(final int status)
    {
        if (Status.NO_SPACE == status)
        {
            session.counters.count(SessionCounter.UNREACHABLE);
            port.end(replyLink.ids[replySlot], Outcome.UNREACHABLE | Outcome.RECEIVED);
        }
        replyLink.dispose(replySlot);
    }

    /** Drops the reply that is being written, so that its request can end with an outcome. */
    private void abandonReply()
    {
        if (null != session.receiver)
        {
            claim.cancel();
            session.receiver = null;
        }
    }

    // ---- the end

    private void end(final ImportLink link, final int slot, final int outcome)
    {
        link.states[slot] = ImportLink.ENDED;
        link.messages[slot].release();
        if (Outcome.UNREACHABLE == Outcome.kind(outcome))
        {
            session.counters.count(SessionCounter.UNREACHABLE);
        }
        // INVALID if its client has gone, which needs no outcome any more.
        port.end(link.ids[slot], outcome);
    }

    private void endTaken(final ImportLink link, final int outcome)
    {
        // Outcomes in the order of the requests.
        for (int slot = link.queue.pollInt(); slot >= 0; slot = link.queue.pollInt())
        {
            if (ImportLink.TAKEN == link.states[slot])
            {
                end(link, slot, outcome);
            }
        }
    }

    /**
     * The remote service is down: requests that were not offered end now. Those that were offered wait for the
     * exporter's outcome.
     */
    void down(final int outcome)
    {
        downOutcome = outcome;
        links.forEach((link) -> endTaken(link, outcome));
    }

    boolean hasOffered()
    {
        for (int i = 0; i < links.size() * slotCount; i++)
        {
            if (ImportLink.OFFERED == links.get(i / slotCount).states[i % slotCount])
            {
                return true;
            }
        }
        return false;
    }

    /** Called once every request has its outcome: makes the exporter drop the clients, before the port is closed. */
    void closeLinks()
    {
        links.forEach(this::close);
    }

    /** The exporter is lost: gives each request its outcome now. */
    void lose()
    {
        abandonReply();
        for (int i = 0; i < links.size() * slotCount; i++)
        {
            final ImportLink link = links.get(i / slotCount);
            if (ImportLink.OFFERED == link.states[i % slotCount])
            {
                end(link, i % slotCount, Outcome.UNREACHABLE | Outcome.RECEIVED);
            }
        }
        down(Outcome.UNREACHABLE);
    }

    /**
     * Called by another thread than the session's, which uses the port no more. Each request that was put until now
     * ends with the outcome of the remote service, not of this stand-in. A client that keeps putting does not delay
     * this: the close of the port ends its remaining requests.
     */
    @Override
    public void close()
    {
        for (int i = 0; i < FINAL_ROUNDS && 0 != receive(); i++)
        {
            Thread.onSpinWait();
        }
        port.close();
    }
}
