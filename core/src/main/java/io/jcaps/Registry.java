/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;

import java.util.concurrent.TimeUnit;

/**
 * The tables of a region, as one attachment uses them: who is there, what is free, and what the dead have left. All but
 * {@link #lock} is used under the tables' lock.
 */
final class Registry
{
    /** No such entry. */
    static final int NONE = -1;

    private static final long TABLES_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final Host host;
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private final int processIndex;
    private long incarnation;

    /**
     * Enters this process into the region.
     *
     * @param host of the region.
     */
    Registry(final Host host)
    {
        this.host = host;
        tables = host.tables();
        geometry = host.header().geometry();
        processIndex = enter();
    }

    int processIndex()
    {
        return processIndex;
    }

    /** Incarnation of this process. */
    long incarnation()
    {
        return incarnation;
    }

    /** This process leaves. Needs no lock: the entry is its own. */
    void leave()
    {
        new ProcessEntry(tables, geometry).wrap(processIndex).free();
        host.dropLife(processIndex);
    }

    /** Takes the tables' lock; to be given back by {@link #unlock()}. */
    void lock()
    {
        if (!host.lockTables(TABLES_TIMEOUT_NS))
        {
            throw new CapsException(Status.TIMED_OUT, "another process has held the tables' lock for " +
                TimeUnit.NANOSECONDS.toSeconds(TABLES_TIMEOUT_NS) + " s, it may be stopped: region=" + host.place());
        }
    }

    void unlock()
    {
        host.unlockTables();
    }

    /** Enters this process; the index of its entry, which it holds until {@link #leave()}. */
    private int enter()
    {
        lock();
        try
        {
            reap();
            // Checked before a life lock is taken.
            peekIncarnation();
            final ProcessEntry process = new ProcessEntry(tables, geometry);
            for (int i = 0, count = geometry.processCount(); i < count; i++)
            {
                if (0 == process.wrap(i).incarnation() && host.holdLife(i))
                {
                    incarnation = nextIncarnation();
                    final Credentials self = host.self();
                    process.publish(incarnation, host.startTicks(), self.ownPid(), self.uid(), self.euid(), self.gid(),
                        self.groups());
                    return i;
                }
            }
        }
        finally
        {
            unlock();
        }
        throw new CapsException(Status.NO_BUFFERS, "as many processes as may be are attached: processCount=" +
            geometry.processCount() + ", region=" + host.place());
    }

    /** The newest living service that matches (R4, R5): its index or NONE. After reap(). */
    int find(final String name, final int uid, final int gid)
    {
        final PortEntry service = new PortEntry(tables, geometry);
        int found = NONE;
        long foundIncarnation = 0;
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            final long portIncarnation = service.wrap(i).incarnation();
            if (portIncarnation > foundIncarnation && PortDescriptor.KIND_SERVICE == service.kind() &&
                service.isOpen() && (PortOptions.ANY == uid || service.uid() == uid) &&
                (PortOptions.ANY == gid || service.gid() == gid) && service.name().equals(name))
            {
                found = i;
                foundIncarnation = portIncarnation;
            }
        }
        return found;
    }

    /** Index of a free entry of the port table. */
    int freePort()
    {
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            if (0 == port.wrap(i).incarnation())
            {
                return i;
            }
        }
        throw new CapsException(Status.NO_BUFFERS, "as many ports as may be are open: portCount=" +
            geometry.portCount() + ", region=" + host.place());
    }

    /** Index of a free entry of the link directory. */
    int freeLink()
    {
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            if (LinkEntry.isFree(link.wrap(i).state()))
            {
                return i;
            }
        }
        throw new CapsException(Status.NO_BUFFERS, "as many clients as may be are connected: linkCount=" +
            geometry.linkCount() + ", region=" + host.place());
    }

    /** A number that no process, port or link of the region has had. */
    long nextIncarnation()
    {
        final long next = peekIncarnation();
        tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, next + 1);
        return next;
    }

    /** As input, one that cannot be, or has no room in a link's state, would make entries that nobody finds. */
    private long peekIncarnation()
    {
        final long next = tables.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET);
        if (next <= 0 || LinkEntry.incarnation(next << LinkEntryDescriptor.INCARNATION_SHIFT) != next)
        {
            throw new RegionException("corrupt region: nextIncarnation=" + next + ": " + host.place() +
                ": remove it when nobody uses it");
        }
        return next;
    }

    /**
     * Removes what the dead left, under the tables' lock. Each step can be done twice: whoever dies within it leaves
     * the rest to the next.
     */
    void reap()
    {
        final ProcessEntry process = new ProcessEntry(tables, geometry);
        for (int i = 0, count = geometry.processCount(); i < count; i++)
        {
            final long dead = process.wrap(i).incarnation();
            if (0 != dead && dead != incarnation && !host.isAlive(i))
            {
                reapLinks(i, dead);
                reapPorts(i, dead);
                process.free();
            }
        }
        freeClosed();
    }

    private void reapLinks(final int deadIndex, final long dead)
    {
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.linkCount(); i < count; i++)
        {
            final long state = link.wrap(i).state();
            if ((state & LinkEntryDescriptor.CLIENT_HOLDS) != 0 && link.clientProcessIndex() == deadIndex &&
                link.clientProcessIncarnation() == dead)
            {
                link.change(LinkEntry.incarnation(state), LinkEntryDescriptor.CLIENT_CLOSED,
                    LinkEntryDescriptor.CLIENT_HOLDS);
                final int servicePortIndex = link.servicePortIndex();
                if (servicePortIndex >= 0 && servicePortIndex < geometry.portCount())
                {
                    tables.getAndAddInt(new PortEntry(tables, geometry).wrap(servicePortIndex).eventsOffset(), 1);
                }
            }
            if ((state & LinkEntryDescriptor.SERVICE_HOLDS) != 0 && link.serviceProcessIndex() == deadIndex &&
                link.serviceProcessIncarnation() == dead)
            {
                // Not SERVICE_CLOSED: its clients find out for themselves, and tell death from a close (B1).
                link.change(LinkEntry.incarnation(state), 0, LinkEntryDescriptor.SERVICE_HOLDS);
            }
        }
    }

    private void reapPorts(final int deadIndex, final long dead)
    {
        final PortEntry port = new PortEntry(tables, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            if (0 != port.wrap(i).incarnation() && port.processIndex() == deadIndex &&
                port.processIncarnation() == dead)
            {
                if (PortDescriptor.KIND_SERVICE == port.kind())
                {
                    port.close();
                }
                else
                {
                    port.free();
                }
            }
        }
    }

    /** A closed service's entry stays as long as a client may ask for its generation (R28). */
    void freeClosed()
    {
        final PortEntry port = new PortEntry(tables, geometry);
        final LinkEntry link = new LinkEntry(tables, geometry);
        for (int i = 0, count = geometry.portCount(); i < count; i++)
        {
            if (0 != port.wrap(i).incarnation() && !port.isOpen())
            {
                boolean isUsed = false;
                for (int j = 0; j < geometry.linkCount() && !isUsed; j++)
                {
                    isUsed = (link.wrap(j).state() & LinkEntryDescriptor.CLIENT_HOLDS) != 0 &&
                        link.servicePortIndex() == i;
                }
                if (!isUsed)
                {
                    port.free();
                }
            }
        }
    }
}
