/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.tools.child.Child;

import java.util.concurrent.TimeUnit;

/**
 * A place among the soak's processes, filled by one life after the other. One thread.
 */
final class Party
{
    private static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final boolean isService;
    private final boolean isMortal;
    private final int clientCount;
    private Child child;
    private int life;
    private Process pause;
    private long startAtNs;
    private boolean isEnding;

    /**
     * @param name        of the service, or for people.
     * @param isService   or a process of clients.
     * @param isMortal    whether it may be killed.
     * @param clientCount in a process of clients.
     */
    Party(final String name, final boolean isService, final boolean isMortal, final int clientCount)
    {
        this.name = name;
        this.isService = isService;
        this.isMortal = isMortal;
        this.clientCount = clientCount;
        startAtNs = System.nanoTime();
    }

    String name()
    {
        return name;
    }

    boolean isService()
    {
        return isService;
    }

    boolean isMortal()
    {
        return isMortal;
    }

    int clientCount()
    {
        return clientCount;
    }

    Child child()
    {
        return child;
    }

    int life()
    {
        return life;
    }

    /** A new life begins. */
    void live(final Child child, final int life)
    {
        this.child = child;
        this.life = life;
        isEnding = false;
        startAtNs = NEVER;
    }

    /** Whether it is time for the next life. */
    boolean isDue(final long nowNs)
    {
        return null == child && NEVER != startAtNs && nowNs - startAtNs >= 0;
    }

    /** The life is over. */
    void ended(final long nextLifeInMs)
    {
        child = null;
        startAtNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(nextLifeInMs);
    }

    /** Whether it lives and nobody has told it to end. */
    boolean isIdle()
    {
        return null != child && !isEnding;
    }

    /** Its end is wanted. */
    void ending()
    {
        isEnding = true;
    }

    boolean isEnding()
    {
        return isEnding;
    }

    boolean isPaused()
    {
        return null != pause && pause.isAlive();
    }

    void pause(final long durationMs)
    {
        pause = child.pause(durationMs);
    }

    void awaitPauseEnd() throws InterruptedException
    {
        if (null != pause)
        {
            pause.waitFor();
        }
    }
}
