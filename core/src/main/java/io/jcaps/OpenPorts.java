/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.table.ErrorLog;
import io.jcaps.table.Peers;
import io.jcaps.table.Registry;
import io.jcaps.table.WakeUps;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Sleepers;

import java.util.ArrayList;

/**
 * The open ports and wait sets of one attachment, and the events that end all of them at once: the attachment's close,
 * a fork, a lost life lock. Any thread may call.
 */
final class OpenPorts
{
    private final Host host;
    private final Registry registry;
    private final Peers peers;
    private final ErrorLog errors;
    private final WakeUps wakeUps;
    private final Sleepers sleepers;
    private final CallsInFlight calls = new CallsInFlight();
    // Guards the ports and wait sets.
    private final Object monitor = new Object();
    private final ArrayList<Port> ports = new ArrayList<>();
    private final ArrayList<WaitSet> waitSets = new ArrayList<>();
    // Written under the monitor.
    private volatile boolean isClosed;
    private volatile boolean isRetired;
    // The last close of a service did not get the tables' lock.
    private volatile boolean isTablesLockMissed;
    // This process's life lock is gone; written under the monitor.
    private volatile boolean isLost;

    OpenPorts(
        final Host host,
        final Registry registry,
        final Peers peers,
        final ErrorLog errors,
        final WakeUps wakeUps,
        final Sleepers sleepers)
    {
        this.host = host;
        this.registry = registry;
        this.peers = peers;
        this.errors = errors;
        this.wakeUps = wakeUps;
        this.sleepers = sleepers;
    }

    Host host()
    {
        return host;
    }

    Registry registry()
    {
        return registry;
    }

    Peers peers()
    {
        return peers;
    }

    ErrorLog errors()
    {
        return errors;
    }

    WakeUps wakeUps()
    {
        return wakeUps;
    }

    Sleepers sleepers()
    {
        return sleepers;
    }

    // ---- the calls in flight

    /** Begins a call that may open a port or a wait set: the attachment's close waits for {@link #endCall()}. */
    void beginCall()
    {
        checkUsable();
        synchronized (monitor)
        {
            checkNotClosed();
            // Room for what each call in flight may open: nothing can fail when it is in the tables.
            final int room = calls.count() + 1;
            ports.ensureCapacity(ports.size() + room);
            waitSets.ensureCapacity(waitSets.size() + room);
            calls.begin();
        }
    }

    /**
     * Begins a call that is allowed while the attachment closes, such as the close of a port: the attachment's own
     * close waits for {@link #endCall()}.
     *
     * @return false if the attachment has left the region: nothing may be stored there any more.
     */
    boolean beginClose()
    {
        return calls.begin();
    }

    void endCall()
    {
        calls.end();
    }

    /** Waits until no call is in flight; if the attachment leaves, none begins after that. */
    void awaitCalls(final boolean isLeaving)
    {
        calls.await(isLeaving);
    }

    /** Whether the attachment's close has begun. */
    boolean isClosed()
    {
        return isClosed;
    }

    private void checkNotClosed()
    {
        if (isClosed)
        {
            throw new CapsException(Status.CLOSED, "the attachment is closed");
        }
    }

    private void checkNotLost()
    {
        if (isLost)
        {
            throw new CapsException(Status.NOT_CONNECTED, Registry.LOST + host.place());
        }
    }

    void checkUsable()
    {
        checkNotClosed();
        checkNotLost();
        if (isRetired || !host.isOwnProcess())
        {
            throw new CapsException(Status.NOT_CONNECTED, isRetired ?
                "the region was removed or replaced: attach again: " + host.place() :
                "this process is not the one that attached: attach again");
        }
    }

    // ---- what is open

    /** The caller gets the port, unless the attachment is closed. */
    void add(final Port port)
    {
        synchronized (monitor)
        {
            checkNotClosed();
            checkNotLost();
            ports.add(port);
        }
    }

    /** The caller gets the wait set, unless the attachment is closed. */
    void add(final WaitSet waitSet)
    {
        synchronized (monitor)
        {
            checkNotClosed();
            checkNotLost();
            waitSets.add(waitSet);
        }
    }

    /** Closes a port that its caller will not get. If that fails, the watch or the attachment's close completes it. */
    void discard(final Port port)
    {
        synchronized (monitor)
        {
            if (!ports.contains(port))
            {
                ports.add(port);
            }
        }
        port.close();
    }

