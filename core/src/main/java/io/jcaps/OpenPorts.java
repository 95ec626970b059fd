/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Failures;
import io.jcaps.host.Host;
import io.jcaps.table.Registry;
import io.jcaps.wait.Deaths;

import java.util.ArrayList;

/**
 * The open ports and wait sets of one attachment, and the events that end all of them: the attachment's close, a fork,
 * a lost life lock. Any thread may call.
 */
final class OpenPorts
{
    final PortContext context;
    private final Host host;
    private final Registry registry;
    private final CallsInFlight calls;
    // Guards the ports and wait sets.
    private final Object monitor = new Object();
    private final ArrayList<Port> ports = new ArrayList<>();
    private final ArrayList<WaitSet> waitSets = new ArrayList<>();
    // Written under the monitor.
    private volatile boolean isClosed;
    // This process has lost its life lock. Written under the monitor.
    private volatile boolean isLost;

    OpenPorts(final PortContext context)
    {
        this.context = context;
        host = context.host;
        registry = context.registry;
        calls = context.calls;
    }

    // ---- the calls in flight

    /** Begins a call that may open a port or a wait set: the attachment's close waits for its end. */
    void beginCall()
    {
        checkUsable();
        synchronized (monitor)
        {
            checkNotClosed();
            // Room for what each call in flight may open: nothing can fail once that is in the tables.
            final int room = calls.count() + 1;
            ports.ensureCapacity(ports.size() + room);
            waitSets.ensureCapacity(waitSets.size() + room);
            calls.begin();
        }
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
        if (context.isRetired() || !host.isOwnProcess())
        {
            throw new CapsException(Status.NOT_CONNECTED, context.isRetired() ?
                "the region was removed or replaced: attach again: " + host.place() :
                "this process is not the one that attached: attach again");
        }
    }

    // ---- what is open

    /** Adds a port that the caller gets. Throws if the attachment is closed. */
    void add(final Port port)
    {
        synchronized (monitor)
        {
            checkNotClosed();
            checkNotLost();
            ports.add(port);
        }
    }

    /** Adds a wait set that the caller gets. Throws if the attachment is closed. */
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
     * Called when a port was closed: frees its entries in the tables if their lock is free, and otherwise leaves them
     * to a later close, attach or round of the watch. While claims keep a link of the port, the watch checks whether
     * the program has dropped them.
     */
    void onClosed(final Port port, final int servicePortIndex)
    {
        if (port.releaseDropped())
        {
            remove(port);
        }
        registry.closed(servicePortIndex);
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

    /** After this, no call opens a port or a wait set. */
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

    /** Closes each open wait set and port. */
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
     * After {@link #closeAll}: whether a thread may still write into a link, by a claim that is not spent, or by a copy
     * at a port whose close has failed. Uses only this process's own state, because the tables are input.
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

    /** Ends each port on this side alone, as the death of the process would: for tests. */
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

    /** Ends each port locally in a process other than the one that attached (R27). The parent's ports stay open. */
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
     * its entries. All of its ports are then void when this returns, and nothing more is stored for them.
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
        // The next process that gets the entry also gets the entry's error log.
        context.errors.close();
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
        // Another attachment of this JVM may then take the entry.
        host.dropLife(registry.processIndex());
        context.sleepers.wake();
    }

    // ---- for the watch

    void watch(final Deaths deaths, final Failures failures)
    {
        // Outside the monitor, which each open and close needs: a round over thousands of ports takes long.
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
            port.showOpen(port.claimsNow(), port.viewsNow());
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
        if (!context.isRetired() && !host.isCurrent())
        {
            context.retire();
        }
    }
}
