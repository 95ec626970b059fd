/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Events;
import io.jcaps.host.Host;
import io.jcaps.layout.PortEntry;
import io.jcaps.wait.Awaited;
import io.jcaps.wait.Doorbell;
import io.jcaps.wait.Waiter;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Lets one thread wait on many ports (B4). It returns a port that is ready, and takes no message itself.
 * <p>
 * One thread at a time polls or waits. Any thread may add and remove ports and close the set, and use the ports, at the
 * same time. A port can be in one wait set only.
 */
public final class WaitSet implements AutoCloseable
{
    private static final int SPIN_COUNT = PortOptions.DEFAULT_SPIN_COUNT;
    private static final long WAITER_PAUSE_MS = 1;

    private final OpenPorts openPorts;
    private final Host host;
    private final PortEntry entry;
    private final int portIndex;
    private final long incarnation;
    private final int wakeOffset;
    private final Waiter<Void> waiter;
    private volatile Port[] ports = new Port[0];
    private int cursor;
    // Used by the thread in await.
    private Port found;
    private boolean isAnnounced;
    // Threads in await; under the monitor.
    private int waiterCount;
    // Written under the monitor.
    private volatile boolean isClosed;

    WaitSet(final OpenPorts openPorts, final int portIndex, final long incarnation)
    {
        this.incarnation = incarnation;
        this.openPorts = openPorts;
        this.portIndex = portIndex;
        host = openPorts.context.host;
        entry = new PortEntry(host.tables(), host.header().geometry()).wrap(portIndex);
        wakeOffset = entry.wakeOffset();
        waiter = new Waiter<>(new ReadyPort(), host, openPorts.context.sleepers, wakeOffset, Events.NONE, "",
            SPIN_COUNT, SPIN_COUNT, false);
    }

    /**
     * Adds a port. A thread that waits looks at it, too.
     *
     * @param port of the same attachment, not opened with {@link PortOptions#spinOnly}, in no wait set.
     * @return this.
     * @throws IllegalArgumentException if the port is not such a one.
     * @throws IllegalStateException    if the set is closed.
     */
    public synchronized WaitSet add(final Port port)
    {
        checkOpen();
        if (port.openPorts != openPorts)
        {
            throw new IllegalArgumentException("port is of another attachment: name=" + port.name());
        }
        if (port.spinOnly())
        {
            throw new IllegalArgumentException("port was opened to spin only, so that its peers " +
                "wake no wait set: open it without spinOnly: name=" + port.name());
        }
        final Port[] former = ports;
        final Port[] grown = Arrays.copyOf(former, former.length + 1);
        grown[former.length] = port;
        if (!port.join(this))
        {
            throw new IllegalArgumentException("port is in a wait set already: name=" + port.name());
        }
        ports = grown;
        boolean isAdded = false;
        try
        {
            wakeWaiters();
            isAdded = true;
            return this;
        }
        finally
        {
            if (!isAdded)
            {
                ports = former;
                port.leave(this);
            }
        }
    }

    /**
     * Removes a port. Does nothing if the port is not in the set.
     *
     * @param port to remove.
     * @return this.
     * @throws IllegalStateException if the set is closed.
     */
    public synchronized WaitSet remove(final Port port)
    {
        checkOpen();
        final int index = Arrays.asList(ports).indexOf(port);
        if (index >= 0)
        {
            final Port[] kept = Arrays.copyOf(ports, ports.length - 1);
            System.arraycopy(ports, index + 1, kept, index, kept.length - index);
            ports = kept;
            port.leave(this);
        }
        return this;
    }

    /**
     * @return number of ports in the set.
     */
    public int size()
    {
        return ports.length;
    }

    /**
     * Finds a port that is ready ({@link Port#isReady}), each in its turn.
     *
     * @return the port, or null if none is ready now.
     * @throws IllegalStateException if the set is closed.
     */
    public Port poll()
    {
        checkOpen();
        return find();
    }

    private Port find()
    {
        final Port[] ports = this.ports;
        for (int i = 0; i < ports.length; i++)
        {
            if (cursor >= ports.length)
            {
                cursor = 0;
            }
            final Port port = ports[cursor++];
            if (port.isReady())
            {
                return port;
            }
        }
        return null;
    }

