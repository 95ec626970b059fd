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
 * Reports what is rare at one port: one call each makes the counter in the port's entry rise, notifies
 * {@link Events}, and records an error, as far as the case has them. A counter has one writer: what counts is called
 * within the port's gate, while the port is open.
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
     * @param entry  of the port; stays on it.
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
     * @return how often.
     */
    public long counter(final PortCounter counter)
    {
        return tables.getLongAcquire(entry.counterOffset(counter.ordinal()));
    }

    private void count(final PortCounter counter)
    {
        final int offset = entry.counterOffset(counter.ordinal());
        // Release, so that other processes see no half of it; nothing else is published by it. If the port's process
        // dies before it, the number is one short, and no decision depends on it.
        tables.putLongRelease(offset, tables.getLong(offset) + 1);
    }

    /**
     * Within the gate: the region has no memory.
     *
     * @param length in bytes of what it was for.
     */
    public void noSpace(final int length)
    {
        count(PortCounter.NO_SPACE);
        events.noSpace(name, length);
    }

    /**
     * Within the gate: a put has reached the limit of messages in progress.
     *
     * @param inProgress how many there are.
     */
    public void noBuffers(final int inProgress)
    {
        events.noBuffers(name, inProgress);
    }

    /**
     * Within the gate: a link is given up, as the other side had written what is invalid.
     *
     * @param linkIndex of the link.
     * @param reason    for people.
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
     * @param pid       of its process.
     */
    public void accepted(final int linkIndex, final int pid)
    {
        count(PortCounter.ACCEPTED);
        events.accepted(name, linkIndex, pid);
    }

    /**
     * Within the gate: a client was refused, as it has no permission.
     *
     * @param linkIndex of its link.
     */
    public void refused(final int linkIndex)
    {
        count(PortCounter.REFUSED);
        events.refused(name, linkIndex, false);
    }

    /**
     * Within the gate: a client was refused, because another process than its entry names holds the entry's lock.
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
     * Within the gate: something failed for a cause that may pass.
     *
     * @param what  failed, for people.
     * @param cause may be null.
     */
    public void retry(final String what, final Throwable cause)
    {
        count(PortCounter.RETRIES);
        errors.onError(new RegionException(what + ", and will be tried again: port=" + name, cause));
    }

    /**
     * Within the gate: links whose clients have died were dropped.
     *
     * @param deathCount how many.
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
     * @param isService whether it is the service.
     * @param linkIndex of the link to it.
     */
    public void peerDied(final boolean isService, final int linkIndex)
    {
        events.peerDied(name, isService, linkIndex);
    }

    /** Within the gate: the handler of the port's agent has thrown; {@link #failed} records what. */
    public void handlerFailed()
    {
        count(PortCounter.HANDLER_ERRORS);
    }

    /**
     * Records what a caller is not to receive, or receives in its own way. Any thread may call, also outside the gate.
     *
     * @param thrown what went wrong.
     */
    public void failed(final Throwable thrown)
    {
        errors.onError(thrown);
    }

    /**
     * Outside the gate: the port was closed by its owner.
     *
     * @param isService whether it is a service.
     */
    public void closed(final boolean isService)
    {
        events.closed(name, isService);
    }
}
