/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A host that forwards each call to another one; hosts of tests override single calls.
 */
public abstract class ForwardingHost implements Host
{
    /** The host that makes the calls. */
    protected final Host host;

    /**
     * @param host that makes the calls.
     */
    protected ForwardingHost(final Host host)
    {
        this.host = host;
    }

    @Override
    public RegionHeader header()
    {
        return host.header();
    }

    @Override
    public String place()
    {
        return host.place();
    }

    @Override
    public UnsafeBuffer tables()
    {
        return host.tables();
    }

    @Override
    public UnsafeBuffer link(final int linkIndex)
    {
        return host.link(linkIndex);
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return host.part(whole, offset, length);
    }

    @Override
    public boolean back(final int linkIndex, final int offset, final int length)
    {
        return host.back(linkIndex, offset, length);
    }

    @Override
    public void trim(final int linkIndex)
    {
        host.trim(linkIndex);
    }

    @Override
    public void touch(final int linkIndex, final int offset, final int length)
    {
        host.touch(linkIndex, offset, length);
    }

    @Override
    public boolean lockTables(final long timeoutNs)
    {
        return host.lockTables(timeoutNs);
    }

    @Override
    public void unlockTables()
    {
        host.unlockTables();
    }

    @Override
    public boolean holdLife(final int processIndex)
    {
        return host.holdLife(processIndex);
    }

    @Override
    public void dropLife(final int processIndex)
    {
        host.dropLife(processIndex);
    }

    @Override
    public boolean holdsLife(final int processIndex)
    {
        return host.holdsLife(processIndex);
    }

    @Override
    public boolean isAlive(final int processIndex)
    {
        return host.isAlive(processIndex);
    }

    @Override
    public Credentials self()
    {
        return host.self();
    }

    @Override
    public long startTicks()
    {
        return host.startTicks();
    }

    @Override
    public Credentials attest(final int processIndex)
    {
        return host.attest(processIndex);
    }

    @Override
    public boolean follow(final int processIndex)
    {
        return host.follow(processIndex);
    }

    @Override
    public boolean isFollowed(final int processIndex)
    {
        return host.isFollowed(processIndex);
    }

    @Override
    public void awaitEnd(final long timeoutNs)
    {
        host.awaitEnd(timeoutNs);
    }

    @Override
    public void cancelAwait()
    {
        host.cancelAwait();
    }

    @Override
    public boolean isOwnProcess()
    {
        return host.isOwnProcess();
    }

    @Override
    public boolean isCurrent()
    {
        return host.isCurrent();
    }

    @Override
    public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
    {
        host.sleep(wakeOffset, expected, timeoutNs);
    }

    @Override
    public void wake(final int wakeOffset, final int limit)
    {
        host.wake(wakeOffset, limit);
    }

    @Override
    public boolean canWake()
    {
        return host.canWake();
    }

    @Override
    public String sleepMode()
    {
        return host.sleepMode();
    }

    @Override
    public String pageMode()
    {
        return host.pageMode();
    }

    @Override
    public void close()
    {
        host.close();
    }

    @Override
    public UnsafeBuffer errors(final int processIndex)
    {
        return host.errors(processIndex);
    }

    @Override
    public Events events()
    {
        return host.events();
    }
}
