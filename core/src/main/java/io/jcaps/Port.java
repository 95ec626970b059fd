/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.wait.Awaited;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Waiter;
import org.agrona.concurrent.IdleStrategy;

import java.util.Arrays;
import java.util.Objects;

/**
 * What service and client ports have in common: receiving, waiting, the generation, and the close.
 * <p>
 * Any thread may call, unless the port was opened with {@link PortOptions#singleThreaded}.
 */
public abstract sealed class Port extends PortLife implements AutoCloseable permits ClientPort, ServicePort
{
    private static final int SPIN_RANGE = 32;
    private static final long LOOK_INTERVAL_NS = 1_000_000;

    final OpenPorts openPorts;

    private final int generationOffset;
    private final boolean spinOnly;
    private final Waiter<Message> waiter;
    // What the counters were when the port ended: its entry and links may be others' since. Under the monitor.
    private final long[] lastCounters = new long[PortCounter.values().length];
    private final boolean isNoFork;
    // Messages of poll() that no thread uses just now. Within the gate.
    private Message[] spares = new Message[1];
    private int spareCount;
    private int pollingMessageCount;
    private volatile boolean isEndDue;
    // The close is done, but for what claims keep in use.
    private volatile boolean hasEnded;

    Port(
        final OpenPorts openPorts,
        final int portIndex,
        final long incarnation,
        final String name,
        final PortOptions options)
    {
        super(openPorts.context, portIndex, incarnation, name, options);
        this.openPorts = openPorts;
        generationOffset = entry.generationOffset();
        spinOnly = options.spinOnly();
        waiter = new Waiter<>(new NextMessage(), host, context.sleepers, entry.wakeOffset(), host.events(),
            name, options.spinCount() / SPIN_RANGE, options.spinCount(), spinOnly);
        isNoFork = (options.flags() & PortFlags.NOFORK) != 0;
    }

    /**
     * Takes the next message, if there is one (R16). A message longer than {@code lengthLimit} stays first in line
     * (R17): {@code message} then has its id, state, length and credentials, and shows no payload.
     *
     * @param message     to fill; at a client it must not be a view.
     * @param lengthLimit longest payload in bytes that the caller wants.
     * @return one of {@link MessageState}'s constants, 0 or more; else, negative, {@link Status#WOULD_BLOCK}; at a
     * client {@link Status#NOT_CONNECTED} once the service is gone and nothing more is due, or
     * {@link Status#ACCESS_DENIED} if it did not admit this client; {@link Status#CLOSED}.
     */
    public final int get(final Message message, final int lengthLimit)
    {
        message.reuse(this);
        gate.enter();
        try
        {
            final int endStatus = status();
            return Status.OK == endStatus ? poll(message, lengthLimit) : endStatus;
        }
        finally
        {
            gate.exit();
        }
    }

    /**
     * Takes the next message, if there is one, of any length: see {@link #get(Message, int)}.
     *
     * @param message to fill; at a client it must not be a view.
     * @return as {@link #get(Message, int)} does.
     */
    public final int get(final Message message)
    {
        return get(message, messageLimit);
    }

    /**
     * Takes the next message, and waits for it (R16): first polling, then asleep. A sleeping thread is woken by a
     * message, by the close of the port, by the end of its peer, or by an interrupt, but not by a disposal (R21).
     *
     * @param message     to fill; at a client it must not be a view.
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
     * Waits for the next message, of any length, and takes it: see {@link #await(Message, int, long)}.
     *
     * @param message   to fill; at a client it must not be a view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #await(Message, int, long)} does.
     */
    public final int await(final Message message, final long timeoutNs)
    {
        return await(message, messageLimit, timeoutNs);
    }

    /**
     * Takes the next message, and waits for it with the caller's idle strategy.
     *
     * @param message      to fill; at a client it must not be a view.
     * @param idleStrategy called between polls.
     * @param timeoutNs    longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #await(Message, int, long)} does.
     */
    public final int await(final Message message, final IdleStrategy idleStrategy, final long timeoutNs)
    {
        return await(message, messageLimit, idleStrategy, timeoutNs, 0);
    }

