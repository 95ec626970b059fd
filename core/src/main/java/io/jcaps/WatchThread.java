/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import org.agrona.ErrorHandler;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

/**
 * An attachment's own thread for its watch. The pause between two rounds ends early when the operating system reports
 * the end of a peer's process. Only the close ends the thread. Neither an interrupt nor what a round or the error
 * handler throws ends it, because then no death would be reported any more.
 */
final class WatchThread implements Runnable, AutoCloseable
{
    private static final long JOIN_MS = 100;

    private final Watch watch;
    private final Host host;
    private final long intervalNs;
    private final ErrorHandler errorHandler;
    private final Thread thread;
    private volatile boolean isRunning = true;
    private volatile boolean isReporting;

    /**
     * Starts the thread.
     *
     * @param watch         whose rounds it makes.
     * @param host          of the region.
     * @param intervalNs    longest pause in nanoseconds.
     * @param threadFactory called once; null for an ordinary thread.
     * @param errorHandler  receives what a round throws.
     */
    WatchThread(
        final Watch watch,
        final Host host,
        final long intervalNs,
        final ThreadFactory threadFactory,
        final ErrorHandler errorHandler)
    {
        this.watch = watch;
        this.host = host;
        this.intervalNs = intervalNs;
        this.errorHandler = errorHandler;
        thread = null == threadFactory ? new Thread(this) : threadFactory.newThread(this);
        thread.setDaemon(true);
        thread.setName(watch.roleName());
        thread.start();
    }

    @Override
    public void run()
    {
        while (isRunning)
        {
            // An interrupt has no meaning here, and would end each pause at once.
            Thread.interrupted();
            attempt(watch::doWork);
            // Also after a round that failed: one that fails each time must not keep a processor busy.
            attempt(this::pause);
        }
    }

    private void pause()
    {
        try
        {
            if (isRunning)
            {
                host.awaitEnd(intervalNs);
            }
        }
        catch (final Throwable ex)
        {
            LockSupport.parkNanos(intervalNs);
            throw ex;
        }
    }

    private void attempt(final Runnable step)
    {
        try
        {
            step.run();
        }
        catch (final Throwable ex)
        {
            report(ex);
        }
    }

    private void report(final Throwable thrown)
    {
        isReporting = true;
        try
        {
            errorHandler.onError(thrown);
        }
        catch (final Throwable ex)
        {
            // The error log has the exception that the handler was called for.
        }
        finally
        {
            isReporting = false;
        }
    }

    /** Whether the caller is this thread, in a round or in the error handler. */
    boolean isCurrent()
    {
        return Thread.currentThread() == thread;
    }

    /**
     * Ends the thread and waits for its end, but not while it is in the error handler: the handler may be the caller,
     * or may wait for the caller, as {@code System.exit} waits for a shutdown hook. The thread then ends when the
     * handler returns, and does not touch the region any more.
     */
    @Override
    public void close()
    {
        isRunning = false;
        boolean wasInterrupted = false;
        while (!isReporting && !isCurrent() && thread.isAlive())
        {
            // Ends the pause of a host that only parks, also one that begins just now.
            LockSupport.unpark(thread);
            try
            {
                thread.join(JOIN_MS);
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
}
