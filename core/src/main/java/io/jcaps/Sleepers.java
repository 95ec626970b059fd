/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.Arrays;

/**
 * The threads of an attachment that are about to sleep or asleep. An interrupt does not reach a thread that sleeps in
 * the operating system: the watch looks at them and wakes it (R16).
 */
final class Sleepers
{
    private static final long CLOSE_PAUSE_MS = 1;

    private Thread[] threads = new Thread[8];
    private int[] wakeOffsets = new int[8];
    private int count;
    private boolean isClosed;

    /** False if nobody may sleep any more, as the attachment is about to give its memory back. */
    synchronized boolean add(final Thread thread, final int wakeOffset)
    {
        if (isClosed)
        {
            return false;
        }
        if (count == threads.length)
        {
            threads = Arrays.copyOf(threads, 2 * count);
            wakeOffsets = Arrays.copyOf(wakeOffsets, 2 * count);
        }
        threads[count] = thread;
        wakeOffsets[count++] = wakeOffset;
        return true;
    }

    synchronized void remove(final Thread thread)
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

    /** Wakes all, and returns when none sleeps any more. */
    synchronized void close(final Attachment attachment)
    {
        isClosed = true;
        boolean wasInterrupted = false;
        while (count > 0)
        {
            for (int i = 0; i < count; i++)
            {
                attachment.wakeAll(wakeOffsets[i]);
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
    }

    synchronized int wakeInterrupted(final Attachment attachment)
    {
        int result = 0;
        for (int i = 0; i < count; i++)
        {
            if (threads[i].isInterrupted())
            {
                attachment.wakeAll(wakeOffsets[i]);
                result++;
            }
        }
        return result;
    }
}
