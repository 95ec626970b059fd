/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Failures;
import io.jcaps.host.Host;
import io.jcaps.layout.LinkEntry;

import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * Links that this process has used, or has found held by a process that is gone. Their memory is returned once no side
 * holds them. Any thread may call, but {@link #trim} only under the tables' lock.
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
     * Returns the memory of the links that no side holds. If this fails for a link, the others are done nevertheless,
     * then the failure is thrown; the next call tries that link again.
     *
     * @param free called with the index of each link that no side holds.
     */
    void trim(final IntConsumer free)
    {
        final LinkEntry link = new LinkEntry(host.tables(), host.header().geometry());
        final Failures failures = new Failures();
        synchronized (links)
        {
            for (int i = links.nextSetBit(0); i >= 0; i = links.nextSetBit(i + 1))
            {
                if (LinkEntry.isFree(link.wrap(i).state()))
                {
                    final int linkIndex = i;
                    free.accept(linkIndex);
                    if (failures.run(() -> host.trim(linkIndex)))
                    {
                        links.clear(linkIndex);
                    }
                }
            }
        }
        failures.rethrow();
    }
}
