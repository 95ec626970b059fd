/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.CapsException;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
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
 * The tables of a region, as one attachment uses them: this process's entry, the entries of its ports, and free
 * entries. Any thread may call; some methods need the tables' lock, as they say.
 */
public final class Registry
{
    /** The error of a process that lost its life lock; the region's place follows. */
    public static final String LOST = "this process lost its life lock, so its peers treat it as dead: was the lock " +
        "file beside the region opened and closed in this process, or its descriptors closed? Attach again: ";

    /** No such entry. */
    static final int NONE = EntrySearch.NONE;

    private static final PortSpec WAIT_SET = new PortSpec("", PortOptions.ANY, PortOptions.ANY, 0, 0);
    private static final long TABLES_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final Host host;
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private final int processIndex;
    private long incarnation;
    private final UsedLinks usedLinks;
    private final Reaper reaper;
    private final EntrySearch search;

    /**
     * Enters this process into the region.
     *
     * @param host of the region.
     * @throws CapsException with {@link Status#NO_BUFFERS} if no process entry is free, with {@link Status#TIMED_OUT}
     *                       if another process holds the tables' lock for 10 seconds.
     */
    public Registry(final Host host)
    {
        this.host = host;
        tables = host.tables();
        geometry = host.header().geometry();
        usedLinks = new UsedLinks(host);
        reaper = new Reaper(host, usedLinks);
        search = new EntrySearch(tables, geometry);
        processIndex = enter();
    }

    /**
     * @return index of this process's entry.
     */
    public int processIndex()
    {
        return processIndex;
    }

    /**
     * @return incarnation of this process.
     */
    public long incarnation()
    {
        return incarnation;
    }

    /**
     * Leaves the region. This needs no lock, because the entry is this process's own. If not all ports could be closed,
     * the next process that reaps frees the entries that name this incarnation.
     */
    public void leave()
    {
        try
        {
            new ProcessEntry(tables, geometry).wrap(processIndex).free(incarnation);
        }
        finally
        {
            host.dropLife(processIndex);
        }
    }

    /**
     * Takes the tables' lock; {@link #unlock()} releases it. While it is held, no peer frees this process's entries as
     * those of a dead one: so what it stores has an incarnation that is present.
     *
     * @throws CapsException with {@link Status#TIMED_OUT} if another process holds the lock for 10 seconds, with
     *                       {@link Status#NOT_CONNECTED} if this process has lost its entry.
     */
    public void lock()
    {
        if (!host.lockTables(TABLES_TIMEOUT_NS))
        {
            throw new CapsException(Status.TIMED_OUT, "another process has held the tables' lock for " +
                TimeUnit.NANOSECONDS.toSeconds(TABLES_TIMEOUT_NS) + " s, it may be stopped: region=" + host.place());
        }
        if (0 != incarnation && !isPresent())
        {
            host.unlockTables();
            throw new CapsException(Status.NOT_CONNECTED, LOST + host.place());
        }
    }

    /**
     * As {@link #lock()}, but does not wait.
     *
     * @return false if another process holds the lock, or this process has lost its entry.
     */
    public boolean tryLock()
    {
        final boolean isLocked = host.lockTables(0);
        if (isLocked && !isPresent())
        {
            host.unlockTables();
            return false;
        }
        return isLocked;
    }

    /** Releases the tables' lock. */
    public void unlock()
    {
        host.unlockTables();
    }

    /**
     * Under the tables' lock: reaps, then registers a service (R4). The service is published when this returns.
     *
     * @param entry   view, to be put on the service's entry.
     * @param service to register.
     * @return incarnation of the service.
     * @throws CapsException with {@link Status#EXISTS} if it has {@link PortFlags#EXCL} and another one lives; with
     *                       {@link Status#NO_BUFFERS} if no entry is free.
     */
    public long register(final PortEntry entry, final PortSpec service)
    {
        reap();
        if (0 != (service.flags() & PortFlags.EXCL) &&
            NONE != search.service(service.name(), service.uid(), service.gid()))
        {
            throw new CapsException(Status.EXISTS, "a living service has this name: " + service);
        }
        return open(entry, PortDescriptor.KIND_SERVICE, service);
    }

