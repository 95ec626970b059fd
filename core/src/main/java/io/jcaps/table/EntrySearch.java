/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import org.agrona.concurrent.AtomicBuffer;

import java.util.function.Predicate;

/**
 * Searches a region's tables for services by name, and for free entries. Used under the tables' lock.
 */
final class EntrySearch
{
    /** No such entry. */
    static final int NONE = -1;

    private final AtomicBuffer tables;
    private final Geometry geometry;
    // Where searches for a free entry begin: as far as this process knows, no entry before it is free.
    private int portHint;
    private int linkHint;

    EntrySearch(final AtomicBuffer tables, final Geometry geometry)
    {
        this.tables = tables;
        this.geometry = geometry;
    }

    /** Notes that entries of ports were freed: the next search begins at the first entry. */
    void portsFreed()
    {
        portHint = 0;
    }

    /** Notes that a link was freed: the next search begins at it or before it. */
    void linkFreed(final int linkIndex)
    {
        linkHint = Math.min(linkHint, linkIndex);
    }

    /** Index of the newest living service that matches (R4, R5), or NONE. The caller has reaped before. */
    int service(final String name, final int uid, final int gid)
    {
        return service(name, (service) -> (PortOptions.ANY == uid || service.uid() == uid) &&
            (PortOptions.ANY == gid || service.gid() == gid));
    }

    /** Index of the newest living service of that name that is wanted, or NONE. The caller has reaped before. */
    int service(final String name, final Predicate<PortEntry> isWanted)
    {
        final PortEntry service = new PortEntry(tables, geometry);
        int found = NONE;
        long foundIncarnation = 0;
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long portIncarnation = service.wrap(i).incarnation();
            if (portIncarnation > foundIncarnation && PortDescriptor.KIND_SERVICE == service.kind() &&
                service.isOpen() && service.hasName(name) && isWanted.test(service))
            {
                found = i;
                foundIncarnation = portIncarnation;
            }
        }
        return found;
    }

    /**
     * Frees an entry that only shows that a client waits, without which the client waits on. False if there is none.
     */
    boolean freeWaiting()
    {
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long portIncarnation = port.wrap(i).incarnation();
            if (0 != portIncarnation && PortDescriptor.KIND_WAIT_SET == port.kind() &&
                0 != (port.flags() & PortFlags.WAITSVC) && port.free(portIncarnation))
            {
                return true;
            }
        }
        return false;
    }

    /** Index of a free entry of the port table, or NONE. */
    int freePort()
    {
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final int portIndex = (portHint + i) % count;
            if (0 == port.wrap(portIndex).incarnation())
            {
                portHint = portIndex;
                return portIndex;
            }
        }
        return NONE;
    }

    /** Index of a free entry of the link directory, or NONE. */
    int freeLink()
    {
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            final int linkIndex = (linkHint + i) % count;
            if (LinkEntry.isFree(link.wrap(linkIndex).state()))
            {
                linkHint = linkIndex;
                return linkIndex;
            }
        }
        return NONE;
    }
}
