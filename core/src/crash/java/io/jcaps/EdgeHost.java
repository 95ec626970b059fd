/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.SteppingBuffer;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.sched.Baton;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.List;

/**
 * A process's host in a schedule: each call and each access to shared memory is a step. A store into a link that the
 * process does not hold, or into anything after the host was closed, fails the schedule (F40).
 */
final class EdgeHost extends ForwardingHost
{
    /** Sleepers of one region, as the operating system has them. */
    private final List<Sleeper> sleepers;
    private final Geometry geometry;
    private final UnsafeBuffer raw;
    private final UnsafeBuffer tables;
    private final UnsafeBuffer[] links;
    private int processIndex = -1;
    private long incarnation;
    private boolean isClosed;
    /** The first fault that was seen; a thread may catch the exception. */
    private AssertionError fault;

    /** A thread that sleeps on a word. */
    static final class Sleeper
    {
        private final int wakeOffset;
        private boolean isWoken;

        Sleeper(final int wakeOffset)
        {
            this.wakeOffset = wakeOffset;
        }
    }

    EdgeHost(final Host host, final List<Sleeper> sleepers)
    {
        super(host);
        this.sleepers = sleepers;
        geometry = host.header().geometry();
        raw = host.tables();
        tables = new SteppingBuffer(raw, 0, raw.capacity(), this::beforeTableStore, Baton::step);
        links = new UnsafeBuffer[geometry.linkCount()];
    }

    static List<Sleeper> futex()
    {
        return new ArrayList<>();
    }

    AssertionError fault()
    {
        return fault;
    }

    private void call()
    {
        Baton.step();
        if (isClosed)
        {
            fail("a call into a closed host");
        }
    }

    private void fail(final String what)
    {
        final AssertionError error = new AssertionError(what);
        fault = null == fault ? error : fault;
        throw error;
    }

    private void beforeTableStore()
    {
        Baton.step();
        if (isClosed)
        {
            fail("a store into the tables after the host was closed");
        }
    }

    void beforeLinkStore(final int linkIndex)
    {
        Baton.step();
        final LinkEntry link = new LinkEntry(raw, geometry).wrap(linkIndex);
        if (0 == incarnation && processIndex >= 0)
        {
            incarnation = new ProcessEntry(raw, geometry).wrap(processIndex).incarnation();
        }
        final long state = link.state();
        final boolean isHeld =
            (state & LinkEntryDescriptor.CLIENT_HOLDS) != 0 && link.clientProcessIncarnation() == incarnation ||
            (state & LinkEntryDescriptor.SERVICE_HOLDS) != 0 && link.serviceProcessIncarnation() == incarnation;
        if (!isHeld)
        {
            fail("a store into a link that the process does not hold: link=" + linkIndex);
        }
    }

    @Override
    public UnsafeBuffer tables()
    {
        return tables;
    }

    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        call();
        if (null == links[linkIndex])
        {
            final UnsafeBuffer whole = host.link(linkIndex);
            links[linkIndex] = new SteppingBuffer(
                whole, 0, whole.capacity(), () -> beforeLinkStore(linkIndex), Baton::step);
        }
        return links[linkIndex];
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return ((SteppingBuffer)whole).part(offset, length);
    }

    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        call();
        beforeLinkStore(linkIndex);
        return host.back(linkIndex, offset, length);
    }

    @Override
    public UnsafeBuffer errors(final int index)
    {
        return null;
    }

    @Override
    public boolean lockTables(final long timeoutNs)
    {
        call();
        while (!host.lockTables(0))
        {
            if (0 == timeoutNs)
            {
                return false;
            }
            Baton.spin();
        }
        return true;
    }

    @Override
    public void unlockTables()
    {
        call();
        host.unlockTables();
    }

    @Override
    public boolean holdLife(final int index)
    {
        call();
        final boolean isHeld = host.holdLife(index);
        processIndex = isHeld ? index : processIndex;
        return isHeld;
    }

    @Override
    public void dropLife(final int index)
    {
        call();
        host.dropLife(index);
    }

    @Override
    public boolean holdsLife(final int index)
    {
        call();
        return host.holdsLife(index);
    }

    @Override
    public boolean isAlive(final int index)
    {
        call();
        return host.isAlive(index);
    }

    @Override
    public Credentials attest(final int index)
    {
        call();
        return host.attest(index);
    }

    @Override
    public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
    {
        call();
        if (raw.getIntVolatile(wakeOffset) == expected)
        {
            final Sleeper sleeper = new Sleeper(wakeOffset);
            sleepers.add(sleeper);
            try
            {
                Baton.sleep(() -> sleeper.isWoken, Long.MAX_VALUE != timeoutNs);
            }
            finally
            {
                sleepers.remove(sleeper);
            }
        }
    }

    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        call();
        int left = limit;
        for (int i = sleepers.size() - 1; i >= 0 && left > 0; i--)
        {
            final Sleeper sleeper = sleepers.get(i);
            if (sleeper.wakeOffset == wakeOffset && !sleeper.isWoken)
            {
                sleeper.isWoken = true;
                left--;
            }
        }
    }

    /** As a lock of the operating system that is lost while its process lives (F39). */
    void loseLife()
    {
        Baton.step();
        host.dropLife(processIndex);
    }

    @Override
    public void close()
    {
        Baton.step();
        isClosed = true;
        host.close();
    }
}