    /**
     * Under the tables' lock: reaps, then makes the entry of a wait set.
     *
     * @param entry view, to be put on the wait set's entry.
     * @return incarnation of the wait set.
     * @throws CapsException with {@link Status#NO_BUFFERS} if no entry is free.
     */
    public long openWaitSet(final PortEntry entry)
    {
        reap();
        return open(entry, PortDescriptor.KIND_WAIT_SET, WAIT_SET);
    }

    /**
     * Under the tables' lock: makes an entry that shows that a client waits for a service. It has the kind of a wait
     * set, because no other entry refers to it. When the table is full, the next port that needs an entry takes it.
     *
     * @param entry view, to be put on that entry.
     * @param spec  name and ids for which the client looks; unlike a wait set, it has the flag
     *              {@link PortFlags#WAITSVC}.
     * @return incarnation of the entry; 0 if none is free.
     */
    public long openWaiting(final PortEntry entry, final PortSpec spec)
    {
        return NONE == search.freePort() ? 0 : open(entry, PortDescriptor.KIND_WAIT_SET, spec);
    }

    private long open(final PortEntry entry, final int kind, final PortSpec spec)
    {
        entry.wrap(freePort());
        final long portIncarnation = nextIncarnation();
        boolean isPublished = false;
        try
        {
            publish(entry, portIncarnation, kind, NONE, spec);
            isPublished = true;
            return portIncarnation;
        }
        finally
        {
            if (!isPublished)
            {
                entry.free(portIncarnation);
            }
        }
    }

    void publish(
        final PortEntry entry, final long portIncarnation, final int kind, final int linkIndex, final PortSpec spec)
    {
        entry.publish(portIncarnation, kind, processIndex, incarnation, linkIndex, spec.uid(), spec.gid(),
            spec.flags(), spec.name(), spec.generation(), System.currentTimeMillis());
    }

    /** Under the tables' lock, after {@link #register}: makes clients that wait for a service look again. */
    public void announce()
    {
        // [registered] release: the service's entry is published before this. Pairs with the acquire in
        // registrations(), after which a client looks for the service again. Without it a client that waits could miss
        // the service, and sleep.
        tables.putIntRelease(RegionDescriptor.REGISTRATIONS_OFFSET,
            tables.getInt(RegionDescriptor.REGISTRATIONS_OFFSET) + 1);
    }

    /** After {@link #announce}, without the lock: wakes the clients that wait for a service. */
    public void wakeSearchers()
    {
        host.wake(RegionDescriptor.REGISTRATIONS_OFFSET, Integer.MAX_VALUE);
    }

    /**
     * @return the word on which clients that wait for a service sleep; to be read before they look for the service.
     */
    public int registrations()
    {
        // [registered] acquire before the look: pairs with the release in announce(). If the look misses a service, its
        // registration changes the word after this read, and no thread sleeps.
        return tables.getIntAcquire(RegionDescriptor.REGISTRATIONS_OFFSET);
    }

    /**
     * Called when a port was closed: frees its remaining entries if the tables' lock is free. Otherwise a later close,
     * {@link #trim}, or the next process that reaps does.
     *
     * @param servicePortIndex entry of the service: the port's own, or that of the service to which it was connected.
     */
    public void closed(final int servicePortIndex)
    {
        // Noted before the lock is tried: if another thread of this process has the lock, a later close frees the
        // entry, or the attachment's close.
        reaper.closed(servicePortIndex);
        if (host.lockTables(0))
        {
            try
            {
                // A client's port has freed its own entry just before.
                search.portsFreed();
                tidy();
            }
            finally
            {
                unlock();
            }
        }
    }

    private void tidy()
    {
        reaper.freeClosedServices();
        usedLinks.trim(search::linkFreed);
    }

    /**
     * Notes that this process uses a link: once no side holds it, {@link #trim} returns its memory.
     *
     * @param linkIndex of the link.
     */
    void use(final int linkIndex)
    {
        usedLinks.use(linkIndex);
    }

