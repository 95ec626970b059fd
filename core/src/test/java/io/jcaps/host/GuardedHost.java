/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts a {@link GuardBuffer} around all memory that a host returns, and also checks requests for memory.
 */
public final class GuardedHost extends ForwardingHost
{
    private final UnsafeBuffer tables;
    private final GuardBuffer[] links;

    private GuardedHost(final Host host)
    {
        super(host);
        tables = new GuardBuffer(host.tables(), 0, host.tables().capacity());
        links = new GuardBuffer[host.header().geometry().linkCount()];
    }

    /**
     * @param host to guard.
     * @return a host that does the same, within its memory.
     */
    public static Host guard(final Host host)
    {
        return new GuardedHost(host);
    }

    @Override
    public UnsafeBuffer tables()
    {
        return tables;
    }

    @Override
    public synchronized UnsafeBuffer link(final int linkIndex)
    {
        if (null == links[linkIndex])
        {
            final UnsafeBuffer link = host.link(linkIndex);
            links[linkIndex] = new GuardBuffer(link, 0, link.capacity());
        }
        return links[linkIndex];
    }

    @Override
    public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
    {
        return new GuardBuffer(whole, offset, length);
    }
}