    /**
     * Calls a handler for each message that can be received now (R11): the form for many messages in flight. Never
     * blocks. What the handler throws is thrown by this call; the messages after it stay for the next {@code poll},
     * {@code get} or {@code await}.
     *
     * @param handler to call, on this thread.
     * @param limit   most requests or replies, 1 or more.
     * @return number of calls of the handler, 0 if there was no message; a negative status, as {@link #get(Message)}
     * returns it, once nothing more is due.
     */
    public abstract int poll(MessageHandler handler, int limit);

    /**
     * Whether a {@code get} is worth calling now. Nothing is taken.
     *
     * @return true if there is a message, a disposal, or an end to report.
     */
    public final boolean isReady()
    {
        gate.enter();
        try
        {
            return !isOpen() || hasNext();
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
        openPorts.checkOwnProcess();
        gate.enter();
        try
        {
            if (!isOpen())
            {
                return status();
            }
            // [generation] release: pairs with the acquire in ServiceEntry.generation().
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
     * The value of a counter of this port since it was opened, also after its close. Any thread may call, whatever the
     * port's options.
     *
     * @param counter which counter to read.
     * @return its value.
     */
    public final synchronized long counter(final PortCounter counter)
    {
        return isOpen() ? report.counter(counter) : lastCounters[counter.ordinal()];
    }

    /** The handler of this port's agent threw something. */
    final void handlerFailed(final Throwable thrown)
    {
        gate.enter();
        try
        {
            if (isOpen())
            {
                report.handlerFailed();
            }
        }
        finally
        {
            gate.exit();
        }
        report.failed(thrown);
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

    /** For logs. Allocates. */
    @Override
    public final String toString()
    {
        return getClass().getSimpleName() + '{' + name + (isClosed() ? ", closed" : "") + '}';
    }

    /**
     * @return whether the port was closed, by its own side.
     */
    public final boolean isClosed()
    {
        return !isOpen();
    }

    /**
     * @return {@link Status#OK} while the port is in use; then {@link Status#CLOSED}, or {@link Status#NOT_CONNECTED}
     * in a process other than the one that opened it (R27), and in one that lost its life lock: what each further call
     * returns.
     */
    public final int endStatus()
    {
        return status();
    }

    /**
     * Closes the port (R23, R24): its views and claims become void, and threads that wait on it return
     * {@link Status#CLOSED}. Cancel the claims that are filled: a thread may write through one, so the link is kept
     * until each is spent or dropped by the program. A second call does nothing, unless the first one failed, for
     * example for lack of memory: then it completes the close, as the attachment's watch does, too.
     */
    @Override
    public final void close()
    {
        // The attachment's close waits for this one.
        if (context.calls.begin())
        {
            try
            {
                closeCounted();
            }
            finally
            {
                context.calls.end();
            }
        }
    }

    private void closeCounted()
    {
        if (!openPorts.holdsLife())
        {
            disownLost();
            return;
        }
        openPorts.checkOwnProcess();
        gate.enter();
        try
        {
            if (!isOpen() && !isEndDue)
            {
                return;
            }
            isEndDue = false;
            if (isOpen())
            {
                // Also under the monitor: no announcement comes after it.
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
            // If this fails, the close is due again: no thread wakes these once the entry is another port's.
            doorbell.ring(Integer.MAX_VALUE);
            awaitCopies();
            end();
            isDone = true;
            hasEnded = true;
        }
        finally
        {
            // The peers would wait for ever for a port that is closed to all but them.
            isEndDue = !isDone;
        }
        openPorts.onClosed(this, servicePortIndex());
        report.closed(this instanceof ServicePort);
    }

    /** Whether a close began and failed: its peers were not notified yet. */
    final boolean isEndDue()
    {
        return isEndDue;
    }

    /** Whether the close is done: not once it has failed, or if the port ended otherwise. */
    final boolean hasEnded()
    {
        return hasEnded;
    }

    /** A message for one call of poll(): as many are made as threads are in one at the same time. Within the gate. */
    final Message takeSpare()
    {
        if (spareCount > 0)
        {
            return spares[--spareCount];
        }
        // Room for all of them, so that giving one back needs no memory.
        if (pollingMessageCount == spares.length)
        {
            spares = Arrays.copyOf(spares, 2 * spares.length);
        }
        final Message message = new Message();
        message.reuse(this);
        pollingMessageCount++;
        return message;
    }

    /** Gives back what {@link #takeSpare} gave; its view has ended. Within the gate. */
    final void returnSpare(final Message message)
    {
        spares[spareCount++] = message;
    }

    static void checkLimit(final int limit)
    {
        if (limit < 1)
        {
            throw new IllegalArgumentException("limit must be positive: limit=" + limit);
        }
    }

    /** Takes the next message; within the gate, the port being open. */
    abstract int poll(Message message, int lengthLimit);

    /** Takes the one reply that a call waits for; at a client only. */
    abstract int getReply(Message message, long callId);

    /** Whether poll would find something; within the gate, the port being open. */
    abstract boolean hasNext();

    /** The view ends. */
    abstract void release(Message message);

    /** Notifies the peers of the close; outside the gate, once isClosed is set, and again if it failed. */
    abstract void end();

    /**
     * After the close: ends the claims that the program has dropped; whether no other claim keeps a link in use. Also
     * under the monitor, as is the end of a claim after the close: a port that one thread uses has no gate.
     */
    final boolean releaseDropped()
    {
        gate.enter();
        try
        {
            synchronized (this)
            {
                return releaseDroppedClaims();
            }
        }
        finally
        {
            gate.exit();
        }
    }

    /** As {@link #releaseDropped}; within the gate, and under the monitor. */
    abstract boolean releaseDroppedClaims();

    /** Index of the service's entry: its own, or that of the service it is connected to; not checked. */
    abstract int servicePortIndex();

    /** Keeps what the links' counters are, before the links may be others'; under the monitor. */
    abstract void keepCounters();

    /** Whether a peer's process cannot wake this one's threads. */
    abstract boolean peerCannotWake();

    /** Longest sleep before a look without being woken. */
    final long sleepLimitNs()
    {
        return peerCannotWake() ? LOOK_INTERVAL_NS : Long.MAX_VALUE;
    }

    /** How many of this port's sleepers are to be woken for one message. */
    abstract int wakeLimit();

    /** Looks whether the peers are alive and what they changed; by the attachment's watch. */
    abstract void watch(Deaths deaths);

    /** Claims that are not spent; without the gate, so perhaps as they were a little before. */
    abstract int claimsNow();

    /** Views that are not released; as {@link #claimsNow}. */
    abstract int viewsNow();

    /** In a process that did not open it, the port is not connected, or not even known (R27). */
    final void disownForeign()
    {
        disown(isNoFork ? Status.INVALID : Status.NOT_CONNECTED);
    }

    /** This process lost its life lock: peers treat it as dead, and entry and links may be others' by now. */
    final void disownLost()
    {
        gate.enter();
        try
        {
            isEndDue = false;
            if (isOpen())
            {
                disown(Status.NOT_CONNECTED);
            }
        }
        finally
        {
            gate.exit();
        }
    }

    /** Ends the port on this side alone, without notice to any peer, as in a forked child or after a death. */
    final synchronized void disown(final int endStatus)
    {
        if (isOpen())
        {
            for (final PortCounter counter : PortCounter.values())
            {
                lastCounters[counter.ordinal()] = report.counter(counter);
            }
            keepCounters();
        }
        setEnded(endStatus);
    }

    final boolean spinOnly()
    {
        return spinOnly;
    }

    /**
     * Polls for a while, then sleeps or spins on.
     *
     * @param callId of the one message that is waited for, 0 for the next one.
     */
    final int await(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        return waiter.await(message, lengthLimit, callId, timeoutNs);
    }

    /**
     * Polls, and calls the caller's idle strategy in between.
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
        return waiter.await(message, lengthLimit, callId, idleStrategy, timeoutNs);
    }

    /** The next message of this port, or the one reply that a call waits for. */
    private final class NextMessage implements Awaited<Message>
    {
        @Override
        public int look(final Message message, final int lengthLimit, final long callId)
        {
            return 0 == callId ? get(message, lengthLimit) : getReply(message, callId);
        }

        @Override
        public void announce()
        {
            announceSleeper(1);
        }

        @Override
        public void retract()
        {
            announceSleeper(-1);
        }

        @Override
        public long sleepLimitNs()
        {
            return Port.this.sleepLimitNs();
        }

        /**
         * A wake-up that was meant for a message may have ended this wait instead, by a failure perhaps, or brought a
         * disposal, for which no thread is woken: another sleeper takes it on.
         */
        @Override
        public void passWakeUpOn()
        {
            if (isOpen())
            {
                context.ring(doorbell, wakeLimit());
            }
        }
    }
}