    /**
     * Returns the memory of used links that no side holds, and frees the entries that {@link #closed} could not.
     *
     * @param timeoutNs longest wait for the tables' lock in nanoseconds; without the lock nothing is done, and a later
     *                  call does it, or the next user of the links.
     */
    public void trim(final long timeoutNs)
    {
        final boolean isUsed = !usedLinks.isEmpty();
        // Entries of services alone are not worth a wait: any process that reaps frees them.
        if ((isUsed || reaper.hasClosedServices()) && host.lockTables(isUsed ? timeoutNs : 0))
        {
            try
            {
                tidy();
            }
            finally
            {
                unlock();
            }
        }
    }

    /** Under the tables' lock: removes the entries of dead processes. */
    void reap()
    {
        if (reaper.reap(incarnation))
        {
            search.portsFreed();
            search.linkFreed(0);
        }
    }

    /** Enters this process, and returns the index of its entry, which it has until {@link #leave()}. */
    private int enter()
    {
        final ProcessEntry process = new ProcessEntry(tables, geometry);
        int held = NONE;
        boolean isEntered = false;
        lock();
        try
        {
            try
            {
                reap();
                // Checked before a life lock is taken.
                peekIncarnation();
                for (int i = 0, count = geometry.processCount(); i < count && NONE == held; i++)
                {
                    held = 0 == process.wrap(i).incarnation() && host.holdLife(i) ? i : NONE;
                }
                if (NONE != held)
                {
                    final Credentials self = host.self();
                    final long startTicks = host.startTicks();
                    incarnation = nextIncarnation();
                    process.publish(incarnation, startTicks, self.ownPid(), self.uid(), self.euid(), self.gid(),
                        self.groups());
                }
            }
            finally
            {
                unlock();
            }
            isEntered = true;
        }
        finally
        {
            if (!isEntered && NONE != held)
            {
                process.free(incarnation);
                host.dropLife(held);
            }
        }
        if (NONE == held)
        {
            throw new CapsException(Status.NO_BUFFERS, "the process table is full: processCount=" +
                geometry.processCount() + ", region=" + host.place());
        }
        return held;
    }

    /** Under the tables' lock, after {@link #reap()}: finds services and free entries. */
    EntrySearch search()
    {
        return search;
    }

    /** Under the tables' lock: index of a free entry of the port table. */
    int freePort()
    {
        int free = search.freePort();
        if (NONE == free)
        {
            // There may be entries of closed services: the last close frees one only if the tables' lock is free then.
            reaper.searchNext();
            reap();
            free = search.freePort();
        }
        if (NONE == free && search.freeWaiting())
        {
            free = search.freePort();
        }
        if (NONE == free)
        {
            throw new CapsException(Status.NO_BUFFERS, "the port table is full: portCount=" +
                geometry.portCount() + ", region=" + host.place());
        }
        return free;
    }

    /** Under the tables' lock: index of a free entry of the link directory. */
    int freeLink()
    {
        final int free = search.freeLink();
        if (NONE == free)
        {
            throw new CapsException(Status.NO_BUFFERS, "the link directory is full: linkCount=" +
                geometry.linkCount() + ", region=" + host.place());
        }
        return free;
    }

    /** Under the tables' lock: takes an incarnation that no process, port or link of the region has had. */
    long nextIncarnation()
    {
        final long next = peekIncarnation();
        tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, next + 1);
        reaper.taken(next);
        return next;
    }

    /**
     * Reads and checks the next incarnation, which is input: an invalid one, or one that does not fit into a link's
     * state, would make entries that no process finds.
     */
    private long peekIncarnation()
    {
        final long next = tables.getLong(RegionDescriptor.NEXT_INCARNATION_OFFSET);
        if (next <= 0 || LinkEntry.incarnation(next << LinkEntryDescriptor.INCARNATION_SHIFT) != next)
        {
            throw new RegionException("corrupt region: nextIncarnation=" + next + ": " + host.place() +
                ": remove it when no process uses it");
        }
        return next;
    }

    /** Whether this process still has its entry; under the tables' lock it keeps it until the lock is released. */
    private boolean isPresent()
    {
        return new ProcessEntry(tables, geometry).wrap(processIndex).incarnation() == incarnation;
    }
}
