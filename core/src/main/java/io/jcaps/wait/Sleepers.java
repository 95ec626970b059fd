/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.Failures;
import io.jcaps.host.Host;
import org.agrona.LangUtil;

import java.util.Arrays;

/**
 * The threads of an attachment that sleep or are about to. An interrupt does not reach a thread that sleeps in the
 * operating system, so the watch checks these threads and wakes the interrupted ones (R16). Any thread may call.
 */
public final class Sleepers
{
    private static final long CLOSE_PAUSE_MS = 1;

    private final Host host;
    // Both are replaced together, once there is memory for both.
    private Thread[] threads = new Thread[8];
    private int[] wakeOffsets = new int[8];
    private int count;
    private boolean isClosed;

    /**
     * @param host of the region.
     */
    public Sleepers(final Host host)
    {
        this.host = host;
    }

    /**
     * Puts the calling thread to sleep until it is woken.
     *
     * @param wakeOffset   of the word to sleep on.
     * @param wakeSequence the word's value before the caller checked its condition.
     * @param deadlineNs   by {@link System#nanoTime}, if the wait is timed.
     * @param isTimed      whether there is a deadline.
     * @param limitNs      longest sleep in nanoseconds before the caller looks without being woken.
     * @return false if the time is over, the thread is interrupted, or no thread may sleep any more.
     */
    public boolean sleep(
        final int wakeOffset,
        final int wakeSequence,
        final long deadlineNs,
        final boolean isTimed,
        final long limitNs)
    {
        final Thread thread = Thread.currentThread();
        if (!add(thread, wakeOffset))
        {
            return false;
        }
        try
        {
            final long timeoutNs = isTimed ? deadlineNs - System.nanoTime() : Long.MAX_VALUE;
            if (thread.isInterrupted() || timeoutNs <= 0)
            {
                return false;
            }
            host.sleep(wakeOffset, wakeSequence, Math.min(timeoutNs, limitNs));
            return !thread.isInterrupted();
        }
        finally
        {
            remove(thread);
        }
    }

    private synchronized boolean add(final Thread thread, final int wakeOffset)
    {
        if (isClosed)
        {
            return false;
        }
        if (count == threads.length)
        {
            final Thread[] moreThreads = Arrays.copyOf(threads, 2 * count);
            wakeOffsets = Arrays.copyOf(wakeOffsets, 2 * count);
            threads = moreThreads;
        }
        threads[count] = thread;
        wakeOffsets[count++] = wakeOffset;
        return true;
    }

    private synchronized void remove(final Thread thread)
    {
        for (int i = 0; i < count; i++)
        {
            if (threads[i] == thread)
            {
                threads[i] = threads[--count];
                wakeOffsets[i] = wakeOffsets[count];
                threads[count] = null;
                notifyAll();
                return;
            }
        }
    }

    /** Wakes all threads, and returns when none sleeps any more: the attachment is about to release its memory. */
    public synchronized void close()
    {
        isClosed = true;
        boolean wasInterrupted = false;
        Throwable failure = null;
        while (count > 0)
        {
            try
            {
                wake();
            }
            catch (final Throwable ex)
            {
                // Tried again, because the memory must not be released while a thread sleeps on it.
                failure = ex;
            }
            try
            {
                wait(CLOSE_PAUSE_MS);
            }
            catch (final InterruptedException ex)
            {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted)
        {
            Thread.currentThread().interrupt();
        }
        if (null != failure)
        {
            LangUtil.rethrowUnchecked(failure);
        }
    }

    /**
     * @return whether no thread may sleep any more.
     */
    synchronized boolean isClosed()
    {
        return isClosed;
    }

    /**
     * Wakes all threads; each checks its own condition.
     *
     * @return number of threads.
     */
    public synchronized int wake()
    {
        return wake(false);
    }

    /**
     * Wakes the threads that are interrupted, and with them those that sleep on the same word.
     *
     * @return number of interrupted threads.
     */
    public synchronized int wakeInterrupted()
    {
        return wake(true);
    }

    /** A wake-up that fails does not stop the others. */
    private int wake(final boolean isForInterrupted)
    {
        int result = 0;
        final Failures failures = new Failures();
        for (int i = 0; i < count; i++)
        {
            final int wakeOffset = wakeOffsets[i];
            if ((!isForInterrupted || threads[i].isInterrupted()) &&
                failures.run(() -> Doorbell.wakeWord(host, wakeOffset, Integer.MAX_VALUE)))
            {
                result++;
            }
        }
        failures.rethrow();
        return result;
    }
}
