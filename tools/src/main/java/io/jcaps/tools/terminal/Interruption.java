/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command come to its end at Ctrl-C or a polite kill: its thread is interrupted, and the JVM waits
 * until it has closed its ports and said its last word. Then it ends with the command's exit code, not the signal's.
 * <p>
 * Made, asked and ended by the command's thread.
 */
public final class Interruption
{
    private static final int GRACE_S = 5;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean isRequested;
    private volatile int exitCode = ExitCodes.FAILED;

    /** Watches for a signal from here on. */
    public Interruption()
    {
        final Thread thread = Thread.currentThread();
        hook = new Thread(() -> onShutdown(thread), "caps-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * @return whether the user wants the command to end.
     */
    public boolean isRequested()
    {
        return isRequested;
    }

    /**
     * Waits, less if the user wants an end.
     *
     * @param ns to wait.
     * @return whether the user wants an end.
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

    /** The interrupt was noticed: what is closed from here on is to close in peace. */
    public void clear()
    {
        Thread.interrupted();
    }

    /**
     * All is closed and said.
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
            // The hook runs, and ends the JVM.
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
            // Nobody interrupts a hook.
        }
    }
}
