/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/**
 * In a child: whether its parent still wants it. The parent holds the other end of this JVM's standard input, and lets
 * go of it when it closes it or dies, however it dies. A child that does not end by itself soon after is ended.
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
     * Begins to watch.
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
     * @return whether the parent still wants this JVM.
     */
    public boolean isPresent()
    {
        return isPresent;
    }

    /**
     * Has something done, by the watch's own thread, when the parent wants this JVM no more.
     *
     * @param listener to call; at once if the parent is gone already.
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
            // As good as the end.
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