    /**
     * A port was closed: what that left in the tables is freed now, or by the next process that comes. While claims
     * keep a link of it, the watch looks whether the program has dropped them.
     */
    void onClosed(final Port port, final int servicePortIndex)
    {
        if (port.releaseDropped())
        {
            remove(port);
        }
        registry.closed(servicePortIndex);
    }

    boolean isTablesLockMissed()
    {
        return isTablesLockMissed;
    }

    void tablesLockMissed(final boolean isMissed)
    {
        isTablesLockMissed = isMissed;
    }

    private void remove(final Port port)
    {
        synchronized (monitor)
        {
            ports.remove(port);
        }
    }

    void onClosed(final WaitSet waitSet)
    {
        synchronized (monitor)
        {
            waitSets.remove(waitSet);
        }
    }

    private Port[] open()
    {
        synchronized (monitor)
        {
            return ports.toArray(new Port[0]);
        }
    }

    /** From here on nothing is opened. */
    void close()
    {
        synchronized (monitor)
        {
            isClosed = true;
        }
    }

    private WaitSet[] openSets()
    {
        synchronized (monitor)
        {
            return waitSets.toArray(new WaitSet[0]);
        }
    }

    /** Closes all that is open. */
    void closeAll(final Failures failures)
    {
        final Port[] open = open();
        for (final WaitSet waitSet : openSets())
        {
            failures.run(waitSet::close);
        }
        for (final Port port : open)
        {
            failures.run(port::close);
        }
    }

    /**
     * After {@link #closeAll}: whether a thread may write into a link, by a claim that is not spent or, of a port whose
     * close has failed, a copy. By what this process knows: the tables are input.
     */
    boolean isAnyWritten()
    {
        boolean isWritten = false;
        for (final Port port : open())
        {
            isWritten |= port.isCopying() || !port.releaseDropped();
        }
        return isWritten;
    }

    /** Ends each port on this side alone, as the death of the process does: for tests. */
    void abandon()
    {
        synchronized (monitor)
        {
            isClosed = true;
            calls.leave();
            for (final Port port : ports)
            {
                port.disown(Status.CLOSED);
            }
        }
    }

    // ---- what ends all of them

    /** In another process than the one that attached, each port ends where it is (R27); the parent's goes on. */
    void checkOwnProcess()
    {
        if (!host.isOwnProcess())
        {
            synchronized (monitor)
            {
                for (final Port port : ports)
                {
                    port.disownForeign();
                }
            }
        }
    }

    /**
     * Whether this process still holds its life lock. If it does not, its peers treat it as dead, and others may take
     * its entries: when this returns, all of its ports are void, and nothing more is stored for them.
     */
    boolean holdsLife()
    {
        if (!isLost && !host.holdsLife(registry.processIndex()))
        {
            lose();
        }
        return !isLost;
    }

    boolean isLost()
    {
        return isLost;
    }

    private void lose()
    {
        // The log is the next process's that gets the entry.
        errors.close();
        final Port[] open;
        synchronized (monitor)
        {
            if (isLost)
            {
                return;
            }
            isLost = true;
            open = open();
        }
        for (final Port port : open)
        {
            port.disownLost();
        }
        // In this JVM, too, the entry is no longer this attachment's.
        host.dropLife(registry.processIndex());
        sleepers.wake();
    }

    /** Whether the region was removed or replaced, as far as {@link #watchPlace} has seen. */
    boolean isRetired()
    {
        return isRetired;
    }

    // ---- for the watch

    void watch(final Deaths deaths, final Failures failures)
    {
        // Outside the monitor, which each open and close needs: a round takes long where there are thousands of ports.
        final Port[] open = open();
        for (int i = open.length - 1; i >= 0; i--)
        {
            final Port port = open[i];
            failures.run(() -> watch(port, deaths));
        }
        for (final WaitSet waitSet : openSets())
        {
            failures.run(waitSet::completeClose);
        }
    }

    private void watch(final Port port, final Deaths deaths)
    {
        if (port.isEndDue())
        {
            port.close();
        }
        else if (!port.isClosed())
        {
            port.watch(deaths);
        }
        else if (port.hasEnded() && port.releaseDropped())
        {
            remove(port);
        }
    }

    void watchPlace()
    {
        checkOwnProcess();
        registry.trim(0);
        if (!isRetired && !host.isCurrent())
        {
            isRetired = true;
        }
    }
}
