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
 * The tables of a region, as one attachment uses them: this process's entry, the entries of its ports, and what is
 * free. Any thread may call, some methods only under the tables' lock, as noted there.
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
     * This process leaves. It needs no lock: the entry is its own. If its ports could not all be closed, the next
     * process that reaps frees what names this incarnation.
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
     * Takes the tables' lock; {@link #unlock()} releases it. While it is held, no peer treats this process as dead:
     * what it stores carries its own incarnation.
     *
     * @throws CapsException with {@link Status#TIMED_OUT} if another process holds it for long, with
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
        if (!host.lockTables(0))
        {
            return false;
        }
        final boolean isEntered = 0 == incarnation || isPresent();
        if (!isEntered)
        {
            host.unlockTables();
        }
        return isEntered;
    }

    /** Releases the tables' lock. */
    public void unlock()
    {
        host.unlockTables();
    }

    /**
     * Under the tables' lock: registers a service (R4), after what the dead have left is removed. It is published when
     * this returns.
     *
     * @param entry   to be put on the service's entry.
     * @param service what to register.
     * @return incarnation of the service.
     * @throws CapsException with {@link Status#EXISTS} if it is to be the only one, and is not; with
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
     * Under the tables' lock: makes the entry of a wait set, after what the dead have left is removed.
     *
     * @param entry to be put on the wait set's entry.
     * @return incarnation of the wait set.
     * @throws CapsException with {@link Status#NO_BUFFERS} if no entry is free.
     */
    public long openWaitSet(final PortEntry entry)
    {
        reap();
        return open(entry, PortDescriptor.KIND_WAIT_SET, WAIT_SET);
    }

    /**
     * Under the tables' lock: makes an entry that shows that a client waits for a service. It is of the kind of a wait
     * set, as nothing refers to it. When the table is full, the next port that needs an entry takes this one.
     *
     * @param entry to be put on it.
     * @param spec  what the client looks for; its flags have {@link PortFlags#WAITSVC}, which those of a wait set have
     *              not.
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

    /** Under the tables' lock, after {@link #register}: makes the clients that wait for a service look again. */
    public void announce()
    {
        // [registered] release: the service's entry is published before. Pairs with the acquire in registrations(),
        // after which a client looks for the service again. Without it a client that waits could miss the service, and
        // sleep.
        tables.putIntRelease(RegionDescriptor.REGISTRATIONS_OFFSET,
            tables.getInt(RegionDescriptor.REGISTRATIONS_OFFSET) + 1);
    }

    /** After {@link #announce}, without the lock: wakes the clients that sleep. */
    public void wakeSearchers()
    {
        host.wake(RegionDescriptor.REGISTRATIONS_OFFSET, Integer.MAX_VALUE);
    }

    /**
     * @return the word on which clients sleep that wait for a service, as it is before they look for it.
     */
    public int registrations()
    {
        // [registered] acquire before the look: pairs with the release in announce(). If the look misses a service, the
        // word has changed when it comes, and no thread sleeps.
        return tables.getIntAcquire(RegionDescriptor.REGISTRATIONS_OFFSET);
    }

    /**
     * A port was closed: frees what it left in the tables if their lock is free; otherwise the next process that reaps
     * does.
     *
     * @param servicePortIndex entry of the service: the port's own, or that of the service it was connected to.
     */
    public void closed(final int servicePortIndex)
    {
        // Noted before the lock is tried: if another thread of this process has it, the next close does this, or the
        // attachment's when it leaves.
        reaper.closed(servicePortIndex);
        if (host.lockTables(0))
        {
            try
            {
                // The port that was closed just now has freed its own entry.
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
     * A link is used by this process: when no side holds it, its memory is returned.
     *
     * @param linkIndex of the link.
     */
    void use(final int linkIndex)
    {
        usedLinks.use(linkIndex);
    }

    /**
     * Returns the memory of the links that were used and that no side holds, and frees what {@link #closed} could not.
     *
     * @param timeoutNs longest wait for the tables' lock; if it is not free, the next user of the links does this.
     */
    public void trim(final long timeoutNs)
    {
        final boolean isUsed = !usedLinks.isEmpty();
        // Entries of services are not worth a wait: any process that reaps frees them.
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

    /** Under the tables' lock: removes what the dead have left. */
    void reap()
    {
        if (reaper.reap(incarnation))
        {
            search.portsFreed();
            search.linkFreed(0);
        }
    }

    /** Enters this process; the index of its entry, which it holds until {@link #leave()}. */
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

    /** Under the tables' lock: finds services; their dead are removed by {@link #reap()} before. */
    EntrySearch search()
    {
        return search;
    }

    /** Index of a free entry of the port table. */
    int freePort()
    {
        int free = search.freePort();
        if (NONE == free)
        {
            // The last port to close frees a closed service's entry only if the tables' lock is free just then.
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

    /** Index of a free entry of the link directory. */
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

    /** A number that no process, port or link of the region has had. */
    long nextIncarnation()
    {
        final long next = peekIncarnation();
        tables.putLong(RegionDescriptor.NEXT_INCARNATION_OFFSET, next + 1);
        reaper.taken(next);
        return next;
    }

    /**
     * The number is input: an invalid one, or one without room in a link's state, would make entries that no process
     * finds.
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

    /** Whether this process's entry is still its own; under the tables' lock it stays so until the lock is released. */
    private boolean isPresent()
    {
        return new ProcessEntry(tables, geometry).wrap(processIndex).incarnation() == incarnation;
    }
}
