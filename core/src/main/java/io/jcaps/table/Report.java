/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.PortCounter;
import io.jcaps.host.Events;
import io.jcaps.host.Host;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Reports rare events at one port. Each has one method here, which does what applies: it counts in the port's entry,
 * notifies {@link Events}, and records an error. A counter has one writer, so a method that counts is called within the
 * port's gate, while the port is open.
 */
public final class Report
{
    private final AtomicBuffer tables;
    private final Events events;
    private final ErrorLog errors;
    private final PortEntry entry;
    private final String name;

    /**
     * @param host   of the region.
     * @param errors the error log of the attachment.
     * @param entry  view of the port's entry; must stay on it.
     * @param name   of the port.
     */
    public Report(final Host host, final ErrorLog errors, final PortEntry entry, final String name)
    {
        this.errors = errors;
        this.entry = entry;
        this.name = name;
        tables = host.tables();
        events = host.events();
    }

    /**
     * Value of a counter of the port. Any thread may call while the entry is the port's.
     *
     * @param counter which counter to read.
     * @return its value.
     */
    public long counter(final PortCounter counter)
    {
        return tables.getLongAcquire(entry.counterOffset(counter.ordinal()));
    }

    private void count(final PortCounter counter)
    {
        final int offset = entry.counterOffset(counter.ordinal());
        // A store that is atomic is enough: nothing else is published by it. If the port's process dies before it, the
        // number is one short. No decision depends on the number.
        tables.putLongRelease(offset, tables.getLong(offset) + 1);
    }

    /**
     * Within the gate: the region has no memory left.
     *
     * @param length in bytes of the payload.
     */
    public void noSpace(final int length)
    {
        count(PortCounter.NO_SPACE);
        events.noSpace(name, length);
    }

    /**
     * Within the gate: a put has reached the limit of messages in progress.
     *
     * @param inProgress number of messages in progress.
     */
    public void noBuffers(final int inProgress)
    {
        events.noBuffers(name, inProgress);
    }

    /**
     * Within the gate: a link was given up, because the other side wrote an invalid value.
     *
     * @param linkIndex of the link.
     * @param reason    the invalid value, for people.
     */
    public void corrupt(final int linkIndex, final String reason)
    {
        count(PortCounter.CORRUPT);
        events.corrupt(name, linkIndex, reason);
        errors.onError(new RegionException("corrupt link: " + reason + ": port=" + name + ", link=" + linkIndex));
    }

    /**
     * Within the gate: a client was accepted.
     *
     * @param linkIndex of its link.
     * @param pid       of its process, as the process itself sees it.
     */
    public void accepted(final int linkIndex, final int pid)
    {
        count(PortCounter.ACCEPTED);
        events.accepted(name, linkIndex, pid);
    }

    /**
     * Within the gate: a client was refused, because it has no permission (R6).
     *
     * @param linkIndex of its link.
     */
    public void refused(final int linkIndex)
    {
        count(PortCounter.REFUSED);
        events.refused(name, linkIndex, false);
    }

    /**
     * Within the gate: a client was refused, because another process than its entry names holds the entry's life lock.
     *
     * @param linkIndex    of its link.
     * @param processIndex of its process.
     */
    public void forged(final int linkIndex, final int processIndex)
    {
        count(PortCounter.FORGED);
        events.refused(name, linkIndex, true);
        errors.onError(new RegionException("forged process entry: another process holds its lock, and the client " +
            "was refused: port=" + name + ", link=" + linkIndex + ", processIndex=" + processIndex));
    }

    /**
     * Within the gate: a step failed for a cause that may pass.
     *
     * @param what  the step that failed, for people.
     * @param cause the exception; may be null.
     */
    public void retry(final String what, final Throwable cause)
    {
        count(PortCounter.RETRIES);
        errors.onError(new RegionException(what + ", and will be tried again: port=" + name, cause));
    }

    /**
     * Within the gate: links of clients that have died were dropped.
     *
     * @param deathCount number of these clients, 0 or more.
     */
    public void dropped(final int deathCount)
    {
        for (int i = 0; i < deathCount; i++)
        {
            count(PortCounter.DEATHS);
        }
    }

    /**
     * By the watch, outside the gate: a peer's process is proved dead.
     *
     * @param isService whether the peer is the service.
     * @param linkIndex of the link to the peer.
     */
    public void peerDied(final boolean isService, final int linkIndex)
    {
        events.peerDied(name, isService, linkIndex);
    }

    /** Within the gate: the handler of the port's agent has thrown; {@link #failed} records the exception. */
    public void handlerFailed()
    {
        count(PortCounter.HANDLER_ERRORS);
    }

    /**
     * Records an exception that the caller does not throw, or reports in another way. Any thread may call, also outside
     * the gate.
     *
     * @param thrown the exception.
     */
    public void failed(final Throwable thrown)
    {
        errors.onError(thrown);
    }

    /**
     * Outside the gate: the port was closed by its owner.
     *
     * @param isService whether the port is a service.
     */
    public void closed(final boolean isService)
    {
        events.closed(name, isService);
    }
}
