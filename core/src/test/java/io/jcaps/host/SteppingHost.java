/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A host between an attachment and its region whose stores a test can step through: whatever the attachment changes in
 * shared memory or gives back to the operating system, something happens before it. There its process can die: from
 * then on it changes nothing any more, whatever its code still does, and what it holds falls free when it is buried.
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

    /** The end of a process, within this JVM. */
    public static final class Death extends Error
    {
        private static final long serialVersionUID = 1L;

        Death()
        {
            super("dead", null, false, false);
        }
    }

    /**
     * @param host that does what is not stepped through.
     */
    public SteppingHost(final Host host)
    {
        super(host);
        tables = new SteppingBuffer(host.tables(), 0, host.tables().capacity(), this::step);
        links = new AtomicReferenceArray<>(host.header().geometry().linkCount());
    }

    /**
     * @param action what happens before each store from now on; null for nothing. It may {@link #die}.
     */
    public void beforeStore(final Runnable action)
    {
        beforeStore = action;
    }

    /**
     * Counts stores from 0 again, and lets something happen before one of them.
     *
     * @param storeIndex of the store.
     * @param action     what happens.
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
     * Counts stores from 0 again, lets something happen before one of them, and dies before the same or a later one.
     *
     * @param storeIndex  of the first store that does not happen.
     * @param actionIndex of the store that the action comes before, no later.
     * @param action      what happens.
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
     * @return stores so far, the one that did not happen any more left out.
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
     * The process dies here: no thread of it stores anything any more.
     */
    public void die()
    {
        isDead = true;
        throw new Death();
    }

    /**
     * What an operating system does behind a death: locks fall free. Not before the process's last thread is back from
     * whatever it called.
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
     * @return whether the process holds the tables' lock just now.
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
