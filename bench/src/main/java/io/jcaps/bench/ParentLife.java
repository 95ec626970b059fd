/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/**
 * In a child: detects that its parent has closed it or has exited. The parent holds the other end of this JVM's
 * standard input, which ends in both cases. A child that does not exit by itself soon after is halted.
 */
public final class ParentLife
{
    private static final long GRACE_NS = TimeUnit.SECONDS.toNanos(30);

    private volatile boolean isPresent = true;
    private volatile Runnable endListener;

    private ParentLife()
    {
    }

    /**
     * Starts the watch.
     *
     * @return the watch.
     */
    public static ParentLife watch()
    {
        final ParentLife life = new ParentLife();
        final Thread thread = new Thread(life::readToTheEnd, "parent-life");
        thread.setDaemon(true);
        thread.start();
        return life;
    }

    /**
     * @return whether the parent still holds the input open.
     */
    public boolean isPresent()
    {
        return isPresent;
    }

    /**
     * Calls a listener on the watch's thread when the input ends.
     *
     * @param listener to call; at once if the input has ended already.
     */
    public void onEnd(final Runnable listener)
    {
        endListener = listener;
        if (!isPresent)
        {
            listener.run();
        }
    }

    private void readToTheEnd()
    {
        final InputStream in = System.in;
        try
        {
            while (in.read() >= 0)
            {
                Thread.onSpinWait();
            }
        }
        catch (final IOException ex)
        {
            // A read that fails counts as the end.
        }
        isPresent = false;
        final Runnable listener = endListener;
        if (null != listener)
        {
            listener.run();
        }
        try
        {
            TimeUnit.NANOSECONDS.sleep(GRACE_NS);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }
}
