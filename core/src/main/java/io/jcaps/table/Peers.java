/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.wait.Doorbell;
import org.agrona.concurrent.AtomicBuffer;

/**
 * The processes and ports at the other side of one attachment's links. An index from a link's entry is input: one that
 * is out of its range names no peer. Any thread may call.
 */
public final class Peers
{
    /** Credentials of an entry whose life lock is held by another process than the entry names. */
    public static final Credentials FORGED = new Credentials(0, Credentials.NOBODY, Credentials.NOBODY,
        Credentials.NOBODY, Credentials.NOBODY, new int[0]);

    private final Host host;
    private final AtomicBuffer tables;
    private final Geometry geometry;
    private final boolean isFollowing;

    /**
     * @param host        of the region.
     * @param isFollowing whether a thread waits for the operating system to report that a process has ended.
     */
    public Peers(final Host host, final boolean isFollowing)
    {
        this.host = host;
        this.isFollowing = isFollowing;
        tables = host.tables();
        geometry = host.header().geometry();
    }

    /**
     * The identity of a peer, as the operating system reports it (R22). From here on its process is followed, if a
     * thread waits for ends.
     *
     * @param processIndex of the peer's entry, from the link: input.
     * @param incarnation  of the peer's process, from the link: input.
     * @return credentials; {@link Credentials#UNKNOWN} if the process is not visible from here, {@link #FORGED} if
     * another process than the entry names holds its life lock, {@link Credentials#UNDETERMINED} if there was no
     * reliable answer, null if no process has the entry.
     */
    public Credentials attest(final int processIndex, final long incarnation)
    {
        if (processIndex < 0 || processIndex >= geometry.processCount())
        {
            return null;
        }
        final ProcessEntry process = new ProcessEntry(tables, geometry).wrap(processIndex);
        if (process.incarnation() != incarnation)
        {
            return null;
        }
        final Credentials credentials = host.attest(processIndex);
        if (null == credentials || Credentials.UNDETERMINED == credentials)
        {
            return credentials;
        }
        // The entry's ids are for display: a process that changed its user since, or that runs in another user
        // namespace, is honest.
        final boolean isTrue = Credentials.UNKNOWN == credentials || process.pid() == credentials.ownPid();
        if (isFollowing)
        {
            // If it cannot be followed, or ends before, the watch checks its lock.
            host.follow(processIndex);
        }
        // The answer must be about this process, and not about one that got the entry in the meantime.
        return process.incarnation() != incarnation ? null : isTrue ? credentials : FORGED;
    }

    static boolean isKnown(final Credentials attested)
    {
        return null != attested && FORGED != attested && Credentials.UNKNOWN != attested &&
            Credentials.UNDETERMINED != attested;
    }

    /**
     * @param portIndex of a peer's port, from the link: input.
     * @return flags of the port; 0 if there is none.
     */
    public int flags(final int portIndex)
    {
        return geometry.hasPort(portIndex) ? new PortEntry(tables, geometry).wrap(portIndex).flags() : 0;
    }

    /**
     * Wakes all threads that sleep on a port.
     *
     * @param portIndex of a peer's port, from the link: input.
     */
    public void wake(final int portIndex)
    {
        if (geometry.hasPort(portIndex))
        {
            new Doorbell(host, new PortEntry(tables, geometry).wrap(portIndex)).ring(Integer.MAX_VALUE);
        }
    }
}
