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
 * shows in its entry. Its entry and links may be others' after its end, so nothing is stored there then. It is the base
 * of a port, not an object of its own: each message looks several times whether the port is open, and a load more for
 * each look cost 2 to 4 % of a round trip.
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
    // Copies into and out of links that this port's threads are making outside the gate.
    private int copyCount;
    // Status.OK while the port is in use, then what each call answers.
    private volatile int status = Status.OK;
    // What the watch has shown last in the entry; by the watch alone.
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

    /** Within the gate: counts that the region has no memory left for a payload; the status to return. */
    final int noSpace(final int length)
    {
        report.noSpace(length);
        return Status.NO_SPACE;
    }

    // ---- copies

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

    /** Begins a copy out of a link: {@link Status#OK}, or why there is none. */
    final int enterCopy()
    {
        gate.enter();
        try
        {
            if (isOpen())
            {
                beginCopy();
            }
            return status;
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
     * Once this side releases a link, it may be another client's: a put or reply of another thread must not write there
     * then. Each has at most one payload left to copy.
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
     * Only while the port is open: after its close the entry, and so the word, may be another port's. Nor if the entry
     * is no longer its own, because the life lock was lost: a thread that slept then must not decrement another port's
     * count.
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
     * Stores which wait set sleeps for this port; only while it is open, as above, and only for the set that the port
     * is in: a thread that leaves another one, or is just about to sleep there, must not remove this one's
     * announcement.
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
     * By the watch: shows other processes how many claims are not spent, and how many views not released. They are
     * counted without the gate: this thread may lose its core there, and the numbers decide nothing.
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

    /** As {@link #announceSleeper}: not in an entry that may be another port's; nor in another process (R27). */
    private synchronized void storeOpen(final int claims, final int views)
    {
        if (isOpen() && entry.incarnation() == incarnation && host.isOwnProcess())
        {
            entry.showOpen(claims, views);
        }
    }

    // ---- waking

    /** Wakes all threads that sleep on this port, to let them look at it. */
    final void wakeOwn()
    {
        context.ring(doorbell, Integer.MAX_VALUE);
    }

    /** Wakes threads of the peer, outside the gate. What they should see was stored before. */
    final void wakePeer(final Doorbell peer, final int limit, final WakeUpCounter link)
    {
        final int count = context.ring(peer, limit);
        if (count > 0)
        {
            countWakeUps(count, link);
        }
    }

    /** Re-entering the gate costs nothing beside the system call before it. */
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
