/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Events;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A host between an attachment and its region that a test controls: it acts when a thread would sleep, pretends to be
 * another process, finds no memory, or sleeps as an operating system does.
 */
final class TestHost extends ForwardingHost
{
    private final TestFutex futex;
    volatile Runnable onSleep;
    volatile boolean isOwnProcess = true;
    volatile boolean isCurrent = true;
    volatile boolean hasNoSpace;
    volatile Events events = Events.NONE;
    /** Run before each check of a life lock. */
    volatile Runnable beforeIsAlive;
    /** Credentials that the process reports for itself; null for the true ones. */
    volatile Credentials claimed;
    /** Run before each look for memory. */
    volatile Runnable beforeBack;
    /** Parts of links that were backed, or touched, in this order. */
    final List<Part> backed = Collections.synchronizedList(new ArrayList<>());
    final List<Part> touched = Collections.synchronizedList(new ArrayList<>());

    /** Part of a link. */
    record Part(int linkIndex, int offset, int length)
    {
    }

    TestHost(final Host host, final TestFutex futex)
    {
        super(host);
        this.futex = futex;
    }

    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        final Runnable beforeBack = this.beforeBack;
        if (null != beforeBack)
        {
            beforeBack.run();
        }
        if (hasNoSpace)
        {
            return false;
        }
        backed.add(new Part(linkIndex, offset, length));
        return host.back(linkIndex, offset, length);
    }

    @Override
    public void touch(final int linkIndex, final int offset, final int length)
    {
        touched.add(new Part(linkIndex, offset, length));
        host.touch(linkIndex, offset, length);
    }

    @Override
    public UnsafeBuffer errors(final int processIndex)
    {
        return hasNoSpace ? null : host.errors(processIndex);
    }

    @Override
    public Events events()
    {
        return events;
    }

    @Override
    public boolean isAlive(final int processIndex)
    {
        final Runnable beforeIsAlive = this.beforeIsAlive;
        if (null != beforeIsAlive)
        {
            beforeIsAlive.run();
        }
        return host.isAlive(processIndex);
    }

    @Override
    public Credentials self()
    {
        return null == claimed ? host.self() : claimed;
    }

    @Override
    public boolean isOwnProcess()
    {
        return isOwnProcess;
    }

    @Override
    public boolean isCurrent()
    {
        return isCurrent;
    }

    @Override
    public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
    {
        final Runnable onSleep = this.onSleep;
        if (null != onSleep)
        {
            onSleep.run();
        }
        else if (null != futex)
        {
            futex.sleep(tables(), wakeOffset, expected, timeoutNs);
        }
        else
        {
            host.sleep(wakeOffset, expected, timeoutNs);
        }
    }

    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        if (null != futex)
        {
            futex.wake(wakeOffset, limit);
        }
        else
        {
            host.wake(wakeOffset, limit);
        }
    }
}
