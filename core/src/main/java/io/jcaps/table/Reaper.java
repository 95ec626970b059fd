/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import org.agrona.concurrent.AtomicBuffer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Removes from the tables the entries of processes that have died, or have left without freeing all of theirs. Used
 * under the tables' lock, unless a method says otherwise.
 */
final class Reaper
{
    private final Host host;
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private final UsedLinks usedLinks;
    // Services that may have been closed, and whose entries were not checked yet. Under its own monitor.
    private final BitSet closedServices = new BitSet();
    // Processes that were present, and the next incarnation, when the tables were last searched.
    private long[] reapedPresent;
    private long reapedAt;

    Reaper(final Host host, final UsedLinks usedLinks)
    {
        this.host = host;
        this.usedLinks = usedLinks;
        tables = host.tables();
        geometry = host.header().geometry();
    }

    /**
     * Frees each link and port that names an incarnation which no living process's entry has. Each step can be
     * repeated, and the process entries are freed last: if this fails, or this process dies, the next call does the
     * rest.
     * <p>
     * There is something to free only after a process has died or left. If the same processes are present as at the
     * last call, and no other process has taken an incarnation since, the tables are not searched.
     *
     * @param incarnation of this process; 0 while it enters.
     * @return whether the tables were searched.
     */
    boolean reap(final long incarnation)
    {
        final ProcessEntry process = new ProcessEntry(tables, geometry);
        final long[] present = new long[geometry.processCount()];
        for (int i = 0; i < present.length; i++)
        {
            final long found = process.wrap(i).incarnation();
            present[i] = 0 == found || found == incarnation || host.isAlive(i) ? found : 0;
        }
        final long next = tables.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET);
        if (next == reapedAt && Arrays.equals(present, reapedPresent))
        {
            return false;
        }
        // If this fails half-way, the next call searches again from the start.
        reapedAt = 0;
        reapLinks(present);
        reapPorts(present);
        boolean isAnyDead = false;
        for (int i = 0; i < present.length; i++)
        {
            final long found = process.wrap(i).incarnation();
            if (0 != found && 0 == present[i])
            {
                process.free(found);
                isAnyDead = true;
            }
        }
        reapedPresent = present;
        reapedAt = isAnyDead ? 0 : next;
        return true;
    }

    /** The next call of {@link #reap} searches the tables even if nothing has changed. */
    void searchNext()
    {
        reapedAt = 0;
    }

    /**
     * Notes that this process has taken an incarnation, which leaves nothing to be freed.
     *
     * @param taken the incarnation.
     */
    void taken(final long taken)
    {
        if (reapedAt == taken)
        {
            reapedAt = taken + 1;
        }
    }

    /** Whether a process has neither died nor left; the owner that an entry names is input. */
    private static boolean isPresent(final long[] present, final int processIndex, final long processIncarnation)
    {
        return processIndex >= 0 && processIndex < present.length && 0 != processIncarnation &&
            present[processIndex] == processIncarnation;
    }

    private void reapLinks(final long[] present)
    {
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            final long state = link.wrap(i).state();
            if ((state & LinkEntryDescriptor.CLIENT_HOLDS) != 0 &&
                !isPresent(present, link.clientProcessIndex(), link.clientProcessIncarnation()))
            {
                usedLinks.use(i);
                link.change(LinkEntry.incarnation(state), LinkEntryDescriptor.CLIENT_CLOSED,
                    LinkEntryDescriptor.CLIENT_HOLDS);
                final int servicePortIndex = link.servicePortIndex();
                if (geometry.hasPort(servicePortIndex))
                {
                    // [events] atomic add, after the change of the link: pairs with the acquire in Acceptor.isDue().
                    tables.getAndAddInt(new PortEntry(tables, geometry).wrap(servicePortIndex).eventsOffset(), 1);
                }
            }
            if ((state & LinkEntryDescriptor.SERVICE_HOLDS) != 0 &&
                !isPresent(present, link.serviceProcessIndex(), link.serviceProcessIncarnation()))
            {
                usedLinks.use(i);
                // SERVICE_CLOSED is not set: each client finds the death itself, and reports it as one (B1).
                link.change(LinkEntry.incarnation(state), 0, LinkEntryDescriptor.SERVICE_HOLDS);
            }
        }
    }

    private void reapPorts(final long[] present)
    {
        final PortEntry port = new PortEntry(tables, geometry);
        final BitSet closed = new BitSet();
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long portIncarnation = port.wrap(i).incarnation();
            if (0 != portIncarnation && !isPresent(present, port.processIndex(), port.processIncarnation()))
            {
                if (PortDescriptor.KIND_SERVICE == port.kind())
                {
                    port.close();
                }
                else
                {
                    port.free(portIncarnation);
                }
            }
            if (0 != port.incarnation() && !port.isOpen())
            {
                closed.set(i);
            }
        }
        freeUnused(closed);
    }

    /**
     * Frees the entries of those of some services that are closed and that no client refers to: until then a client may
     * ask for the generation (R28).
     */
    private void freeUnused(final BitSet services)
    {
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count && !services.isEmpty(); i++)
        {
            final boolean isHeld = (link.wrap(i).state() & LinkEntryDescriptor.CLIENT_HOLDS) != 0;
            final int servicePortIndex = link.servicePortIndex();
            if (isHeld && geometry.hasPort(servicePortIndex))
            {
                services.clear(servicePortIndex);
            }
        }
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = services.nextSetBit(0); i >= 0; i = services.nextSetBit(i + 1))
        {
            final long portIncarnation = port.wrap(i).incarnation();
            if (0 != portIncarnation && !port.isOpen())
            {
                port.free(portIncarnation);
            }
        }
    }

    /**
     * Notes that a port was closed: if that was the last use of a closed service's entry, {@link #freeClosedServices}
     * frees it. Any thread may call.
     *
     * @param portIndex of the service; input.
     */
    void closed(final int portIndex)
    {
        if (geometry.hasPort(portIndex))
        {
            synchronized (closedServices)
            {
                closedServices.set(portIndex);
            }
        }
    }

    /** Whether {@link #freeClosedServices} has entries to check. Any thread may call. */
    boolean hasClosedServices()
    {
        synchronized (closedServices)
        {
            return !closedServices.isEmpty();
        }
    }

    /** Frees those entries that {@link #closed} has noted, of closed services to which no client refers. */
    void freeClosedServices()
    {
        final BitSet noted;
        synchronized (closedServices)
        {
            noted = (BitSet)closedServices.clone();
            closedServices.clear();
        }
        freeUnused(noted);
    }
}
