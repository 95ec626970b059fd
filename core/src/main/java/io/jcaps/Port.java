/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.link.Delivery;
import io.jcaps.wait.Awaited;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Waiter;
import org.agrona.concurrent.IdleStrategy;

import java.util.Arrays;
import java.util.Objects;

/**
 * The common part of service and client ports: receiving, waiting, the generation, and the close.
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
    // Counters and generation when the port ended: since then its entry and links may be others'. Under the monitor.
    private final long[] lastCounters = new long[PortCounter.values().length];
    private long lastGeneration;
    private final boolean isNoFork;
    // Messages that no call of poll() uses now, and how many were made. Within the gate.
    private Message[] spares = new Message[1];
    private int spareCount;
    private int pollingMessageCount;
    private volatile boolean isEndDue;
    // The close is done, except for links that claims keep in use.
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
     * (R17): {@code message} then has its id, state, length and credentials, but no payload.
     *
     * @param message     to fill; at a client it must not be in view.
     * @param lengthLimit longest payload in bytes that the caller wants.
     * @return one of {@link MessageState}'s constants, 0 or more; or a negative status: {@link Status#WOULD_BLOCK} if
     * there is no message; at a client, once the service is gone and nothing more is due,
     * {@link Status#NOT_CONNECTED}, or {@link Status#ACCESS_DENIED} if the service did not admit this client;
     * {@link #endStatus} if this port is closed.
     * @throws IllegalStateException at a client, if the message is in view.
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
     * @param message to fill; at a client it must not be in view.
     * @return as {@link #get(Message, int)} does.
     */
    public final int get(final Message message)
    {
        return get(message, messageLimit);
    }

    /**
     * Waits for the next message and takes it (R16). The thread polls first, then it sleeps. It is woken by a message,
     * by the close of the port, by the close or death of the peer, or by an interrupt, but not by a disposal (R21).
     *
     * @param message     to fill; at a client it must not be in view.
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
     * @param message   to fill; at a client it must not be in view.
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return as {@link #await(Message, int, long)} does.
     */
    public final int await(final Message message, final long timeoutNs)
    {
        return await(message, messageLimit, timeoutNs);
    }

    /**
     * Waits for the next message, of any length, with the caller's idle strategy, and takes it.
     *
     * @param message      to fill; at a client it must not be in view.
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
     * blocks. This call throws what the handler throws; the messages after that one stay for the next {@code poll},
     * {@code get} or {@code await}.
     *
     * @param handler to call, on this thread.
     * @param limit   most requests or replies, 1 or more.
     * @return number of calls of the handler, 0 if there was no message; a negative status, as {@link #get(Message)}
     * returns it, once nothing more is due.
     */
    public abstract int poll(MessageHandler handler, int limit);

    /**
     * Whether a {@code get} would return something else than {@link Status#WOULD_BLOCK} now. No message is taken, but a
     * service accepts and drops clients.
     *
     * @return true if there is a message or a disposal, if the peer is gone, or if this port is closed.
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
     * @return {@link Status#OK}, or {@link #endStatus} if the port is closed.
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
     * This port's own generation (R28), also after its close. Any thread may call, whatever the port's options.
     *
     * @return what was set last, 0 unless it was.
     */
    public final synchronized long generation()
    {
        return isOpen() ? tables.getLongAcquire(generationOffset) : lastGeneration;
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

    /** Counts and records what the handler of this port's agent has thrown. */
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
     * @return number of this port, which no other port of the region ever has (B3).
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
     * @return whether this side has closed the port, or the port is void: see {@link #endStatus}.
     */
    public final boolean isClosed()
    {
        return !isOpen();
    }

    /**
     * @return {@link Status#OK} while the port is open; then the status that each further call returns:
     * {@link Status#CLOSED}; {@link Status#NOT_CONNECTED} if this process lost its life lock; in a process other than
     * the one that opened the port {@link Status#NOT_CONNECTED}, with {@link PortFlags#NOFORK} {@link Status#INVALID}
     * (R27).
     */
    public final int endStatus()
    {
        return status();
    }

    /**
     * Closes the port (R23, R24): its views and claims become void, and threads that wait on it return
     * {@link Status#CLOSED}. Cancel the claims that are filled: a thread may write through one, so the link is kept
     * until each is spent or dropped by the program. A second call does nothing, unless the first one failed, for
     * example for lack of memory: then it completes the close. So does the attachment's watch.
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
                // This takes the monitor, too: no announcement of a sleeper comes after it.
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
            // If this fails, the close is due again. Once the entry is another port's, no thread wakes these sleepers.
            doorbell.ring(Integer.MAX_VALUE);
            awaitCopies();
            end();
            isDone = true;
            hasEnded = true;
        }
        finally
        {
            // If the close has failed, the peers do not know of it, and would wait for ever.
            isEndDue = !isDone;
        }
        openPorts.onClosed(this, servicePortIndex());
        report.closed(this instanceof ServicePort);
    }

    /** Whether a close has failed, and must be repeated: its peers may not be notified yet. */
    final boolean isEndDue()
    {
        return isEndDue;
    }

    /** Whether a close is done: false after a close that failed, and if the port became void without a close. */
    final boolean hasEnded()
    {
        return hasEnded;
    }

    /** A message for one call of poll(): as many are made as such calls are in progress at once. Within the gate. */
    final Message takeSpare()
    {
        if (spareCount > 0)
        {
            return spares[--spareCount];
        }
        // Room for all of them, so that returnSpare needs no memory.
        if (pollingMessageCount == spares.length)
        {
            spares = Arrays.copyOf(spares, 2 * spares.length);
        }
        final Message message = new Message();
        message.reuse(this);
        pollingMessageCount++;
        return message;
    }

    /** Ends the view of the last message of a call of poll(), and takes back what {@link #takeSpare} returned. */
    final void endPoll(final Message message)
    {
        message.dropReplyBuffer();
        gate.enter();
        try
        {
            endView(message.delivery());
            spares[spareCount++] = message;
        }
        finally
        {
            gate.exit();
        }
    }

    static void checkLimit(final int limit)
    {
        if (limit < 1)
        {
            throw new IllegalArgumentException("limit must be positive: limit=" + limit);
        }
    }

    /** Takes the next message; within the gate, while the port is open. */
    abstract int poll(Message message, int lengthLimit);

    /** Takes the one reply or other outcome that a call waits for; at a client only. */
    abstract int getReply(Message message, long callId);

    /** Whether poll would find something; within the gate, while the port is open. */
    abstract boolean hasNext();

    /** Ends the view of a message. */
    final void release(final Delivery delivery)
    {
        gate.enter();
        try
        {
            endView(delivery);
        }
        finally
        {
            gate.exit();
        }
    }

    /** Ends a view, if it has not ended; within the gate. */
    abstract void endView(Delivery delivery);

    /** Notifies the peers of the close; outside the gate, once the port is closed, and again if this failed. */
    abstract void end();

    /**
     * After the close: ends the claims that the program has dropped, and returns whether no other claim keeps a link in
     * use. It also takes the monitor, as the end of a claim after the close does: a single-threaded port has no gate.
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

    /** Index of the service's entry: this port's own, or that of the service it is connected to; not checked. */
    abstract int servicePortIndex();

    /** Keeps the values that are read after the end, before entries and links may be others'; under the monitor. */
    abstract void keepLast();

    /** Whether a peer's process cannot wake threads of this one. */
    abstract boolean peerCannotWake();

    /** Longest sleep in nanoseconds before a look without being woken. */
    final long sleepLimitNs()
    {
        return peerCannotWake() ? LOOK_INTERVAL_NS : Long.MAX_VALUE;
    }

    /** How many of this port's sleepers one message wakes. */
    abstract int wakeLimit();

    /** Checks whether the peers are alive, and what they changed; by the attachment's watch. */
    abstract void watch(Deaths deaths);

    /** Claims that are not spent; read without the gate, so the number may be older than the last change. */
    abstract int claimsNow();

    /** Views that are not released; as {@link #claimsNow}. */
    abstract int viewsNow();

    /** Makes the port void in a process that did not open it: it is not connected, or with NOFORK unknown (R27). */
    final void disownForeign()
    {
        disown(isNoFork ? Status.INVALID : Status.NOT_CONNECTED);
    }

    /**
     * Makes the port void after the loss of the life lock: the peers treat this process as dead, and others may have
     * its entry and links by now.
     */
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

    /** Ends the port on this side alone, without notice to any peer. */
    final synchronized void disown(final int endStatus)
    {
        if (isOpen())
        {
            for (final PortCounter counter : PortCounter.values())
            {
                lastCounters[counter.ordinal()] = report.counter(counter);
            }
            keepLast();
            lastGeneration = tables.getLongAcquire(generationOffset);
        }
        setEnded(endStatus);
    }

    final boolean spinOnly()
    {
        return spinOnly;
    }

    /**
     * Polls for a while, then sleeps, or spins if the port never sleeps.
     *
     * @param callId of the one message that is waited for, 0 for the next one.
     */
    final int await(final Message message, final int lengthLimit, final long timeoutNs, final long callId)
    {
        return waiter.await(message, lengthLimit, callId, timeoutNs);
    }

    /**
     * Polls, and calls the idle strategy between polls.
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
         * The wake-up that ended this sleep may have been meant for a message, but the wait has ended with a failure or
         * a disposal: another sleeper must take the message.
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
