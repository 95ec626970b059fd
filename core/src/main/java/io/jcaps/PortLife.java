/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import io.jcaps.link.WakeUpCounter;
import io.jcaps.table.Report;
import io.jcaps.wait.Doorbell;
import io.jcaps.wait.Gate;
import org.agrona.concurrent.AtomicBuffer;

import java.lang.invoke.VarHandle;

/**
 * The life of a port: whether it is open, the gate of its threads, their copies that a close waits for, and what it
 * shows in its entry. After the end of the port its entry and links may be others', so nothing is stored there. This is
 * the base class of a port and not an object of its own: each message checks several times whether the port is open,
 * and one more load for each check cost 2 to 4 % of a round trip.
 * <p>
 * Any thread may call, unless a method says otherwise.
 */
abstract sealed class PortLife permits Port
{
    final PortContext context;
    final Host host;
    final AtomicBuffer tables;
    final Geometry geometry;
    final Gate gate;
    final Doorbell doorbell;
    final int portIndex;
    final int messageLimit;
    final PortEntry entry;
    final Report report;
    final String name;
    final long incarnation;

    private final int sleepersOffset;
    private final int waitSetOffset;
    // Under the monitor: the set that the port is in, null if it is in none.
    private Object waitSet;
    // Copies into and out of links that this port's threads are making outside the gate. Within the gate.
    private int copyCount;
    // Status.OK while the port is open, then what each call returns.
    private volatile int status = Status.OK;
    // The numbers that the watch showed last in the entry; used by the watch alone.
    private int shownClaims;
    private int shownViews;

    PortLife(
        final PortContext context,
        final int portIndex,
        final long incarnation,
        final String name,
        final PortOptions options)
    {
        this.context = context;
        this.portIndex = portIndex;
        this.incarnation = incarnation;
        this.name = name;
        host = context.host;
        tables = host.tables();
        geometry = host.header().geometry();
        messageLimit = geometry.messageLimit();
        gate = new Gate(!options.singleThreaded());
        entry = new PortEntry(tables, geometry).wrap(portIndex);
        report = new Report(host, context.errors, entry, name);
        doorbell = new Doorbell(host, entry);
        sleepersOffset = entry.sleepersOffset();
        waitSetOffset = entry.waitSetOffset();
    }

    // ---- open, and the end

    final boolean isOpen()
    {
        return Status.OK == status;
    }

    final int status()
    {
        return status;
    }

    /** Under the monitor, so that no announcement comes after it. */
    final synchronized void setEnded(final int endStatus)
    {
        status = endStatus;
    }

    final void checkOpen()
    {
        if (!isOpen())
        {
            throw new IllegalStateException("port " + name + " is closed: its views and claims are void");
        }
    }

    final void checkLength(final int length)
    {
        if (length < 0 || length > messageLimit)
        {
            throw new IllegalArgumentException(
                "length must be from 0 to the region's limit of " + messageLimit + " bytes: length=" + length);
        }
    }

    /** Within the gate: counts that the region has no memory left for a payload, and returns the status. */
    final int noSpace(final int length)
    {
        report.noSpace(length);
        return Status.NO_SPACE;
    }

    // ---- copies

    /** Within the gate: begins a copy into or out of a link. */
    final void beginCopy()
    {
        copyCount++;
    }

    /** Within the gate: ends a copy into or out of a link. */
    final void endCopy()
    {
        copyCount--;
    }

    /** Begins a copy out of a link: {@link Status#OK}, or the reason why no copy has begun. */
    final int enterCopy()
    {
        gate.enter();
        try
        {
            // Read once: a caller that is refused does not end the copy.
            final int endStatus = status;
            if (Status.OK == endStatus)
            {
                beginCopy();
            }
            return endStatus;
        }
        finally
        {
            gate.exit();
        }
    }

    /** Ends a copy out of a link. */
    final void exitCopy()
    {
        gate.enter();
        endCopy();
        gate.exit();
    }

    /**
     * Waits until no thread copies into or out of a link: once this side releases the link, it may be another client's.
     * The wait is short, because each thread has at most one payload left to copy.
     */
    final void awaitCopies()
    {
        while (isCopying())
        {
            Thread.yield();
        }
    }

    final boolean isCopying()
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

    // ---- what is shown in the entry

    /**
     * Adds to SLEEPERS, but only while the port is open and the entry is its own. After a close, or the loss of the
     * life lock, the word may be another port's, and a thread that slept must not decrement that port's count.
     */
    final synchronized void announceSleeper(final int change)
    {
        if (isOpen() && entry.incarnation() == incarnation)
        {
            // [wake] atomic add, then a full fence before the last look: pairs with the fence in Doorbell.ring(). The
            // add alone would not keep the look's acquire loads after it.
            tables.getAndAddInt(sleepersOffset, change);
            VarHandle.fullFence();
        }
    }

    /** Joins a wait set; false if it is in one already. */
    final synchronized boolean join(final Object joined)
    {
        final boolean isJoining = null == waitSet;
        if (isJoining)
        {
            waitSet = joined;
        }
        return isJoining;
    }

    /** Leaves a wait set, unless it is in another by now. No thread is woken there for this port any more. */
    final synchronized void leave(final Object left)
    {
        announceWaitSet(left, 0);
        waitSet = left == waitSet ? null : waitSet;
    }

    /**
     * Stores which wait set sleeps for this port. As {@link #announceSleeper}, and only for the set that the port is
     * in: a thread that leaves another set, or is about to sleep there, must not overwrite this one's announcement.
     *
     * @param announcing the set that announces.
     * @param state      index of the wait set's entry + 1, or 0.
     */
    final synchronized void announceWaitSet(final Object announcing, final int state)
    {
        if (announcing == waitSet && isOpen() && entry.incarnation() == incarnation)
        {
            tables.putIntRelease(waitSetOffset, state);
        }
    }

    /**
     * By the watch: shows other processes how many claims are not spent, and how many views are not released. They are
     * counted without the gate, within which this thread could lose its core. No decision depends on the numbers.
     */
    final void showOpen(final int claims, final int views)
    {
        if (claims != shownClaims || views != shownViews)
        {
            storeOpen(claims, views);
            shownClaims = claims;
            shownViews = views;
        }
    }

    /** As {@link #announceSleeper}, not in an entry that may be another port's; and not in a forked child (R27). */
    private synchronized void storeOpen(final int claims, final int views)
    {
        if (isOpen() && entry.incarnation() == incarnation && host.isOwnProcess())
        {
            entry.showOpen(claims, views);
        }
    }

    // ---- waking

    /** Wakes all threads that sleep on this port, so that they look at it. */
    final void wakeOwn()
    {
        context.ring(doorbell, Integer.MAX_VALUE);
    }

    /** Wakes threads of the peer, outside the gate. The caller has stored before what they should see. */
    final void wakePeer(final Doorbell peer, final int limit, final WakeUpCounter link)
    {
        final int count = context.ring(peer, limit);
        if (count > 0)
        {
            countWakeUps(count, link);
        }
    }

    /** Counts system calls, within the gate. Re-entering the gate costs nothing beside a system call. */
    private void countWakeUps(final int count, final WakeUpCounter link)
    {
        gate.enter();
        try
        {
            if (isOpen())
            {
                link.countWakeUps(count);
            }
        }
        finally
        {
            gate.exit();
        }
    }
}
