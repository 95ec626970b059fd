/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Failures;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.wait.Doorbell;

import java.util.BitSet;

/**
 * Wakes threads that sleep on ports, after the message or state that they wait for was published. If a wake-up fails,
 * the watch repeats it: a put must not be reported as failed because a sleeper could not be woken. Any thread may call,
 * also within a gate. A port's index may be input.
 */
public final class WakeUps
{
    private final Peers peers;
    private final ErrorLog errors;
    private final Geometry geometry;
    // Ports whose sleepers the watch must wake. Under its own monitor; never grows.
    private final BitSet owed;

    /**
     * @param host   of the region.
     * @param peers  of the attachment.
     * @param errors of the attachment.
     */
    public WakeUps(final Host host, final Peers peers, final ErrorLog errors)
    {
        this.peers = peers;
        this.errors = errors;
        geometry = host.header().geometry();
        owed = new BitSet(geometry.portCount());
    }

    /**
     * Wakes threads that sleep on a port, now or later. Never throws.
     *
     * @param doorbell of the port.
     * @param sleepers value that {@link Doorbell#look} returned.
     * @param limit    most threads to wake.
     * @return number of system calls; 0 if the watch makes them later.
     */
    public int wake(final Doorbell doorbell, final long sleepers, final int limit)
    {
        try
        {
            return doorbell.wake(sleepers, limit);
        }
        catch (final Throwable ex)
        {
            later(doorbell.portIndex(), ex);
            return 0;
        }
    }

    /** Wakes all threads that sleep on a port, now or later. Never throws. */
    void wake(final int portIndex)
    {
        try
        {
            peers.wake(portIndex);
        }
        catch (final Throwable ex)
        {
            later(portIndex, ex);
        }
    }

    /** Notes and records a wake-up that failed: the watch's next round wakes all threads that sleep on the port. */
    void later(final int portIndex, final Throwable cause)
    {
        if (geometry.hasPort(portIndex))
        {
            owe(portIndex);
        }
        errors.onError(cause);
    }

    /** By the watch: repeats the wake-ups that failed. One that fails again stays due, and does not stop the others. */
    public void wakeOwed()
    {
        final Failures failures = new Failures();
        for (int i = takeOwed(0); i >= 0; i = takeOwed(i + 1))
        {
            final int portIndex = i;
            if (!failures.run(() -> peers.wake(portIndex)))
            {
                owe(portIndex);
            }
        }
        failures.rethrow();
    }

    /** Takes one port under the monitor. The wake-up is made outside it, so that no thread in owe() waits for that. */
    private int takeOwed(final int from)
    {
        synchronized (owed)
        {
            final int portIndex = owed.nextSetBit(from);
            if (portIndex >= 0)
            {
                owed.clear(portIndex);
            }
            return portIndex;
        }
    }

    private void owe(final int portIndex)
    {
        synchronized (owed)
        {
            owed.set(portIndex);
        }
    }
}