    /**
     * Waits for a port that is ready ({@link Port#isReady}). The thread polls first, then it sleeps. It is woken by a
     * message, by the close of a port, or by the close or death of a peer, but not by a disposal (R21).
     *
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return the port; null if the time is over, the set was closed in the meantime, this process lost its life lock,
     * or the thread was interrupted: its interrupt status stays set.
     * @throws IllegalStateException if the set is closed.
     */
    public Port await(final long timeoutNs)
    {
        final long deadlineNs = Waiter.deadline(timeoutNs);
        synchronized (this)
        {
            checkOpen();
            waiterCount++;
        }
        try
        {
            if (Status.WOULD_BLOCK == waiter.poll(null, 0, 0))
            {
                waiter.sleep(null, 0, 0, deadlineNs, Waiter.isTimed(timeoutNs));
            }
            return takeFound();
        }
        finally
        {
            synchronized (this)
            {
                waiterCount--;
                notifyAll();
            }
        }
    }

    private Port takeFound()
    {
        final Port port = found;
        found = null;
        return port;
    }

    /**
     * Closes the set; its ports stay open. A thread in {@link #await} returns null, and this method waits for that. A
     * second call does nothing, unless the first one failed: then it completes the close.
     */
    @Override
    public void close()
    {
        // The attachment's close waits for this one.
        if (openPorts.context.calls.begin())
        {
            try
            {
                closeCounted();
            }
            finally
            {
                openPorts.context.calls.end();
            }
        }
    }

    private void closeCounted()
    {
        synchronized (this)
        {
            if (!isClosed)
            {
                isClosed = true;
                for (final Port port : ports)
                {
                    port.leave(this);
                }
            }
        }
        if (host.isOwnProcess())
        {
            awaitWaiters();
            // By its incarnation: a second close must not free an entry that is another's by now.
            entry.free(incarnation);
        }
        openPorts.onClosed(this);
    }

    /**
     * By the watch: completes a close whose wake-up failed, because its caller may not try again. Does not wait for the
     * waiters.
     */
    void completeClose()
    {
        if (!isClosed || !host.isOwnProcess())
        {
            return;
        }
        final boolean isOver;
        synchronized (this)
        {
            isOver = 0 == waiterCount;
            wakeWaiters();
        }
        if (isOver)
        {
            entry.free(incarnation);
            openPorts.onClosed(this);
        }
    }

    /** Waits until no thread sleeps on the wake word: once the entry is free, the word may be another's. */
    private void awaitWaiters()
    {
        boolean wasInterrupted = false;
        synchronized (this)
        {
            while (waiterCount > 0)
            {
                wakeWaiters();
                try
                {
                    wait(WAITER_PAUSE_MS);
                }
                catch (final InterruptedException ex)
                {
                    wasInterrupted = true;
                }
            }
        }
        if (wasInterrupted)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** Under the monitor: wakes the waiting threads, so that they look at the present ports, or see the close. */
    private void wakeWaiters()
    {
        if (waiterCount > 0)
        {
            // [set-close] atomic add, after isClosed or ports was set: pairs with the volatile read in Waiter.
            Doorbell.wakeWord(host, wakeOffset, Integer.MAX_VALUE);
        }
    }

    private void checkOpen()
    {
        if (isClosed)
        {
            throw new IllegalStateException("wait set is closed");
        }
    }

    /** A port of the set that is ready. */
    private final class ReadyPort implements Awaited<Void>
    {
        @Override
        public int look(final Void target, final int lengthLimit, final long callId)
        {
            // [set-close] the waiter has read its wake word before this: pairs with the atomic add in wakeWaiters(),
            // after isClosed was set. Without this check a waiter that read the word after the add would sleep on.
            if (isClosed)
            {
                return Status.CLOSED;
            }
            found = find();
            return null != found ? Status.OK : openPorts.isLost() ? Status.NOT_CONNECTED : Status.WOULD_BLOCK;
        }

        @Override
        public void announce()
        {
            // The ports of a closed set may be in another set by now.
            isAnnounced = !isClosed && !openPorts.isLost();
            if (isAnnounced)
            {
                announce(portIndex + 1);
            }
        }

        @Override
        public void retract()
        {
            if (isAnnounced)
            {
                announce(0);
            }
        }

        private void announce(final int waitSet)
        {
            for (final Port port : ports)
            {
                port.announceWaitSet(WaitSet.this, waitSet);
            }
            // [wake] full fence after the announcements, before the last look: pairs with the fence in Doorbell.ring().
            VarHandle.fullFence();
        }

        @Override
        public long sleepLimitNs()
        {
            long limitNs = Long.MAX_VALUE;
            for (final Port port : ports)
            {
                limitNs = Math.min(limitNs, port.sleepLimitNs());
            }
            return limitNs;
        }

        @Override
        public void passWakeUpOn()
        {
            // Only the one thread in await sleeps here.
        }
    }
}
