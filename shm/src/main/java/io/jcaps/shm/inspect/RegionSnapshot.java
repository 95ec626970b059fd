/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.LinkEntryDescriptor;

import java.util.List;

/**
 * The content of a region at one look. Each entry is whole; an entry that appeared or vanished during the look is
 * missing, and two entries may be of slightly different moments. Immutable.
 *
 * @param takenAtNs by {@link System#nanoTime()}.
 * @param processes in the order of their entries.
 * @param ports     in the order of their entries.
 * @param links     in the order of their entries.
 */
public record RegionSnapshot(
    long takenAtNs, List<ProcessView> processes, List<PortView> ports, List<LinkView> links)
{
    /**
     * @param life to count.
     * @return number of processes with that life.
     */
    public int count(final Life life)
    {
        return (int)processes.stream().filter((process) -> life == process.life()).count();
    }

    /**
     * Counts orphaned ports and links: they name a process that has no entry any more. The next process that attaches,
     * or opens a port, frees them. A closed service that a client still refers to is not counted.
     *
     * @return number of entries.
     */
    public int orphanCount()
    {
        final long orphanedPorts = ports.stream().filter((port) -> port.isOpen() && 0 == port.pid()).count();
        final long orphanedLinks = links.stream().filter(
            (link) -> (link.flags() & LinkEntryDescriptor.CLIENT_HOLDS) != 0 && 0 == link.clientPid() ||
                (link.flags() & LinkEntryDescriptor.SERVICE_HOLDS) != 0 && 0 == link.servicePid()).count();
        return (int)(orphanedPorts + orphanedLinks);
    }

    /**
     * @param index       of a port's entry.
     * @param incarnation of the port.
     * @return the port, or null if it is not among these.
     */
    public PortView port(final int index, final long incarnation)
    {
        for (final PortView port : ports)
        {
            if (port.index() == index && port.incarnation() == incarnation)
            {
                return port;
            }
        }
        return null;
    }
}
