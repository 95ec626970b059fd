/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;

import java.util.Objects;

/**
 * A connection to a service (R5): puts requests, receives their replies. Each accepted put has exactly one outcome as
 * long as the port is open (B1), whatever becomes of the service.
 * <p>
 * Any thread may call, unless the port was opened with {@link PortOptions#singleThreaded}.
 */
public final class ClientPort extends Port
{
    private final ClientLink link;
    private final int serviceSleepersOffset;
    private final int serviceEventsOffset;
    private final int serviceGenerationOffset;
    private final boolean serviceSpins;
    private final boolean mustLook;
    private final long serviceIncarnation;
    private final Credentials serviceCredentials;
    private final long[] lastCounters = new long[ClientCounter.values().length];

    ClientPort(
        final Attachment attachment,
        final int portIndex,
        final long incarnation,
        final String name,
        final PortOptions options,
        final int linkIndex,
        final Credentials serviceCredentials)
    {
        super(attachment, portIndex, incarnation, name, options);
        this.serviceCredentials = serviceCredentials;
        final LinkEntry linkEntry = new LinkEntry(tables, geometry).wrap(linkIndex);
        link = new ClientLink(this, host, linkIndex, linkEntry, serviceCredentials);
        serviceIncarnation = linkEntry.servicePortIncarnation();
        final PortEntry service = new PortEntry(tables, geometry).wrap(linkEntry.servicePortIndex());
        serviceSleepersOffset = service.sleepersOffset();
        serviceEventsOffset = service.eventsOffset();
        serviceGenerationOffset = service.generationOffset();
        serviceSpins = (service.flags() & PortFlags.SPINS) != 0;
        mustLook = (service.flags() & PortFlags.CANNOT_WAKE) != 0;
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
     * @param claim  to fill; must be spent.
     * @return {@link Status#OK}; {@link Status#NO_BUFFERS} if as many messages as may be are in progress (R14);
     * {@link Status#NO_SPACE} if the region finds no memory; {@link Status#NOT_CONNECTED} if the service is gone (R15);
     * {@link Status#CLOSED}.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int claim(final int length, final Claim claim)
    {
        checkLength(length);
        claim.checkSpent();
        final int slot = reserve(length, false);
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
     * @return a message id, positive, or a status as {@link #claim} gives.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public long put(final DirectBuffer source, final int index, final int length)
    {
        return put(source, index, length, false);
    }

    /**
     * Puts a copy of some bytes and waits for the reply to it, whatever else is in progress (B5).
     *
     * @param source    of the bytes.
     * @param index     of the first one.
     * @param length    in bytes, 0 to the region's limit.
     * @param reply     to show it; must not be a view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return {@link MessageState#REPLY}; a status as {@link #claim} gives, nothing was put then; or
     * {@link Status#TIMED_OUT}, {@link Status#INTERRUPTED}, {@link Status#CLOSED}: then the message was taken back, and
     * {@code reply} tells its id and, by {@link Message#outcome()}, whether the service may have received it.
     */
    public int call(
        final DirectBuffer source, final int index, final int length, final Message reply, final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        return awaitReply(put(source, index, length, true), reply, null, timeoutNs);
    }

    /**
     * Puts a copy of some bytes and waits for the reply to it in the caller's way.
     *
     * @param source       of the bytes.
     * @param index        of the first one.
     * @param length       in bytes, 0 to the region's limit.
     * @param reply        to show it; must not be a view.
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
        return awaitReply(put(source, index, length, true), reply, idleStrategy, timeoutNs);
    }

    /**
     * Puts a claim and waits for the reply to it, whatever else is in progress (B5).
     *
     * @param claim     of this port, filled.
     * @param length    in bytes of what was written.
     * @param reply     to show it; must not be a view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #call(DirectBuffer, int, int, Message, long)} does.
     */
    public int call(final Claim claim, final int length, final Message reply, final long timeoutNs)
    {
        checkCall(reply, timeoutNs);
        checkClaim(claim, length);
        return awaitReply(put(claim, length, true), reply, null, timeoutNs);
    }

    /**
     * Puts a claim and waits for the reply to it in the caller's way.
     *
     * @param claim        of this port, filled.
     * @param length       in bytes of what was written.
     * @param reply        to show it; must not be a view.
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
        return awaitReply(put(claim, length, true), reply, idleStrategy, timeoutNs);
    }

    private static void checkCall(final Message reply, final long timeoutNs)
    {
        reply.reuse();
        if (timeoutNs < 0)
        {
            throw new IllegalArgumentException("timeoutNs must not be negative: timeoutNs=" + timeoutNs);
        }
    }

    private void checkClaim(final Claim claim, final int length)
    {
        claim.checkFilled();
        if (this != claim.client())
        {
            throw new IllegalArgumentException("claim was not made by this port: port=" + name());
        }
        claim.checkLength(length);
    }

    /**
     * Takes a message back (R29). Its outcome must still be received, as a reply.
     *
     * @param id     of a message of this port that is in progress.
     * @param isHard at the service, too: the outcome comes now. The service's reply, if it makes one, is disposed of.
     * @return one of {@link AbortResult}'s constants; {@link Status#INVALID} if no such message is in progress;
     * {@link Status#CLOSED}.
     */
    public int abort(final long id, final boolean isHard)
    {
        attachment.checkOwnProcess();
        gate.enter();
        final int result;
        try
        {
            result = isClosed() ? endStatus() : link.abort(id, isHard);
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
     * @return the service's generation (R28), also after it went.
     */
    public long serviceGeneration()
    {
        // [generation] acquire: pairs with the release in Port.generation(long).
        return tables.getLongAcquire(serviceGenerationOffset);
    }

    /**
     * @return number of the service's registration (B3): two ports with the same one are connected to the same life of
     * the service, also after it went.
     */
    public long serviceIncarnation()
    {
        return serviceIncarnation;
    }

    /**
     * @return messages in progress: claimed, put, or shown and not released (R14).
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
     * What this client has counted since it was connected; also after it was closed. Any thread may call, also of a
     * port that one thread uses at a time.
     *
     * @param counter of what.
     * @return how many.
     */
    public synchronized long counter(final ClientCounter counter)
    {
        // Under the monitor the end cannot come in between: until then the link is this port's.
        return isClosed() ? lastCounters[counter.ordinal()] : link.counter(counter);
    }

    @Override
    void keepCounters()
    {
        for (final ClientCounter counter : ClientCounter.values())
        {
            lastCounters[counter.ordinal()] = link.counter(counter);
        }
    }

    /**
     * @return whether the service is there, as far as this side has noticed.
     */
    public boolean isConnected()
    {
        return !isClosed() && !link.isServiceGone();
    }

    /**
     * @return who the service is, by the word of the operating system.
     */
    public Credentials serviceCredentials()
    {
        return serviceCredentials;
    }

    private int reserve(final int length, final boolean isCopy)
    {
        gate.enter();
        try
        {
            if (isClosed())
            {
                return endStatus();
            }
            if (attachment.isRetired())
            {
                return Status.NOT_CONNECTED;
            }
            final int slot = link.reserve(length);
            if (isCopy && slot >= 0)
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

    private long put(final DirectBuffer source, final int index, final int length, final boolean isCall)
    {
        Objects.requireNonNull(source, "source");
        checkLength(length);
        source.boundsCheck(index, length);
        final int slot = reserve(length, true);
        if (slot < 0)
        {
            return slot;
        }
        try
        {
            link.copy(slot, source, index, length);
        }
        catch (final Throwable ex)
        {
            // A file that was cut short, or memory of the caller's that is gone.
            giveBack(slot, true);
            throw ex;
        }
        final long id = publish(slot, SlotTable.flags(length), length, isCall, true);
        if (Status.NO_BUFFERS == id)
        {
            giveBack(slot, false);
        }
        return id;
    }

    long put(final Claim claim, final int length, final boolean isCall)
    {
        final long id = publish(claim.slotIndex(), claim.flags(), length, isCall, false);
        if (Status.NO_BUFFERS != id)
        {
            claim.spend();
        }
        return id;
    }

    private long publish(
        final int slot, final int flags, final int length, final boolean isCall, final boolean isCopied)
    {
        final long id;
        gate.enter();
        try
        {
            if (isCopied)
            {
                endCopy();
            }
            id = isClosed() ? endStatus() : link.publish(slot, flags, length, isCall);
        }
        finally
        {
            gate.exit();
        }
        if (id > 0 && !serviceSpins)
        {
            final int wakeUps = wakePeer(serviceSleepersOffset, 1);
            if (wakeUps > 0)
            {
                countWakeUps(wakeUps);
            }
        }
        return id;
    }

    /** Behind a system call, so that another time through the gate is of no matter. */
    private void countWakeUps(final int count)
    {
        gate.enter();
        try
        {
            if (!isClosed())
            {
                link.countWakeUps(count);
            }
        }
        finally
        {
            gate.exit();
        }
    }

    void cancel(final Claim claim)
    {
        final int slot = claim.slotIndex();
        claim.spend();
        giveBack(slot, false);
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
            if (!isClosed())
            {
                link.free(slot);
            }
        }
        finally
        {
            gate.exit();
        }
    }

    @Override
    int poll(final Message message, final int lengthLimit)
    {
        return link.poll(message, lengthLimit);
    }

    @Override
    boolean hasNext()
    {
        return link.hasNext();
    }

    @Override
    void release(final Message message)
    {
        message.endView();
        gate.enter();
        try
        {
            if (!isClosed())
            {
                link.release(message.slotIndex(), message.id());
            }
        }
        finally
        {
            gate.exit();
        }
    }

    private int awaitReply(
        final long id, final Message reply, final IdleStrategy idleStrategy, final long timeoutNs)
    {
        if (id < 0)
        {
            return (int)id;
        }
        final int result = null == idleStrategy ?
            await(reply, messageLimit, timeoutNs, id) : await(reply, messageLimit, idleStrategy, timeoutNs, id);
        return Status.TIMED_OUT == result || Status.INTERRUPTED == result ? takeBack(id, reply, result) : result;
    }

    @Override
    int getReply(final Message message, final long callId)
    {
        final int slot = SlotDescriptor.slotIndex(callId);
        if (!link.mayHaveReply(slot, callId) && !isClosed())
        {
            return Status.WOULD_BLOCK;
        }
        gate.enter();
        try
        {
            return isClosed() ? endStatus() : link.takeReply(slot, message);
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
                return endStatus();
            }
            final int slot = SlotDescriptor.slotIndex(id);
            if (AbortResult.RETURNED == link.abort(id, true))
            {
                return link.takeReply(slot, reply);
            }
            link.takeReturned(slot, reply);
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
        link.close();
        // A close wakes nobody: what it brings the service are disposals (R21, R24).
        tables.getAndAddInt(serviceEventsOffset, 1);
        entry.free();
    }

    @Override
    boolean mustLook()
    {
        return mustLook;
    }

    @Override
    int wakeLimit()
    {
        return Integer.MAX_VALUE;
    }

    @Override
    void watch(final Watch watch)
    {
        if (link.watch(watch))
        {
            wakeOwn();
        }
    }
}
