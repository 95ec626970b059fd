/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Events;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.IdleStrategy;

import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * What service and client ports have in common: receiving, waiting, the generation, and the end.
 * <p>
 * Any thread may call, unless the port was opened with {@link PortOptions#singleThreaded}.
 */
public abstract sealed class Port implements AutoCloseable permits ClientPort, ServicePort
{
    private static final int INTERRUPT_CHECK_MASK = 0x3FF;
    // A pause takes longer than a poll: an answer that is about to come would be met in the middle of one.
    private static final int UNPAUSED_COUNT = 64;
    private static final int SPIN_RANGE = 32;
    private static final long LOOK_INTERVAL_NS = 1_000_000;
    // A sleep that is shorter than this takes longer to begin and to end than it lasts.
    private static final long SHORT_SLEEP_NS = 100_000;

    final Attachment attachment;
    final Host host;
    final Events events;
    final AtomicBuffer tables;
    final Geometry geometry;
    final Gate gate;
    final int portIndex;
    final int messageLimit;
    final PortEntry entry;

    private final String name;
    private final long incarnation;
    private final int wakeOffset;
    private final int sleepersOffset;
    private final int waitSetOffset;
    private final int generationOffset;
    private final boolean spinOnly;
    private final int maxSpinCount;
    private final int minSpinCount;
    // What the counters were when the port ended: its entry and links may be others' since. Under the monitor.
    private final long[] lastCounters = new long[PortCounter.values().length];
    private final boolean isNoFork;
    // How long to poll before sleeping; any thread's guess is as good as another's.
    private int spinCount;
    private WaitSet waitSet;
    // Copies into links that this port's threads are making outside the gate.
    private int copyCount;
    // Status.OK while the port is in use, then what each call answers.
    private volatile int endStatus = Status.OK;
    private volatile boolean isEndDue;

    Port(
        final Attachment attachment,
        final int portIndex,
        final long incarnation,
        final String name,
        final PortOptions options)
    {
        this.attachment = attachment;
        this.portIndex = portIndex;
        this.incarnation = incarnation;
        this.name = name;
        host = attachment.host();
        events = host.events();
        tables = host.tables();
        geometry = host.header().geometry();
        messageLimit = geometry.messageLimit();
        gate = new Gate(!options.singleThreaded());
        entry = new PortEntry(tables, geometry).wrap(portIndex);
        wakeOffset = entry.wakeOffset();
        sleepersOffset = entry.sleepersOffset();
        waitSetOffset = entry.waitSetOffset();
        generationOffset = entry.generationOffset();
        spinOnly = options.spinOnly();
        maxSpinCount = options.spinCount();
        minSpinCount = maxSpinCount / SPIN_RANGE;
        spinCount = maxSpinCount / 2;
        isNoFork = (options.flags() & PortFlags.NOFORK) != 0;
    }

    /**
     * Takes the next message, if there is one (R16). What is too long for the caller stays first in line (R17):
     * {@code message} then tells id, state, length and credentials, and shows no payload.
     *
     * @param message     to show it; at a client it must not be a view.
     * @param lengthLimit longest payload in bytes that the caller wants.
     * @return one of {@link MessageState}'s constants, 0 or more; else, negative, {@link Status#WOULD_BLOCK}; at a
     * client {@link Status#NOT_CONNECTED} once the service is gone and nothing more is due; {@link Status#CLOSED}.
     */
    public final int get(final Message message, final int lengthLimit)
    {
        message.reuse();
        gate.enter();
        try
        {
            final int endStatus = this.endStatus;
            return Status.OK == endStatus ? poll(message, lengthLimit) : endStatus;
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * Takes the next message, if there is one, whatever its length: see {@link #get(Message, int)}.
     *
     * @param message to show it; at a client it must not be a view.
     * @return as {@link #get(Message, int)} does.
     */
    public final int get(final Message message)
    {
        return get(message, messageLimit);
    }

    /**
     * Takes the next message, and waits for it (R16): first polling, then asleep. A sleeping thread is woken by a
     * message, by the end of the port or its peer, or by an interrupt, but not by a disposal (R21).
     *
     * @param message     to show it; at a client it must not be a view.
     * @param lengthLimit longest payload in bytes that the caller wants; see {@link #get(Message, int)}.
     * @param timeoutNs   longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #get(Message, int)} does, but {@link Status#TIMED_OUT} or {@link Status#INTERRUPTED} instead of
     * {@link Status#WOULD_BLOCK}; the thread's interrupt status stays set.
     */
    public final int await(final Message message, final int lengthLimit, final long timeoutNs)
    {
        return await(message, lengthLimit, timeoutNs, 0);
    }

    /**
     * Takes the next message, whatever its length, and waits for it: see {@link #await(Message, int, long)}.
     *
     * @param message   to show it; at a client it must not be a view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #await(Message, int, long)} does.
     */
    public final int await(final Message message, final long timeoutNs)
    {
        return await(message, messageLimit, timeoutNs);
    }

    /**
     * Takes the next message, and waits for it in the caller's way.
     *
     * @param message      to show it; at a client it must not be a view.
     * @param idleStrategy called between polls.
     * @param timeoutNs    longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #await(Message, int, long)} does.
     */
    public final int await(final Message message, final IdleStrategy idleStrategy, final long timeoutNs)
    {
        return await(message, messageLimit, idleStrategy, timeoutNs, 0);
    }

    /**
     * Whether a {@code get} is worth calling now. Nothing is taken.
     *
     * @return true if there is a message, a disposal, or an end to be told.
     */
    public final boolean isReady()
    {
        gate.enter();
        try
        {
            return Status.OK != endStatus || hasNext();
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * Sets this port's own generation (R28).
     *
     * @param generation any number.
     * @return {@link Status#OK} or {@link Status#CLOSED}.
     */
    public final int generation(final long generation)
    {
        attachment.checkOwnProcess();
        gate.enter();
        try
        {
            if (Status.OK != endStatus)
            {
                return endStatus;
            }
            // [generation] release: pairs with the acquire in ClientPort.serviceGeneration().
            tables.putLongRelease(generationOffset, generation);
            return Status.OK;
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * @return this port's own generation, 0 unless set (R28).
     */
    public final long generation()
    {
        return tables.getLongAcquire(generationOffset);
    }

    /**
     * What this port has counted since it was opened; also after it was closed. Any thread may call, also of a port
     * that one thread uses at a time.
     *
     * @param counter of what.
     * @return how often.
     */
    public final synchronized long counter(final PortCounter counter)
    {
        return Status.OK == endStatus ? inRegion(counter) : lastCounters[counter.ordinal()];
    }

    private long inRegion(final PortCounter counter)
    {
        return tables.getLongAcquire(entry.counterOffset(counter.ordinal()));
    }

    /** Within the gate. */
    final void count(final PortCounter counter)
    {
        final int offset = entry.counterOffset(counter.ordinal());
        // Release, so that other processes see no half of it; nothing else is told by it. If the port's process dies
        // before it, the number is one short, and nobody decides by it.
        tables.putLongRelease(offset, tables.getLong(offset) + 1);
    }

    /** Within the gate: the region has no memory for some bytes; the status that says so. */
    final int noSpace(final int length)
    {
        count(PortCounter.NO_SPACE);
        events.noSpace(name, length);
        return Status.NO_SPACE;
    }

    /** Within the gate: a link is given up. */
    final void corrupt(final int linkIndex, final String reason)
    {
        count(PortCounter.CORRUPT);
        events.corrupt(name, linkIndex, reason);
        attachment.errors().onError(
            new RegionException("corrupt link: " + reason + ": port=" + name + ", link=" + linkIndex));
    }

    /** The handler of this port's agent threw something. */
    final void handlerFailed(final Throwable thrown)
    {
        gate.enter();
        try
        {
            if (Status.OK == endStatus)
            {
                count(PortCounter.HANDLER_ERRORS);
            }
        }
        finally
        {
            gate.exit();
        }
        attachment.errors().onError(thrown);
    }

    /**
     * @return number of this registration, which no other port of the region ever has (B3).
     */
    public final long incarnation()
    {
        return incarnation;
    }

    /**
     * @return name that the port was opened with.
     */
    public final String name()
    {
        return name;
    }

    /**
     * @return whether the port was closed, by its own side.
     */
    public final boolean isClosed()
    {
        return Status.OK != endStatus;
    }

    /**
     * @return {@link Status#OK} while the port is in use; then {@link Status#CLOSED}, or {@link Status#NOT_CONNECTED}
     * in a process other than the one that opened it (R27): what each further call answers.
     */
    public final int endStatus()
    {
        return endStatus;
    }

    /**
     * Ends the port (R23, R24). All of its views and claims are void then. Threads that wait on it return
     * {@link Status#CLOSED}. A second call does nothing, unless the first one failed, as for want of memory: then it
     * completes that, and so does the attachment's watch.
     */
    @Override
    public final void close()
    {
        attachment.checkOwnProcess();
        gate.enter();
        try
        {
            if (Status.OK != endStatus && !isEndDue)
            {
                return;
            }
            isEndDue = false;
            if (Status.OK == endStatus)
            {
                // Also under the monitor: no announcement comes behind it.
                disown(Status.CLOSED);
            }
        }
        finally
        {
            gate.exit();
        }
        boolean isDone = false;
        try
        {
            wakeOwn();
            awaitCopies();
            end();
            isDone = true;
        }
        finally
        {
            // The peers would wait for ever for a port that is closed to all but them.
            isEndDue = !isDone;
        }
        attachment.onClosed(this);
        events.closed(name, this instanceof ServicePort);
    }

    /** Within the gate: a copy into a link begins. */
    final void beginCopy()
    {
        copyCount++;
    }

    /** Within the gate: a copy into a link is over. */
    final void endCopy()
    {
        copyCount--;
    }

    /**
     * Once this side lets go of a link it may be another's: a put or reply that another thread is in the middle of must
     * not write there then. At most one payload each is to be copied.
     */
    private void awaitCopies()
    {
        while (isCopying())
        {
            Thread.yield();
        }
    }

    private boolean isCopying()
    {
        gate.enter();
        try
        {
            return copyCount > 0;
        }
        finally
        {
            gate.exit();
        }
    }

    /** Whether a close began and failed: its peers were not told yet. */
    final boolean isEndDue()
    {
        return isEndDue;
    }

    /** Takes the next message; within the gate, the port being open. */
    abstract int poll(Message message, int lengthLimit);

    /** Takes the one reply that a call waits for; at a client only. */
    abstract int getReply(Message message, long callId);

    /** Whether poll would find something; within the gate, the port being open. */
    abstract boolean hasNext();

    /** The view ends. */
    abstract void release(Message message);

    /** Says good-bye to the peers; outside the gate, when isClosed is set, and again if it failed. */
    abstract void end();

    /** Keeps what the links' counters are, before the links may be others'; under the monitor. */
    abstract void keepCounters();

    /** Whether a peer's process cannot wake this one's threads. */
    abstract boolean mustLook();

    /** Longest sleep before a look without being woken. */
    final long sleepLimitNs()
    {
        return mustLook() ? LOOK_INTERVAL_NS : Long.MAX_VALUE;
    }

    /** How many of this port's sleepers are to be woken for one message. */
    abstract int wakeLimit();

    /** Looks whether the peers are alive and what they changed; by the attachment's watch. */
    abstract void watch(Watch watch);

    final void checkOpen()
    {
        if (Status.OK != endStatus)
        {
            throw new IllegalStateException("port " + name + " is closed: its views and claims are void");
        }
    }

    /** In a process that did not open it, the port is not connected, or not even known (R27). */
    final void disownForeign()
    {
        disown(isNoFork ? Status.INVALID : Status.NOT_CONNECTED);
    }

    /** Ends the port on this side alone, with nothing told to anybody, as in a forked child or after a death. */
    final synchronized void disown(final int endStatus)
    {
        if (Status.OK == this.endStatus)
        {
            for (final PortCounter counter : PortCounter.values())
            {
                lastCounters[counter.ordinal()] = inRegion(counter);
            }
            keepCounters();
        }
        this.endStatus = endStatus;
    }

    final void checkLength(final int length)
    {
        if (length < 0 || length > messageLimit)
        {
            throw new IllegalArgumentException(
                "length must be from 0 to the region's limit of " + messageLimit + " bytes: length=" + length);
        }
    }

    final synchronized boolean join(final WaitSet waitSet)
    {
        if (null != this.waitSet)
        {
            return false;
        }
        this.waitSet = waitSet;
        return true;
    }

    final synchronized void leave()
    {
        waitSet = null;
    }

    final boolean spinOnly()
    {
        return spinOnly;
    }

    /**
     * Wakes the owner of a port if one of its threads sleeps. What it should see was stored before.
     *
     * @param limit most threads to wake: one at a service, where any will do; all at a client, where each may wait for
     *              a reply of its own.
     * @return system calls that were made.
     */
    final int wakePeer(final int peerSleepersOffset, final int limit)
    {
        // [wake] full fence between the publication and the look: pairs with the atomic add in sleep() and with the
        // volatile store in WaitSet. One of the two sees the other: either we see the sleeper, or it sees the message.
        // Without it the look could be made before the publication, and the sleeper sleep on.
        VarHandle.fullFence();
        final long sleepers = tables.getLongOpaque(peerSleepersOffset);
        return 0 == sleepers ? 0 : attachment.wake(peerSleepersOffset, sleepers, limit);
    }

    /** Wakes all threads that sleep on this port, to let them look at it. */
    final void wakeOwn()
    {
        VarHandle.fullFence();
        final long sleepers = tables.getLongOpaque(sleepersOffset);
        if (0 != sleepers)
        {
            attachment.wake(sleepersOffset, sleepers, Integer.MAX_VALUE);
        }
    }

    static long deadline(final long timeoutNs)
    {
        if (timeoutNs < 0)
        {
            throw new IllegalArgumentException("timeoutNs must not be negative: timeoutNs=" + timeoutNs);
        }
        return Long.MAX_VALUE == timeoutNs ? 0 : System.nanoTime() + timeoutNs;
    }

    /**
     * Polls for a while, then sleeps or spins on.
     *
     * @param callId of the one message that is waited for, 0 for the next one.
     */
    final int await(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        for (int i = 0, limit = spinCount; i <= limit; i++)
        {
            final int result = look(message, lengthLimit, callId);
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            if (i >= UNPAUSED_COUNT)
            {
                Thread.onSpinWait();
            }
        }
        return spinOnly ?
            spin(message, lengthLimit, timeoutNs, callId) : sleep(message, lengthLimit, timeoutNs, callId);
    }

    /**
     * Only while the port is open: behind its close the entry, and so the word, may be another port's.
     */
    private synchronized void announceSleeper(final int change)
    {
        if (Status.OK == endStatus)
        {
            // [wake] atomic add, a full fence, before the last look: pairs with the fence in wakePeer().
            tables.getAndAddInt(sleepersOffset, change);
        }
    }

    /**
     * Says which wait set sleeps for this port; only while it is open, as above.
     *
     * @param state index of the wait set's entry + 1, or 0.
     */
    final synchronized void announceWaitSet(final int state)
    {
        if (Status.OK == endStatus)
        {
            tables.putIntRelease(waitSetOffset, state);
        }
    }

    /**
     * Polls, and waits in the caller's way in between.
     *
     * @param callId of the one message that is waited for, 0 for the next one.
     */
    final int await(
        final Message message,
        final int lengthLimit,
        final IdleStrategy idleStrategy,
        final long timeoutNs,
        final long callId)
    {
        Objects.requireNonNull(idleStrategy, "idleStrategy");
        final long deadlineNs = deadline(timeoutNs);
        idleStrategy.reset();
        while (true)
        {
            final int result = look(message, lengthLimit, callId);
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            if (Thread.currentThread().isInterrupted())
            {
                return Status.INTERRUPTED;
            }
            if (Long.MAX_VALUE != timeoutNs && System.nanoTime() - deadlineNs >= 0)
            {
                return Status.TIMED_OUT;
            }
            idleStrategy.idle();
        }
    }

    private int look(final Message message, final int lengthLimit, final long callId)
    {
        return 0 == callId ? get(message, lengthLimit) : getReply(message, callId);
    }

    private int spin(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        final boolean isTimed = Long.MAX_VALUE != timeoutNs;
        final long deadlineNs = deadline(timeoutNs);
        for (int i = 0;; i++)
        {
            final int result = look(message, lengthLimit, callId);
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            if ((i & INTERRUPT_CHECK_MASK) == 0)
            {
                if (Thread.currentThread().isInterrupted())
                {
                    return Status.INTERRUPTED;
                }
                if (isTimed && System.nanoTime() - deadlineNs >= 0)
                {
                    return Status.TIMED_OUT;
                }
            }
            Thread.onSpinWait();
        }
    }

    private int sleep(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        final Object begun = events.waitBegins();
        final int result = sleepOn(message, lengthLimit, timeoutNs, callId);
        if (null != begun)
        {
            events.waitEnds(begun, name, result);
        }
        return result;
    }

    private int sleepOn(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        final boolean isTimed = Long.MAX_VALUE != timeoutNs;
        final long deadlineNs = deadline(timeoutNs);
        final long startNs = System.nanoTime();
        int result;
        do
        {
            final int wakeSequence = tables.getIntVolatile(wakeOffset);
            announceSleeper(1);
            try
            {
                result = look(message, lengthLimit, callId);
                if (Status.WOULD_BLOCK == result &&
                    !attachment.sleep(wakeOffset, wakeSequence, deadlineNs, isTimed, sleepLimitNs()))
                {
                    result = look(message, lengthLimit, callId);
                    if (Status.WOULD_BLOCK == result)
                    {
                        result = Thread.currentThread().isInterrupted() ? Status.INTERRUPTED : Status.TIMED_OUT;
                    }
                }
            }
            finally
            {
                announceSleeper(-1);
            }
        }
        while (Status.WOULD_BLOCK == result);
        // Both sides of a conversation that slept once would sleep for ever, as each answer then comes after the other
        // has given up polling: a short sleep makes the next polling longer, a long one shorter.
        spinCount = System.nanoTime() - startNs < SHORT_SLEEP_NS ?
            Math.min(maxSpinCount, 2 * spinCount + 1) : Math.max(minSpinCount, spinCount / 2);
        if ((result < 0 || MessageState.DISPOSE == result) && Status.OK == endStatus)
        {
            // A wake-up that was meant for a message may have ended this wait instead, or brought a disposal that
            // nobody is woken for: another sleeper takes it on.
            wakePeer(sleepersOffset, wakeLimit());
        }
        return result;
    }
}
