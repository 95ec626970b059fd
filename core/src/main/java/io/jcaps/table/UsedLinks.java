/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Host;
import io.jcaps.layout.LinkEntry;

import java.util.BitSet;
import java.util.function.Consumer;

/**
 * Links that this process used, or found held by a process that is gone: their memory is to be returned when no side
 * holds them any more. Any thread may call, but {@link #trim} only under the tables' lock.
 */
final class UsedLinks
{
    private final Host host;
    // Under its own monitor.
    private final BitSet links = new BitSet();

    UsedLinks(final Host host)
    {
        this.host = host;
    }

    void use(final int linkIndex)
    {
        synchronized (links)
        {
            links.set(linkIndex);
        }
    }

    boolean isEmpty()
    {
        synchronized (links)
        {
            return links.isEmpty();
        }
    }

    /**
     * Returns the memory of the links that no side holds. One whose memory cannot be returned is tried again next time,
     * and keeps no other.
     *
     * @param failures called with what went wrong.
     * @return the first of the links, or the link count if there is none.
     */
    int trim(final Consumer<Throwable> failures)
    {
        final LinkEntry link = new LinkEntry(host.tables(), host.header().geometry());
        int first = host.header().geometry().linkCount();
        synchronized (links)
        {
            for (int i = links.nextSetBit(0); i >= 0; i = links.nextSetBit(i + 1))
            {
                if (LinkEntry.isFree(link.wrap(i).state()))
                {
                    first = Math.min(first, i);
                    try
                    {
                        host.trim(i);
                        links.clear(i);
                    }
                    catch (final Throwable ex)
                    {
                        failures.accept(ex);
                    }
                }
            }
        }
        return first;
    }
}
