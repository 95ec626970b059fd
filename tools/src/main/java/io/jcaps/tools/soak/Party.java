/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.tools.child.Child;

import java.util.concurrent.TimeUnit;

/**
 * A role in the soak, taken by one process after the other: each process is one life. One thread.
 */
final class Party
{
    private static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final Role role;
    private final boolean isMortal;
    private final int clientCount;
    private Child child;
    private int life;
    private Process pause;
    private long startAtNs;
    private boolean isEnding;

    /**
     * The role of its processes.
     */
    enum Role
    {
        /** A service. */
        SERVICE,
        /** Clients. */
        CLIENTS,
        /** The bridge of the clients' host. */
        IMPORTER,
        /** The bridge of the services' host. */
        EXPORTER
    }

    /**
     * @param name        of the service, or for people.
     * @param role        of its processes.
     * @param isMortal    whether it may be killed.
     * @param clientCount in a process of clients.
     */
    Party(final String name, final Role role, final boolean isMortal, final int clientCount)
    {
        this.name = name;
        this.role = role;
        this.isMortal = isMortal;
        this.clientCount = clientCount;
        startAtNs = System.nanoTime();
    }

    String name()
    {
        return name;
    }

    Role role()
    {
        return role;
    }

    boolean isBridge()
    {
        return Role.IMPORTER == role || Role.EXPORTER == role;
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

    /** Begins a new life. */
    void live(final Child child, final int life)
    {
        this.child = child;
        this.life = life;
        isEnding = false;
        startAtNs = NEVER;
    }

    /** Whether the next life is due. */
    boolean isDue(final long nowNs)
    {
        return null == child && NEVER != startAtNs && nowNs - startAtNs >= 0;
    }

    /** Records the end of the life. */
    void ended(final long nextLifeInMs)
    {
        child = null;
        startAtNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(nextLifeInMs);
    }

    /** Whether a process lives and was not told to stop. */
    boolean isIdle()
    {
        return null != child && !isEnding;
    }

    /** Records that its process was told to stop. */
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
