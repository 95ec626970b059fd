/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

/**
 * The calls of one attachment that use the tables or the host. The attachment's close waits for them before it leaves
 * the region. Any thread may call.
 */
final class CallsInFlight
{
    private final Object monitor = new Object();
    private int count;
    // Set once the region may be unmapped: no call begins any more, not even the close of a port.
    private boolean hasLeft;

    /**
     * Begins a call: {@link #await} waits for its {@link #end()}.
     *
     * @return false if the attachment has left the region; no call has begun then.
     */
    boolean begin()
    {
        synchronized (monitor)
        {
            if (!hasLeft)
            {
                count++;
            }
            return !hasLeft;
        }
    }

    void end()
    {
        synchronized (monitor)
        {
            count--;
            monitor.notifyAll();
        }
    }

    int count()
    {
        synchronized (monitor)
        {
            return count;
        }
    }

    /**
     * Waits until no call is in flight. An interrupt does not end the wait; it stays set.
     *
     * @param isLeaving whether the attachment leaves the region: no call begins after that, even if the close then
     *                  fails. A second close stores nothing.
     */
    void await(final boolean isLeaving)
    {
        boolean wasInterrupted = false;
        synchronized (monitor)
        {
            while (count > 0)
            {
                try
                {
                    monitor.wait();
                }
                catch (final InterruptedException ex)
                {
                    wasInterrupted = true;
                }
            }
            hasLeft |= isLeaving;
        }
        if (wasInterrupted)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** Refuses further calls without waiting for those in flight: for tests of a process that dies. */
    void leave()
    {
        synchronized (monitor)
        {
            hasLeft = true;
        }
    }
}
