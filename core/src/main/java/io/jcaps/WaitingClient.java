/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.layout.PortEntry;
import io.jcaps.table.PortSpec;
import io.jcaps.table.Registry;

/**
 * Shows in the region, for inspection, that a client waits for a service: an entry of the port table that no other
 * entry refers to. If the table is full, or its lock is not free, nothing is shown. Used by one thread.
 */
final class WaitingClient implements AutoCloseable
{
    private final Host host;
    private final Registry registry;
    private PortEntry entry;
    private long incarnation;

    WaitingClient(final Host host, final Registry registry)
    {
        this.host = host;
        this.registry = registry;
    }

    /**
     * Takes the entry, unless it was taken before.
     *
     * @param spec what the client looks for.
     */
    void show(final PortSpec spec)
    {
        if (0 == incarnation && registry.tryLock())
        {
            try
            {
                entry = new PortEntry(host.tables(), host.header().geometry());
                incarnation = registry.openWaiting(entry, spec);
            }
            finally
            {
                registry.unlock();
            }
        }
    }

    /** Frees the entry. A second call does nothing. */
    @Override
    public void close()
    {
        if (0 != incarnation)
        {
            // By its incarnation: a process that has lost its entries must not free one that is another's.
            entry.free(incarnation);
            incarnation = 0;
        }
    }
}
