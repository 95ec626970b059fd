/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A host between an attachment and its region whose stores a test can step through: an action runs before each change
 * of shared memory and each release to the operating system. There the process can die: from then on it changes
 * nothing, whatever its code still does, and its locks are released when it is buried.
 */
public final class SteppingHost extends ForwardingHost
{
    private final UnsafeBuffer tables;
    private final AtomicReferenceArray<SteppingBuffer> links;
    private final AtomicLong storeCount = new AtomicLong();
    private volatile Runnable beforeStore;
    private volatile boolean isDead;
    private volatile boolean holdsTables;
    private volatile int processIndex = -1;

    /** Thrown to end a process within this JVM. */
    public static final class Death extends Error
    {
        private static final long serialVersionUID = 1L;

        Death()
        {
            super("dead", null, false, false);
        }
    }

    /**
     * @param host that makes the calls.
     */
    public SteppingHost(final Host host)
    {
        super(host);
        tables = new SteppingBuffer(host.tables(), 0, host.tables().capacity(), this::step);
        links = new AtomicReferenceArray<>(host.header().geometry().linkCount());
    }

    /**
     * @param action runs before each store from now on; null for none. It may {@link #die}.
     */
    public void beforeStore(final Runnable action)
    {
        beforeStore = action;
    }

    /**
     * Counts stores from 0 again, and runs an action before one of them.
     *
     * @param storeIndex of the store.
     * @param action     to run.
     */
    public void actBefore(final long storeIndex, final Runnable action)
    {
        storeCount.set(0);
        beforeStore = () ->
        {
            if (storeCount.get() == storeIndex)
            {
                action.run();
            }
        };
    }

    /**
     * Counts stores from 0 again, and dies before one of them.
     *
     * @param storeIndex of the first store that does not happen.
     */
    public void dieBefore(final long storeIndex)
    {
        actBefore(storeIndex, this::die);
    }

    /**
     * Counts stores from 0 again, runs an action before one of them, and dies before the same or a later one.
     *
     * @param storeIndex  of the first store that does not happen.
     * @param actionIndex of the store before which the action runs; at most storeIndex.
     * @param action      to run.
     */
    public void dieBefore(final long storeIndex, final long actionIndex, final Runnable action)
    {
        storeCount.set(0);
        beforeStore = () ->
        {
            if (storeCount.get() == actionIndex)
            {
                action.run();
            }
            if (storeCount.get() == storeIndex)
            {
                die();
            }
        };
    }

    /**
     * @return number of stores so far, without the one at which the process died.
     */
    public long storeCount()
    {
        return storeCount.get();
    }

    /**
     * @return whether the process is dead.
     */
    public boolean isDead()
    {
        return isDead;
    }

    /**
     * Makes the process die here: none of its threads stores anything any more.
     */
    public void die()
    {
        isDead = true;
        throw new Death();
    }

    /**
     * Releases the locks, as an operating system does after a death. To be called once the process's last thread has
     * returned from its call.
     */
    public void bury()
    {
        isDead = true;
        if (holdsTables)
        {
            holdsTables = false;
            host.unlockTables();
        }
        if (processIndex >= 0)
        {
            host.dropLife(processIndex);
        }
    }

    /**
     * @return whether the process holds the tables' lock now.
     */
    public boolean holdsTables()
    {
        return holdsTables;
    }

    private void step()
    {
        if (isDead)
        {
            throw new Death();
        }
        final Runnable beforeStore = this.beforeStore;
        if (null != beforeStore)
        {
            beforeStore.run();
        }
        storeCount.incrementAndGet();
    }

    @Override
    public UnsafeBuffer tables()
    {
        return tables;
    }

    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        SteppingBuffer link = links.get(linkIndex);
        if (null == link)
        {
            final UnsafeBuffer whole = host.link(linkIndex);
            links.compareAndSet(linkIndex, null, new SteppingBuffer(whole, 0, whole.capacity(), this::step));
            link = links.get(linkIndex);
        }
        return link;
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return ((SteppingBuffer)whole).part(offset, length);
    }

    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        step();
        return host.back(linkIndex, offset, length);
    }

    @Override
    public boolean lockTables(final long timeoutNs)
    {
        if (isDead)
        {
            throw new Death();
        }
        final boolean isLocked = host.lockTables(timeoutNs);
        if (isLocked)
        {
            holdsTables = true;
        }
        return isLocked;
    }

    @Override
    public void unlockTables()
    {
        step();
        holdsTables = false;
        host.unlockTables();
    }

    @Override
    public boolean holdLife(final int processIndex)
    {
        step();
        if (!host.holdLife(processIndex))
        {
            return false;
        }
        this.processIndex = processIndex;
        return true;
    }

    @Override
    public void dropLife(final int processIndex)
    {
        if (isDead)
        {
            bury();
            return;
        }
        step();
        host.dropLife(processIndex);
    }

    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        step();
        host.wake(wakeOffset, limit);
    }
}
