/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.AtomicBuffer;

import java.util.ArrayList;

/**
 * Does what the operating system's futex does, and no more: no thread wakes without a wake-up, and a wake-up wakes at
 * most as many threads as it names. So a lost wake-up, which polling hides, hangs the test. The thread that slept last
 * is woken first, which is the order that a caller expects least.
 */
final class TestFutex
{
    private final ArrayList<Sleeper> sleepers = new ArrayList<>();

    private static final class Sleeper
    {
        private final int wakeOffset;
        private boolean isWoken;

        Sleeper(final int wakeOffset)
        {
            this.wakeOffset = wakeOffset;
        }
    }

    synchronized void sleep(
        final AtomicBuffer tables, final int wakeOffset, final int expected, final long timeoutNs)
    {
        if (tables.getIntVolatile(wakeOffset) != expected)
        {
            return;
        }
        final Sleeper sleeper = new Sleeper(wakeOffset);
        sleepers.add(sleeper);
        final boolean isTimed = Long.MAX_VALUE != timeoutNs;
        final long deadlineNs = isTimed ? System.nanoTime() + timeoutNs : 0;
        try
        {
            while (!sleeper.isWoken)
            {
                final long leftNs = isTimed ? deadlineNs - System.nanoTime() : Long.MAX_VALUE;
                if (leftNs <= 0)
                {
                    return;
                }
                if (isTimed)
                {
                    wait(leftNs / 1_000_000, (int)(leftNs % 1_000_000));
                }
                else
                {
                    wait();
                }
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
        finally
        {
            sleepers.remove(sleeper);
        }
    }

    synchronized void wake(final int wakeOffset, final int limit)
    {
        int left = limit;
        for (int i = sleepers.size() - 1; i >= 0 && left > 0; i--)
        {
            final Sleeper sleeper = sleepers.get(i);
            if (sleeper.wakeOffset == wakeOffset && !sleeper.isWoken)
            {
                sleeper.isWoken = true;
                left--;
            }
        }
        notifyAll();
    }

    synchronized int sleeperCount()
    {
        int count = 0;
        for (final Sleeper sleeper : sleepers)
        {
            if (!sleeper.isWoken)
            {
                count++;
            }
        }
        return count;
    }
}
