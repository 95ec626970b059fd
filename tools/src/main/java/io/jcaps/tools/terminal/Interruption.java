/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends a command in order at Ctrl-C or SIGTERM: its thread is interrupted, and the JVM waits until it has closed its
 * ports and printed its last line. Then the JVM exits with the command's exit code, not the signal's.
 * <p>
 * Used by the command's thread alone.
 */
public final class Interruption
{
    private static final int GRACE_S = 5;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean isRequested;
    private volatile int exitCode = ExitCodes.FAILED;

    /** Begins to handle signals. */
    public Interruption()
    {
        final Thread thread = Thread.currentThread();
        hook = new Thread(() -> onShutdown(thread), "caps-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * @return whether a signal has come.
     */
    public boolean isRequested()
    {
        return isRequested;
    }

    /**
     * Waits, or until a signal comes.
     *
     * @param ns longest wait in nanoseconds.
     * @return whether a signal has come.
     */
    public boolean await(final long ns)
    {
        try
        {
            TimeUnit.NANOSECONDS.sleep(ns);
        }
        catch (final InterruptedException ex)
        {
            isRequested = true;
        }
        return isRequested;
    }

    /** Clears the interrupt, so that it does not disturb the closing of ports. */
    public void clear()
    {
        Thread.interrupted();
    }

    /**
     * Called when everything is closed and printed.
     *
     * @param exitCode of the command.
     * @return the same.
     */
    public int end(final int exitCode)
    {
        this.exitCode = exitCode;
        ended.countDown();
        try
        {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The shutdown has begun: the hook ends the JVM.
        }
        return exitCode;
    }

    private void onShutdown(final Thread thread)
    {
        isRequested = true;
        thread.interrupt();
        try
        {
            if (ended.await(GRACE_S, TimeUnit.SECONDS))
            {
                System.out.flush();
                System.err.flush();
                Runtime.getRuntime().halt(exitCode);
            }
        }
        catch (final InterruptedException ignore)
        {
            // No thread interrupts the hook.
        }
    }
}
