/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.RegionException;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import io.jcaps.link.Delivery;
import io.jcaps.link.LinkSet;
import io.jcaps.link.ServiceLink;
import io.jcaps.table.Acceptor;
import io.jcaps.table.PortSpec;
import io.jcaps.wait.Deaths;
import org.agrona.DirectBuffer;

import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A registered service (R1): receives the requests of its clients and replies to them, in any order.
 * <p>
 * Any thread may call, and several may wait: each gets different messages. With {@link PortOptions#singleThreaded} only
 * one thread at a time may call.
 */
public final class ServicePort extends Port
{
    /** After each 256 requests the port looks for disposals, however busy it is. */
    private static final int DISPOSAL_LOOK_MASK = 255;
    /** Of this many consecutive calls of poll() without a request, one also looks at clients with many replies out. */
    private static final int THOROUGH_LOOK_INTERVAL = 32;
    private static final long CLOSE_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(100);
    // Results of next() beside the id of a disposal, which is positive.
    private static final long NEXT_NOTHING = 0;
    private static final long NEXT_REQUEST = -1;

    private final PortSpec spec;
    private final LinkSet links;
    private final Acceptor acceptor;
    private final long[] lastCounters = new long[ServiceCounter.values().length];
    private int requestCount;
    private int emptyPollCount;
    private boolean isEntryClosed;

    ServicePort(
        final OpenPorts openPorts,
        final int portIndex,
        final long incarnation,
        final PortSpec spec,
        final PortOptions options)
    {
        super(openPorts, portIndex, incarnation, spec.name(), options);
        this.spec = spec;
        links = new LinkSet(tables, entry, this::linkGivenUp);
        acceptor = new Acceptor(host, context.registry, context.peers,
            context.wakeUps, report, links, spec, entry, incarnation, options.prefaultLength());
    }

    /**
     * @return user id that the service is registered under, or {@link PortOptions#ANY}.
     */
    public int uid()
    {
        return spec.uid();
    }

    /**
     * @return group id that the service is registered under, or {@link PortOptions#ANY}.
     */
    public int gid()
    {
        return spec.gid();
    }

    /**
     * Accepts and drops clients, and counts the connected ones.
     *
     * @return clients that are connected, as far as this side has noticed; 0 if this port is closed.
     */
    public int clientCount()
    {
        gate.enter();
        try
        {
            if (isClosed())
            {
                return 0;
            }
            acceptor.acceptAndDrop();
            return links.links().length;
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * The sum of a counter over all clients of this service, those that have gone included; also after its close. Any
     * thread may call, whatever the port's options.
     *
     * @param counter which counter to read.
     * @return the sum.
     */
    public synchronized long counter(final ServiceCounter counter)
    {
        // The port cannot end while this thread has the monitor; until it ends, only dropGone() removes links.
        return isClosed() ? lastCounters[counter.ordinal()] : links.total(counter);
    }

    @Override
    void keepLast()
    {
        for (final ServiceCounter counter : ServiceCounter.values())
        {
            lastCounters[counter.ordinal()] = links.total(counter);
        }
    }

    /**
     * Replies to a request with a copy of some bytes (R20). A disposal with the same id returns the reply's memory to
     * the service (R21).
     *
     * @param id     of a request that this port received and that has no reply yet. Its payload need not have been
     *               retrieved (R17).
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @return {@link Status#OK}; {@link Status#INVALID} if there is no such request, its reply is being written, or its
     * client is gone; {@link Status#NO_SPACE} if the region has no memory left: the request still waits for its reply;
     * {@link Status#CLOSED}.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int reply(final long id, final DirectBuffer source, final int index, final int length)
    {
        return reply(null, id, source, index, length);
    }

    /**
     * Claims memory for a reply, to be written in place and sent without a copy (R20).
     *
     * @param id     of a request that this port received and that has no reply yet.
     * @param length in bytes, 0 to the region's limit.
     * @param claim  to fill; it must be spent.
     * @return as {@link #reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws IllegalStateException    if the claim is not spent.
     */
    public int claim(final long id, final int length, final Claim claim)
    {
        return claim(null, id, length, claim);
    }

    /**
     * Ends a request with an outcome instead of a reply. This is for the stand-in of a service on another host (B7),
     * which reports how the request ended there. Without {@link Outcome#RECEIVED} it promises that no process has acted
     * on the request and none will. The client gets the outcome as that of its message (B1). In all else this is a
     * reply of 0 bytes: it has its place among the replies (R19), never fails for lack of room (R20), and its disposal
     * comes when the client has finished with it (R21).
     *
     * @param id      of a request that this port received and that has no reply yet.
     * @param outcome {@link Outcome#SERVICE_CLOSED}, {@link Outcome#SERVICE_DIED} or {@link Outcome#UNREACHABLE}, with
     *                {@link Outcome#RECEIVED} set or not; or {@link Outcome#REFUSED}. A stand-in can pass on such an
     *                outcome of another message unchanged.
     * @return {@link Status#OK}; {@link Status#INVALID} if there is no such request, its reply is being written, or its
     * client is gone; {@link Status#CLOSED}.
     * @throws IllegalArgumentException if no service may end a request with this outcome: {@link Outcome#mayEnd}.
     */
    public int end(final long id, final int outcome)
    {
        return end(null, id, outcome);
    }

    /**
     * Whether a client is still connected, as far as this side has noticed: it has neither closed its port nor died.
     *
     * @param linkId of a connection: {@link Message#linkId()}.
     * @return false if the client is gone or was never connected to this port, or if this port is closed.
     */
    public boolean isConnected(final long linkId)
    {
        gate.enter();
        try
        {
            if (!isClosed())
            {
                final ServiceLink link = links.byLinkId(linkId);
                return null != link && !link.isClientGone();
            }
            return false;
        }
        finally
        {
            gate.exit();
        }
    }

    // ---- receiving

    /**
     * Receives requests as a batch and calls a handler for each, and for each disposal. Several requests cost one look
     * at each cache line and one fence together: the form for many messages in flight.
     * <p>
     * All requests of a batch count as received from the moment at which the batch is collected (B1). If the process
     * dies before the handler is called for a request, the outcome says that the service may have received it. If the
     * port is closed before, the outcome says that the service has not. A request that its client takes back in the
     * meantime is not handed out (R29). The batch belongs to the port: other threads that poll or get take the rest.
     * <p>
     * A disposal comes with the next request that its client puts in the same slot. A call that finds no request looks
     * for disposals: for those of clients with more than four replies out only every 32nd time in a row.
     * <p>
     * The handler may reply to its message or to others, leave its message for a later reply by id, close the port, and
     * call this method. {@code limit} counts requests; disposals are delivered beside them. The view ends when the
     * handler returns: a buffer that it keeps is empty after that, until the next message is shown in it.
     *
     * @param handler to call, on this thread.
     * @param limit   most requests, 1 or more.
     * @return number of calls of the handler, 0 if there was no message; {@link #endStatus} if the port is closed.
     */
    @Override
    public int poll(final MessageHandler handler, final int limit)
    {
        Objects.requireNonNull(handler, "handler");
        checkLimit(limit);
        final Message message;
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            prepareBatch(limit);
            message = takeSpare();
        }
        finally
        {
            gate.exit();
        }
        int requestCount = 0;
        int disposalCount = 0;
        try
        {
            while (true)
            {
                final long next = next(message, requestCount < limit);
                if (NEXT_REQUEST == next)
                {
                    requestCount++;
                    handler.onMessage(message);
                }
                else if (next > 0)
                {
                    disposalCount++;
                    handler.onDispose(next);
                }
                else
                {
                    break;
                }
            }
        }
        finally
        {
            endPoll(message);
        }
        return requestCount + disposalCount;
    }

    /** Within the gate: collects requests, unless some of the last batch are left. */
    private void prepareBatch(final int limit)
    {
        acceptAndDropIfDue();
        if (links.hasRequestWaiting())
        {
            return;
        }
        final int count = links.collect(limit);
        if (0 == count)
        {
            // With several messages in flight, the next requests bring the disposals, and a look would take the cache
            // lines to which the client is about to write. So it is made only if no request has come for a while.
            emptyPollCount++;
            links.findDisposed(0 == emptyPollCount % THOROUGH_LOOK_INTERVAL);
            return;
        }
        emptyPollCount = 0;
        if (isDisposalLookDue(count))
        {
            links.findDisposed(true);
        }
    }

    /** Ends the view of the last message and takes the next one: a disposal's id, a request, or nothing. */
    private long next(final Message message, final boolean mayTakeRequest)
    {
        final Delivery delivery = message.delivery();
        message.dropReplyBuffer();
        gate.enter();
        try
        {
            endView(delivery);
            if (isClosed())
            {
                return NEXT_NOTHING;
            }
            // A client that has closed in the meantime is dropped, and with it the rest of its batch (R24).
            acceptAndDropIfDue();
            if (links.hasDisposal())
            {
                return links.takeDisposal();
            }
            if (mayTakeRequest && links.hasRequestWaiting())
            {
                final int result = links.takeRequestWaiting(delivery, messageLimit);
                return MessageState.REQUEST == result ? NEXT_REQUEST : NEXT_NOTHING;
            }
            return NEXT_NOTHING;
        }
        finally
        {
            gate.exit();
        }
    }

    @Override
    void endView(final Delivery delivery)
    {
        if (delivery.isView())
        {
            delivery.endView();
            delivery.link().views().endView(delivery.slot(), delivery.id());
            lookWhetherOver(delivery.link());
        }
    }

    /**
     * Within the gate, after one or several requests: whether it is time to look for disposals, however busy the port
     * is.
     */
    private boolean isDisposalLookDue(final int count)
    {
        final int former = requestCount;
        requestCount += count;
        return (former & ~DISPOSAL_LOOK_MASK) != (requestCount & ~DISPOSAL_LOOK_MASK);
    }

    /** Within the gate. */
    private void acceptAndDropIfDue()
    {
        if (acceptor.isDue())
        {
            acceptor.acceptAndDrop();
        }
    }

    @Override
    int poll(final Message message, final int lengthLimit)
    {
        final Delivery delivery = message.delivery();
        acceptAndDropIfDue();
        if (links.hasWaiting())
        {
            final int waiting = links.takeWaiting(delivery, lengthLimit);
            if (Status.WOULD_BLOCK != waiting)
            {
                return waiting;
            }
        }
        final int result = links.poll(delivery, lengthLimit);
        if (Status.WOULD_BLOCK == result)
        {
            links.findDisposed(true);
            return links.hasWaiting() ? links.takeWaiting(delivery, lengthLimit) : Status.WOULD_BLOCK;
        }
        if (isDisposalLookDue(1))
        {
            // The disposals of a client that puts nothing more must not wait until all other clients are silent, too.
            // They are delivered after this request.
            links.findDisposed(true);
        }
        return result;
    }

    /** Within the gate: reports a link that was given up; the next look drops it. */
    private void linkGivenUp(final ServiceLink link, final String reason)
    {
        acceptor.raise();
        report.corrupt(link.linkIndex(), reason);
    }

    @Override
    boolean hasNext()
    {
        if (links.hasWaiting())
        {
            return true;
        }
        acceptAndDropIfDue();
        if (links.hasRequest())
        {
            return true;
        }
        links.findDisposed(true);
        return links.hasWaiting();
    }

    @Override
    int getReply(final Message message, final long callId)
    {
        throw new IllegalStateException("a service makes no calls");
    }

    // ---- replying

    /** {@code givenLink} is the link that the request came by, null if only its id is known. */
    int reply(
        final ServiceLink givenLink, final long id, final DirectBuffer source, final int index, final int length)
    {
        return reply(givenLink, id, SlotTable.flags(length), source, index, length);
    }

    private int reply(
        final ServiceLink givenLink,
        final long id,
        final int flags,
        final DirectBuffer source,
        final int index,
        final int length)
    {
        Objects.requireNonNull(source, "source");
        checkLength(length);
        source.boundsCheck(index, length);
        final int slot = SlotDescriptor.slotIndex(id);
        final ServiceLink link;
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            link = null == givenLink ? links.byMessageId(id) : givenLink;
            final int status = null == link ? Status.INVALID : link.beginCopy(slot, id, length);
            if (Status.OK != status)
            {
                return Status.NO_SPACE == status ? noSpace(length) : status;
            }
            // The client may go while this thread is outside the gate: the link stays this port's until the copy ends.
            beginCopy();
        }
        finally
        {
            gate.exit();
        }
        try
        {
            link.buffer().putBytes(link.replyPayloadOffset(slot, length), source, index, length);
        }
        catch (final Throwable ex)
        {
            // For example, the region's file was truncated, or the caller's memory is gone.
            undoCopy(link, slot);
            throw ex;
        }
        return publish(link, slot, id, flags, length, null);
    }

    /** As {@link #reply(ServiceLink, long, DirectBuffer, int, int)}. */
    int end(final ServiceLink givenLink, final long id, final int outcome)
    {
        if (!Outcome.mayEnd(outcome))
        {
            throw new IllegalArgumentException("outcome must be SERVICE_CLOSED, SERVICE_DIED or UNREACHABLE, each " +
                "with or without RECEIVED, or REFUSED: outcome=" + Outcome.text(outcome));
        }
        return reply(givenLink, id, outcome << SlotDescriptor.OUTCOME_SHIFT, Claim.NONE, 0, 0);
    }

    private void undoCopy(final ServiceLink link, final int slot)
    {
        gate.enter();
        try
        {
            link.views().endCopy(slot);
            endCopy();
            lookWhetherOver(link);
        }
        finally
        {
            gate.exit();
        }
    }

    /** As {@link #reply(ServiceLink, long, DirectBuffer, int, int)}. */
    int claim(final ServiceLink givenLink, final long id, final int length, final Claim claim)
    {
        checkLength(length);
        claim.checkSpent();
        final int slot = SlotDescriptor.slotIndex(id);
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            final ServiceLink link = null == givenLink ? links.byMessageId(id) : givenLink;
            final int status = null == link ? Status.INVALID : link.claim(slot, id, length, claim.token());
            if (Status.OK != status)
            {
                return Status.NO_SPACE == status ? noSpace(length) : status;
            }
            claim.fill(
                this, link, id, slot, SlotTable.flags(length), link.replyPayloadOffset(slot, length), length);
            return Status.OK;
        }
        finally
        {
            gate.exit();
        }
    }

    int reply(final Claim claim, final int length)
    {
        return publish(claim.link(), claim.slotIndex(), claim.id(), claim.flags(), length, claim);
    }

    void cancel(final Claim claim)
    {
        gate.enter();
        try
        {
            endClaim(claim);
        }
        finally
        {
            gate.exit();
        }
    }

    /** Within the gate. */
    private void endClaim(final Claim claim)
    {
        // It is spent already if the request was given up in the meantime.
        if (claim.isFilled())
        {
            final ServiceLink link = claim.link();
            claim.spend();
            if (Status.CLOSED == endStatus())
            {
                endClaimClosed(link, claim.slotIndex(), claim.id());
            }
            else
            {
                link.views().endClaim(claim.slotIndex(), claim.id());
                lookWhetherOver(link);
            }
        }
    }

    /** Spends a claim after the close. Once the attachment has left, the link may be another's. */
    private void endClaimClosed(final ServiceLink link, final int slot, final long id)
    {
        if (context.calls.begin())
        {
            try
            {
                synchronized (this)
                {
                    link.views().endClaim(slot, id);
                    link.releaseClosed();
                }
            }
            finally
            {
                context.calls.end();
            }
        }
    }

    private void lookWhetherOver(final ServiceLink link)
    {
        if (link.isOver())
        {
            acceptor.raise();
        }
    }

    /**
     * Replies with 0 bytes to a request whose handler failed, unless the request has a reply. An unspent claim for its
     * reply becomes void.
     */
    void giveUp(final Message request)
    {
        final ServiceLink link = request.delivery().link();
        final long id = request.id();
        final int slot = SlotDescriptor.slotIndex(id);
        gate.enter();
        try
        {
            if (link.views().claimOf(slot, id) instanceof Claim claim)
            {
                endClaim(claim);
            }
        }
        finally
        {
            gate.exit();
        }
        reply(link, id, Claim.NONE, 0, 0);
    }

    private int publish(
        final ServiceLink link,
        final int slot,
        final long id,
        final int flags,
        final int length,
        final Claim claim)
    {
        gate.enter();
        try
        {
            // The claim is void if its request was given up in the meantime.
            final boolean isVoid = null != claim && !claim.isFilled();
            if (null == claim)
            {
                endCopy();
                link.views().endCopy(slot);
                lookWhetherOver(link);
            }
            else
            {
                endClaim(claim);
            }
            if (isClosed())
            {
                return endStatus();
            }
            if (isVoid || !link.isHeld(slot, id))
            {
                return Status.INVALID;
            }
            links.replied(link, id);
            if (!link.reply(slot, id, flags, length))
            {
                links.giveUp(link, "the reply ring's head");
                return Status.INVALID;
            }
        }
        finally
        {
            gate.exit();
        }
        if (!link.clientSpins())
        {
            wakePeer(link.clientDoorbell(), Integer.MAX_VALUE, link);
        }
        return Status.OK;
    }

    // ---- the end, and the watch over the clients

    @Override
    void end()
    {
        // From here on no client finds the service; a client that is connecting checks the entry again once its link is
        // open. The entry is closed once, even if the rest is repeated: any process may free a closed entry, and then
        // it may be another port's.
        if (!isEntryClosed)
        {
            closeEntry();
        }
        isEntryClosed = true;
        acceptor.closeLinks(gate);
    }

    /**
     * Closes the entry if it is this port's. Under the tables' lock, no process that finds this one dead can give the
     * entry to another port between the check and the store. A stopped process that holds the lock for long does not
     * block the close.
     */
    private void closeEntry()
    {
        final boolean isLocked = lockTables();
        try
        {
            if (entry.incarnation() == incarnation())
            {
                entry.close();
            }
        }
        finally
        {
            if (isLocked)
            {
                host.unlockTables();
            }
        }
    }

    /**
     * Tries to take the tables' lock. The close goes on without it, because the clients wait: after 100 ms, if the
     * operating system refuses the lock, or at once if the last close of a service did not get it, because an
     * attachment may close thousands of services.
     */
    private boolean lockTables()
    {
        try
        {
            final boolean isLocked = host.lockTables(context.isTablesLockMissed() ? 0 : CLOSE_TIMEOUT_NS);
            context.tablesLockMissed(!isLocked);
            return isLocked;
        }
        catch (final RegionException ex)
        {
            report.failed(ex);
            return false;
        }
    }

    @Override
    boolean releaseDroppedClaims()
    {
        return links.releaseDroppedClosed();
    }

    @Override
    int servicePortIndex()
    {
        return portIndex;
    }

    @Override
    boolean peerCannotWake()
    {
        for (final ServiceLink link : links.links())
        {
            if (link.client().cannotWake())
            {
                return true;
            }
        }
        return false;
    }

    @Override
    int wakeLimit()
    {
        return 1;
    }

    @Override
    int claimsNow()
    {
        return links.claimedCount();
    }

    @Override
    int viewsNow()
    {
        return links.heldCount();
    }

    @Override
    void watch(final Deaths deaths)
    {
        if (acceptor.watch(deaths))
        {
            wakeOwn();
        }
        if (gate.isShared() && acceptor.isDue())
        {
            // A service that sleeps for long must not keep the links of clients that have gone: a close of a client
            // wakes no thread (R21).
            gate.enter();
            try
            {
                if (!isClosed())
                {
                    acceptor.acceptAndDrop();
                }
            }
            finally
            {
                gate.exit();
            }
        }
    }
}
