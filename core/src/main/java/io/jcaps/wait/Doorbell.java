/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import org.agrona.concurrent.AtomicBuffer;

import java.lang.invoke.VarHandle;

/**
 * Wakes the threads that sleep on one port, of this process or of a peer, or in the port's wait set. Any thread may
 * call.
 */
public final class Doorbell
{
    private final Host host;
    private final AtomicBuffer tables;
    private final int portIndex;
    private final int sleepersOffset;
    private final Geometry geometry;

    /**
     * @param host of the region.
     * @param port on which the threads sleep.
     */
    public Doorbell(final Host host, final PortEntry port)
    {
        this.host = host;
        portIndex = port.index();
        sleepersOffset = port.sleepersOffset();
        tables = host.tables();
        geometry = host.header().geometry();
    }

    /**
     * @return index of the port.
     */
    public int portIndex()
    {
        return portIndex;
    }

    /**
     * Wakes threads that sleep on the port. The caller has stored before what they should see.
     *
     * @param limit most threads to wake: one at a service, where any will do; all at a client, where each may wait for
     *              a reply of its own.
     * @return number of system calls, 0 to 2.
     */
    public int ring(final int limit)
    {
        final long sleepers = look();
        return 0 == sleepers ? 0 : wake(sleepers, limit);
    }

    /**
     * Looks whether a thread sleeps on the port; stores nothing. The caller has stored before what such a thread should
     * see.
     *
     * @return 0 if no thread sleeps; otherwise the value to pass to {@link #wake}.
     */
    public long look()
    {
        // [wake] full fence between the publication and the look at SLEEPERS: pairs with the atomic add by which a
        // sleeper announces itself before its last look. One of the two sees the other. Without it the look could be
        // made before the publication, and the sleeper would sleep on.
        VarHandle.fullFence();
        return tables.getLongOpaque(sleepersOffset);
    }

    /**
     * Wakes the threads that were seen. Only while the attachment is in the region, because this stores into the
     * tables.
     *
     * @param sleepers value that {@link #look} returned.
     * @param limit    most threads to wake, as {@link #ring} takes it.
     * @return number of system calls, 0 to 2.
     */
    public int wake(final long sleepers, final int limit)
    {
        int count = 0;
        if (0 != PortEntry.sleeperCount(sleepers))
        {
            wakeWord(host, PortEntry.wakeOffset(sleepersOffset), limit);
            count++;
        }
        final int waitSetIndex = PortEntry.waitSetIndex(sleepers);
        if (geometry.hasPort(waitSetIndex))
        {
            wakeWord(host, new PortEntry(tables, geometry).wrap(waitSetIndex).wakeOffset(), Integer.MAX_VALUE);
            count++;
        }
        return count;
    }

    /**
     * Wakes threads that sleep on one word.
     *
     * @param host       of the region.
     * @param wakeOffset of the WAKE word.
     * @param limit      most threads to wake.
     */
    public static void wakeWord(final Host host, final int wakeOffset, final int limit)
    {
        // [wake] atomic add before the wake-up: a thread that read the word before it does not fall asleep. Pairs with
        // the read in Waiter.sleepAndLook().
        host.tables().getAndAddInt(wakeOffset, 1);
        host.wake(wakeOffset, limit);
    }
}
