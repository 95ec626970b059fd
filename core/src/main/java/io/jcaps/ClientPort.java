/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import io.jcaps.link.Aborts;
import io.jcaps.link.ClaimToken;
import io.jcaps.link.ClientLink;
import io.jcaps.link.Delivery;
import io.jcaps.link.IncomingReplies;
import io.jcaps.link.ServiceState;
import io.jcaps.table.Connection;
import io.jcaps.wait.Deaths;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.IdleStrategy;

import java.lang.ref.Reference;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A connection to a service (R5): puts requests, receives their replies. Each accepted put has exactly one outcome as
 * long as the port is open (B1), whatever happens to the service.
 * <p>
 * Any thread may call, unless the port was opened with {@link PortOptions#singleThreaded}.
 */
public final class ClientPort extends Port
{
    private final PortOptions options;
    private final ClientLink link;
    private final ServiceState serviceState;
    private final IncomingReplies replies;
    private final Aborts aborts;
    private final ServiceEntry service;
    private final Credentials serviceCredentials;
    private final long[] lastCounters = new long[ClientCounter.values().length];
    private volatile long lastServiceGeneration;
    // Of next(): its memory, the thread that called it last, and the status that put(length) returns if it had no
    // memory.
    private final Claim nextClaim = new Claim();
    private Thread nextThread;
    private int nextRefusal = Status.OK;

    ClientPort(
        final OpenPorts openPorts,
        final Connection connection,
        final String name,
        final PortOptions options,
        final Credentials serviceCredentials)
    {
        super(openPorts, connection.portIndex(), connection.incarnation(), name, options);
        this.options = options.copy();
        this.serviceCredentials = serviceCredentials;
        final LinkEntry linkEntry = connection.link();
        link = new ClientLink(
            host, linkEntry, connection.incarnation(), serviceCredentials, this::linkEnded, this::linkGivenUp);
        serviceState = link.service();
        replies = link.replies();
        aborts = link.aborts();
        checkIds();
        service = new ServiceEntry(context, linkEntry);
        if (options.prefaultLength() > 0 && !link.prefault(options.prefaultLength()))
        {
            throw new CapsException(Status.NO_SPACE, "no memory left for payloads of " + options.prefaultLength() +
                " bytes in each of " + geometry.slotCount() + " slots: open the port with a smaller prefaultLength: " +
                "name=" + name + ", region=" + host.place());
        }
    }

    /**
     * Claims memory for a request, to be written in place and put without a copy (R13).
     *
     * @param length in bytes, 0 to the region's limit (R12).
     * @param claim  to fill; it must be spent.
     * @return {@link Status#OK}; {@link Status#NO_BUFFERS} if the limit of messages in progress is reached (R14);
     * {@link Status#NO_SPACE} if the region has no memory left; {@link Status#NOT_CONNECTED} if the service is gone
     * (R15) or the region was removed; {@link Status#ACCESS_DENIED} if the service did not admit this client (B1);
     * {@link Status#CLOSED}.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws IllegalStateException    if the claim is not spent.
     */
    public int claim(final int length, final Claim claim)
    {
        checkLength(length);
        claim.checkSpent();
        final int slot = reserve(length, claim.token());
        if (slot < 0)
        {
            return slot;
        }
        claim.fill(this, link.buffer(), slot, SlotTable.flags(length), link.payloadOffset(slot, length), length);
        return Status.OK;
    }

    /**
     * Puts a copy of some bytes as a request (R12).
     *
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @return a message id, positive, or a status as {@link #claim} returns.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws CapsException            with {@link Status#NO_BUFFERS} if the region has no message ids left.
     */
    public long put(final DirectBuffer source, final int index, final int length)
    {
        return put(source, index, length, 0, false);
    }

    /**
     * Puts a copy of some bytes as a request (R12), with a number of the caller's: see {@link Claim#put(int, long)}.
     *
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @param cookie any number; {@link Message#cookie()} returns it with the reply or other outcome.
     * @return as {@link #put(DirectBuffer, int, int)} does.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws CapsException            as {@link #put(DirectBuffer, int, int)} does.
     */
    public long put(final DirectBuffer source, final int index, final int length, final long cookie)
    {
        return put(source, index, length, cookie, false);
    }

    /**
     * Claims memory for the next request, to be written in place and put by {@link #put(int)}: a {@link Claim} without
     * the object. A second call releases the first buffer, as {@link #cancelNext()} does. Only one thread at a time may
     * call these three methods, whatever the port's options; other threads use claims. Only the thread that got the
     * buffer may write into it: after that thread has ended, the memory may be another client's.
     *
     * @param length in bytes, 0 to the region's limit (R12).
     * @return a buffer whose content is undefined, the same object each time. It is valid until the put, the cancel, or
     * until this thread closes the port. Null if there is no memory: {@link #put(int)} then returns the reason and puts
     * nothing.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public MutableDirectBuffer next(final int length)
    {
        nextClaim.cancel();
        final Thread thread = Thread.currentThread();
        if (nextThread != thread)
        {
            nextThread = thread;
        }
        nextRefusal = claim(length, nextClaim);
        // Also if the port was closed just now: put(length) reports it.
        return Status.OK == nextRefusal ? nextClaim.memory() : null;
    }

    /**
     * Releases the buffer of {@link #next} unused: its slot is free again (R14). Does nothing without a buffer.
     */
    public void cancelNext()
    {
        nextClaim.cancel();
        nextRefusal = Status.OK;
    }

    /**
     * Puts what was written into {@link #next} as a request (R12).
     *
     * @param length in bytes of what was written, from the buffer's beginning; at most the length that {@link #next}
     *               was called with.
     * @return as {@link Claim#put(int)} does; if {@link #next} returned no buffer, a status as {@link #claim} returns.
     * @throws IllegalStateException    if {@link #next} was not called before.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws CapsException            as {@link Claim#put(int)} does.
     */
    public long put(final int length)
    {
        if (nextClaim.isFilled())
        {
            nextClaim.checkLength(length);
            return put(nextClaim, length, 0, false);
        }
        final int result = nextRefusal;
        if (Status.OK == result)
        {
            throw new IllegalStateException("next() must be called before put(length): port=" + name());
        }
        nextRefusal = Status.OK;
        return result;
    }

    /**
     * Puts a copy of some bytes and waits for its reply or other outcome, whatever else is in progress (B5).
     *
     * @param source    of the bytes.
     * @param index     of the first one.
     * @param length    in bytes, 0 to the region's limit.
     * @param reply     to fill; it must not be in view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return {@link MessageState#REPLY}; a status as {@link #claim} returns if nothing was put; or
     * {@link Status#TIMED_OUT}, {@link Status#INTERRUPTED} or {@link Status#CLOSED} if the message was taken back:
     * {@code reply} then has its id and, in {@link Message#outcome()}, whether the service may have received it. If
     * nothing was put, its id is 0.
     * @throws IllegalArgumentException if the length or the time limit is out of its range.
     * @throws IllegalStateException    if the reply is in view.
     * @throws CapsException            as {@link #put(DirectBuffer, int, int)} does.
     */
    public int call(
        final DirectBuffer source, final int index, final int length, final Message reply, final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        return awaitReply(put(source, index, length, 0, true), reply, null, timeoutNs);
    }

    /**
     * Puts a copy of some bytes and waits for its reply or other outcome with the caller's idle strategy.
     *
     * @param source       of the bytes.
     * @param index        of the first one.
     * @param length       in bytes, 0 to the region's limit.
     * @param reply        to fill; it must not be in view.
     * @param idleStrategy called between polls.
     * @param timeoutNs    longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #call(DirectBuffer, int, int, Message, long)} does.
     */
    public int call(
        final DirectBuffer source,
        final int index,
        final int length,
        final Message reply,
        final IdleStrategy idleStrategy,
        final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        Objects.requireNonNull(idleStrategy, "idleStrategy");
        return awaitReply(put(source, index, length, 0, true), reply, idleStrategy, timeoutNs);
    }

    /**
     * Puts a claim and waits for its reply or other outcome, whatever else is in progress (B5).
     *
     * @param claim     of this port, filled.
     * @param length    in bytes of what was written.
     * @param reply     to fill; it must not be in view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #call(DirectBuffer, int, int, Message, long)} does.
     */
    public int call(final Claim claim, final int length, final Message reply, final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        checkClaim(claim, length);
        return awaitReply(put(claim, length, 0, true), reply, null, timeoutNs);
    }

    /**
     * Puts a claim and waits for its reply or other outcome with the caller's idle strategy.
     *
     * @param claim        of this port, filled.
     * @param length       in bytes of what was written.
     * @param reply        to fill; it must not be in view.
     * @param idleStrategy called between polls.
     * @param timeoutNs    longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #call(DirectBuffer, int, int, Message, long)} does.
     */
    public int call(
        final Claim claim,
        final int length,
        final Message reply,
        final IdleStrategy idleStrategy,
        final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        checkClaim(claim, length);
        Objects.requireNonNull(idleStrategy, "idleStrategy");
        return awaitReply(put(claim, length, 0, true), reply, idleStrategy, timeoutNs);
    }

    private void checkCall(final Message reply, final long timeoutNs)
    {
        reply.reuse(this);
        if (timeoutNs < 0)
        {
            throw new IllegalArgumentException("timeoutNs must not be negative: timeoutNs=" + timeoutNs);
        }
    }

    void checkClaim(final Claim claim, final int length)
    {
        claim.checkFilled();
        if (this != claim.client())
        {
            throw new IllegalArgumentException("claim was not made by this port: port=" + name());
        }
        claim.checkLength(length);
    }

    /**
     * Aborts a message (R29). The caller must still receive its outcome, as it receives a reply.
     *
     * @param id     of a message of this port that is in progress.
     * @param isHard whether the message is taken back even if the service has received it: its outcome is due at once,
     *               and a reply that the service still sends is disposed of.
     * @return one of {@link AbortResult}'s constants; {@link Status#INVALID} if no such message is in progress;
     * {@link Status#CLOSED}.
     */
    public int abort(final long id, final boolean isHard)
    {
        openPorts.checkOwnProcess();
        gate.enter();
        final int result;
        try
        {
            result = isClosed() ? endStatus() : aborts.abort(id, isHard);
        }
        finally
        {
            gate.exit();
        }
        if (result > 0)
        {
            wakeOwn();
        }
        return result;
    }

    /**
     * @return the service's generation (R28), also after the service has gone; after the close of this port, as it was
     * then.
     */
    public long serviceGeneration()
    {
        final long generation = service.generation();
        // If this port is open now, the entry was its service's when it was read.
        return isClosed() ? lastServiceGeneration : generation;
    }

    /**
     * @return number of the service's registration (B3), also after the service has gone: ports with the same number
     * are connected to the same registration.
     */
    public long serviceIncarnation()
    {
        return service.incarnation;
    }

    /**
     * @return messages in progress: claimed, put, or in view and not released (R14).
     */
    public int inProgress()
    {
        gate.enter();
        try
        {
            return link.inProgress();
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * The part of {@link #inProgress()} that was claimed and neither put nor cancelled. If the number only grows, the
     * program loses claims, and finally gets {@link Status#NO_BUFFERS}.
     *
     * @return claims that are not spent; also after the close, while such claims keep the link in use.
     */
    public int claimedCount()
    {
        gate.enter();
        try
        {
            return link.claimedCount();
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * The part of {@link #inProgress()} that is in view and not released: replies and other outcomes. If the number
     * only grows, the program forgets {@link Message#release()}.
     *
     * @return messages in view; 0 after the close, which ends all views.
     */
    public int heldCount()
    {
        gate.enter();
        try
        {
            return isClosed() ? 0 : link.heldCount();
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * Connects again, for example after {@link Status#NOT_CONNECTED}: closes this port, waits for a service of the same
     * name, uid and gid, and connects to the newest one with the same options.
     * <p>
     * First take the outcomes that are due, by {@code get} until {@link Status#NOT_CONNECTED}: they would be lost
     * otherwise (B1). If no service is registered in time, this port is closed nevertheless; call again. The new port
     * is in no {@link WaitSet}, has the generation of the options, and counts from 0.
     *
     * @param timeoutNs longest wait for a service in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return the new port.
     * @throws IllegalStateException if the outcome of a message was not taken, or a claim or view is in use: nothing
     *                               was closed then.
     * @throws CapsException         as {@link Attachment#client(String, PortOptions)} does with
     *                               {@link PortFlags#WAITSVC}.
     */
    public ClientPort reconnect(final long timeoutNs)
    {
        if (timeoutNs < 0)
        {
            throw new IllegalArgumentException("timeoutNs must not be negative: timeoutNs=" + timeoutNs);
        }
        checkNothingOpen();
        close();
        return new PortOpener(openPorts)
            .client(name(), options.copy().waitForService(timeoutNs, TimeUnit.NANOSECONDS));
    }

    private void checkNothingOpen()
    {
        gate.enter();
        try
        {
            if (!isClosed() && link.openCount() > 0)
            {
                throw new IllegalStateException("messages are in progress, take their outcomes before a new " +
                    "connection: claimed=" + link.claimedCount() + ", held=" + link.heldCount() + ", in all=" +
                    link.openCount() + ", port=" + name());
            }
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * The value of a counter of this client since it connected, also after its close. Any thread may call, whatever the
     * port's options.
     *
     * @param counter which counter to read.
     * @return its value.
     */
    public synchronized long counter(final ClientCounter counter)
    {
        // The port cannot end while this thread has the monitor; until it ends, the link is this port's.
        return isClosed() ? lastCounters[counter.ordinal()] : link.counter(counter);
    }

    @Override
    void keepLast()
    {
        lastServiceGeneration = service.generation();
        for (final ClientCounter counter : ClientCounter.values())
        {
            lastCounters[counter.ordinal()] = link.counter(counter);
        }
    }

    /**
     * @return whether the service is there, as far as this side has noticed; false if this port is closed.
     */
    public boolean isConnected()
    {
        return !isClosed() && !serviceState.isGone();
    }

    /**
     * How the service ended, as far as this side has noticed: the kind of outcome of each message without a reply. This
     * service's stand-in on another host (B7) passes it on.
     *
     * @return {@link Outcome#SERVICE_CLOSED}, {@link Outcome#SERVICE_DIED} or {@link Outcome#REFUSED};
     * {@link Outcome#REPLIED} while the service is there, and when this port is closed.
     */
    public int serviceEnd()
    {
        return isClosed() ? Outcome.REPLIED : serviceState.goneKind();
    }

    /**
     * @return whether the service stands in for one on another host ({@link PortOptions#imported}).
     */
    public boolean isServiceImported()
    {
        return service.isImported;
    }

    /**
     * @return the service's identity, as the operating system reports it.
     */
    public Credentials serviceCredentials()
    {
        return serviceCredentials;
    }

    /** Claims a slot: its index, or a status. {@code token} is null for a copy that is made at once. */
    private int reserve(final int length, final ClaimToken token)
    {
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            if (context.isRetired())
            {
                return Status.NOT_CONNECTED;
            }
            final int slot = link.claim(length, token);
            if (slot < 0)
            {
                return refused(slot, length);
            }
            if (null == token)
            {
                beginCopy();
            }
            return slot;
        }
        finally
        {
            gate.exit();
        }
    }

    private void checkIds()
    {
        if (!link.hasIds())
        {
            throw new CapsException(Status.NO_BUFFERS,
                "the region has no message ids left: remove it when no program " +
                "uses it, and create another: region=" + host.place());
        }
    }

    /** Within the gate: counts the reason why there is no slot. */
    private int refused(final int status, final int length)
    {
        if (Status.NO_SPACE == status)
        {
            return noSpace(length);
        }
        if (Status.NO_BUFFERS == status && link.countNoBuffers())
        {
            // Reported once until a put succeeds: a client that tries again and again would report nothing else.
            report.noBuffers(link.inProgress());
        }
        return status;
    }

    private long put(
        final DirectBuffer source, final int index, final int length, final long cookie, final boolean isCall)
    {
        Objects.requireNonNull(source, "source");
        checkLength(length);
        source.boundsCheck(index, length);
        final int slot = reserve(length, null);
        if (slot < 0)
        {
            return slot;
        }
        try
        {
            link.buffer().putBytes(link.payloadOffset(slot, length), source, index, length);
        }
        catch (final Throwable ex)
        {
            // A file that was cut short, or memory of the caller's that is gone.
            giveBack(slot, true);
            throw ex;
        }
        long id = Status.NO_BUFFERS;
        try
        {
            id = publish(slot, SlotTable.flags(length), length, cookie, isCall, true);
            return id;
        }
        finally
        {
            // Also if it threw, because the region has no message ids left.
            if (Status.NO_BUFFERS == id)
            {
                giveBack(slot, false);
            }
        }
    }

    long put(final Claim claim, final int length, final long cookie, final boolean isCall)
    {
        final long id = publish(claim.slotIndex(), claim.flags(), length, cookie, isCall, false);
        if (Status.NO_BUFFERS != id)
        {
            claim.spend();
        }
        return id;
    }

    private long publish(
        final int slot,
        final int flags,
        final int length,
        final long cookie,
        final boolean isCall,
        final boolean isCopied)
    {
        final long id;
        gate.enter();
        try
        {
            if (isCopied)
            {
                endCopy();
            }
            if (isClosed())
            {
                unclaimClosed(slot);
                return endStatus();
            }
            id = link.put(slot, flags, length, cookie, isCall);
            if (Status.NO_BUFFERS == id)
            {
                checkIds();
                refused(Status.NO_BUFFERS, length);
            }
        }
        finally
        {
            gate.exit();
        }
        if (id > 0 && !service.spins)
        {
            wakePeer(service.doorbell, 1, link);
        }
        return id;
    }

    void cancel(final Claim claim)
    {
        final int slot = claim.slotIndex();
        claim.spend();
        try
        {
            giveBack(slot, false);
        }
        finally
        {
            // The claim is reachable until its slot is free. Otherwise another thread could free the slot as that of a
            // dropped claim, and this thread would then free the slot of the next message in it.
            Reference.reachabilityFence(claim);
        }
    }

    private void giveBack(final int slot, final boolean isCopied)
    {
        gate.enter();
        try
        {
            if (isCopied)
            {
                endCopy();
            }
            if (isClosed())
            {
                unclaimClosed(slot);
            }
            else
            {
                link.unclaim(slot);
            }
        }
        finally
        {
            gate.exit();
        }
    }

    /** Within the gate: spends a claim after the close. Once the attachment has left, the link may be another's. */
    private void unclaimClosed(final int slot)
    {
        if (context.calls.begin())
        {
            try
            {
                synchronized (this)
                {
                    link.unclaim(slot);
                }
            }
            finally
            {
                context.calls.end();
            }
        }
    }

    /**
     * Calls a handler for each reply or other outcome that is there, in the order in which the replies were sent (R19).
     * The view ends when the handler returns, which disposes of the reply (R21). A buffer that the handler keeps is
     * empty after that, until the next message is shown in it.
     * <p>
     * The handler may put, abort, call, close the port, and call this method. This call throws what the handler throws;
     * the replies after that one stay for the next call.
     *
     * @param handler to call, on this thread; it gets no disposals.
     * @param limit   most messages, 1 or more.
     * @return number of calls of the handler, 0 if there was no message; {@link Status#NOT_CONNECTED} or
     * {@link Status#ACCESS_DENIED}, as {@link #get(Message)} returns them, once the service is gone and nothing more is
     * due; {@link #endStatus} if the port is closed.
     */
    @Override
    public int poll(final MessageHandler handler, final int limit)
    {
        Objects.requireNonNull(handler, "handler");
        checkLimit(limit);
        final Message message;
        final int aheadCount;
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            aheadCount = replies.lookAhead(limit);
            message = takeSpare();
        }
        finally
        {
            gate.exit();
        }
        // If lookAhead has found replies, only they are taken: a look for more would take the cache line of a reply
        // that the service is about to write. If it has found none, the call takes what there is, up to the limit.
        final int most = aheadCount > 0 ? aheadCount : limit;
        int count = 0;
        int result = Status.WOULD_BLOCK;
        try
        {
            while (count < most)
            {
                result = next(message);
                if (MessageState.REPLY != result)
                {
                    break;
                }
                count++;
                handler.onMessage(message);
            }
        }
        finally
        {
            endPoll(message);
        }
        return count > 0 ? count : Status.WOULD_BLOCK == result ? 0 : result;
    }

    /** Releases the last message and takes the next one. */
    private int next(final Message message)
    {
        gate.enter();
        try
        {
            endView(message.delivery());
            return isClosed() ? endStatus() : poll(message, messageLimit);
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
            if (!isClosed())
            {
                aborts.release(delivery.slot(), delivery.id());
            }
        }
    }

    @Override
    int poll(final Message message, final int lengthLimit)
    {
        return replies.poll(message.delivery(), lengthLimit);
    }

    @Override
    boolean hasNext()
    {
        return replies.hasNext();
    }

    private int awaitReply(
        final long id, final Message reply, final IdleStrategy idleStrategy, final long timeoutNs)
    {
        if (id < 0)
        {
            // Nothing was put: the reply must not show the message of the call before.
            reply.delivery().clear();
            return (int)id;
        }
        int result = Status.INTERRUPTED;
        boolean isThrown = true;
        try
        {
            result = null == idleStrategy ?
                await(reply, messageLimit, timeoutNs, id) : await(reply, messageLimit, idleStrategy, timeoutNs, id);
            isThrown = false;
        }
        finally
        {
            if (isThrown)
            {
                // The idle strategy threw, or there was no memory to sleep with: no thread waits for the reply now.
                takeBack(id, reply, result);
                reply.release();
            }
        }
        if (Status.TIMED_OUT == result || Status.INTERRUPTED == result)
        {
            return takeBack(id, reply, result);
        }
        if (result < 0)
        {
            showClosed(id, reply);
        }
        return result;
    }

    /** Shows a message that the close took back: the service may have received it, and nothing more is known. */
    private void showClosed(final long id, final Message reply)
    {
        replies.showClosed(id, reply.delivery());
    }

    @Override
    int getReply(final Message message, final long callId)
    {
        final int slot = SlotDescriptor.slotIndex(callId);
        if (!replies.mayHaveReply(slot, callId) && !isClosed())
        {
            return Status.WOULD_BLOCK;
        }
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            return replies.takeReply(slot, message.delivery());
        }
        finally
        {
            gate.exit();
        }
    }

    private int takeBack(final long id, final Message reply, final int result)
    {
        gate.enter();
        try
        {
            if (isClosed())
            {
                showClosed(id, reply);
                return endStatus();
            }
            if (MessageState.REPLY == replies.takeBack(id, reply.delivery()))
            {
                return MessageState.REPLY;
            }
        }
        finally
        {
            gate.exit();
        }
        reply.release();
        return result;
    }

    @Override
    void end()
    {
        gate.enter();
        try
        {
            link.close();
        }
        finally
        {
            gate.exit();
        }
        if (!gate.isShared() || Thread.currentThread() == nextThread || isNextThreadDead())
        {
            // No other thread can be writing into the buffer of next().
            nextClaim.cancel();
        }
        // A close wakes no thread: it delivers only disposals to the service (R21, R24).
        service.raiseEvent();
        entry.free(incarnation());
    }

    /**
     * Whether the thread that called next() last has ended, and so cannot spend the buffer. Called after this thread
     * was within the gate, as that thread was when it got the buffer: so its store of nextThread is seen.
     */
    private boolean isNextThreadDead()
    {
        return null != nextThread && !nextThread.isAlive();
    }

    /** Called when this side finds that the link has ended: all waiting threads must look. */
    void linkEnded()
    {
        if (!isClosed())
        {
            wakeOwn();
        }
        if (serviceState.isGivenUp())
        {
            service.raiseEvent();
        }
    }

    /** Within the gate. */
    private void linkGivenUp(final String reason)
    {
        report.corrupt(link.linkIndex(), reason);
    }

    @Override
    boolean peerCannotWake()
    {
        return service.cannotWake;
    }

    @Override
    int wakeLimit()
    {
        return Integer.MAX_VALUE;
    }

    @Override
    boolean releaseDroppedClaims()
    {
        if (isNextThreadDead() && nextClaim.isFilled())
        {
            final int slot = nextClaim.slotIndex();
            nextClaim.spend();
            link.unclaim(slot);
        }
        return link.releaseDropped();
    }

    @Override
    int servicePortIndex()
    {
        return service.portIndex;
    }

    @Override
    int claimsNow()
    {
        return link.claimedCount();
    }

    @Override
    int viewsNow()
    {
        return link.heldCount();
    }

    @Override
    void watch(final Deaths deaths)
    {
        if (!serviceState.isEndKnown() &&
            deaths.isDead(serviceState.processIndex(), serviceState.processIncarnation()) && serviceState.died())
        {
            report.peerDied(true, link.linkIndex());
        }
    }
}
