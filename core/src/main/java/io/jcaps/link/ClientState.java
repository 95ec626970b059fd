/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.PortFlags;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Whether the client at the other end of a service's link is still there, and each change that the service makes to the
 * link's state. Any thread may call, unless a method says otherwise.
 */
public final class ClientState
{
    private final AtomicBuffer tables;
    private final LinkEntry entry;
    private final int stateOffset;
    private final long incarnation;
    private final int processIndex;
    private final long processIncarnation;
    private final boolean cannotWake;
    private volatile boolean isDead;
    private volatile boolean hasDied;

    /**
     * The entry's fields are input and may change, so the caller has read each of them once, and checked it.
     *
     * @param tables             header and tables of the region.
     * @param entry              of the link.
     * @param incarnation        of this use of the link.
     * @param processIndex       of the client.
     * @param processIncarnation of the client.
     * @param flags              of the client's port.
     */
    public ClientState(
        final AtomicBuffer tables,
        final LinkEntry entry,
        final long incarnation,
        final int processIndex,
        final long processIncarnation,
        final int flags)
    {
        this.tables = tables;
        this.entry = entry;
        this.incarnation = incarnation;
        this.processIndex = processIndex;
        this.processIncarnation = processIncarnation;
        stateOffset = entry.stateOffset();
        cannotWake = (flags & PortFlags.CANNOT_WAKE) != 0;
    }

    /**
     * @return index of the client's process entry; input.
     */
    public int processIndex()
    {
        return processIndex;
    }

    /**
     * @return incarnation of the client's process.
     */
    public long processIncarnation()
    {
        return processIncarnation;
    }

    /**
     * @return whether the client's process cannot wake this one.
     */
    public boolean cannotWake()
    {
        return cannotWake;
    }

    long incarnation()
    {
        return incarnation;
    }

    /**
     * Takes the link for the service.
     *
     * @param observed state of the link, in which the client holds it and it is open.
     * @return false if the client has closed in the meantime, or the link is another client's: nothing was changed
     * then.
     */
    public boolean hold(final long observed)
    {
        // [accept] compare and set, a full fence: the client's fields and head are as they were before its OPEN, which
        // this state contains. Pairs with [link] in LinkEntry.change().
        return tables.compareAndSetLong(stateOffset, observed, observed | LinkEntryDescriptor.SERVICE_HOLDS);
    }

    /**
     * Whether the client has closed its port or died, or the link is no longer the one that was accepted.
     *
     * @return true from then on.
     */
    public boolean isGone()
    {
        if (isDead)
        {
            return true;
        }
        // [link] acquire: pairs with [link] in LinkEntry.change().
        final long found = tables.getLongAcquire(stateOffset);
        return LinkEntry.incarnation(found) != incarnation ||
            (found & (LinkEntryDescriptor.CLIENT_CLOSED | LinkEntryDescriptor.SERVICE_HOLDS)) !=
                LinkEntryDescriptor.SERVICE_HOLDS;
    }

    /**
     * @return whether the death of the client's process was noted, also if the client had closed before.
     */
    public boolean isDeathKnown()
    {
        return isDead;
    }

    /**
     * @return whether the client's process died without closing.
     */
    public boolean hasDied()
    {
        return hasDied;
    }

    /** Notes that the client's process is proved dead; by the watch alone. */
    public void died()
    {
        // A client that closed before its process died counts as closed, whichever thread finds the death.
        final long found = tables.getLongAcquire(stateOffset);
        hasDied = (found & LinkEntryDescriptor.CLIENT_CLOSED) == 0;
        isDead = true;
    }

    /**
     * Releases the link of a client that has gone: another client may use it from here on. For a dead client it also
     * sets CLIENT_CLOSED: a free link that is OPEN and not closed would be mistaken for a newcomer's, while the next
     * client may be writing its fields.
     */
    void releaseGone()
    {
        // Read once: the watch may set it in between.
        final boolean isReleasedForClient = isDead;
        entry.change(incarnation, isReleasedForClient ? LinkEntryDescriptor.CLIENT_CLOSED : 0,
            LinkEntryDescriptor.SERVICE_HOLDS | (isReleasedForClient ? LinkEntryDescriptor.CLIENT_HOLDS : 0));
    }

    /** Releases the link of a service that has closed. */
    void release()
    {
        entry.change(incarnation, 0, LinkEntryDescriptor.SERVICE_HOLDS);
    }

    /** Marks the link corrupt, which notifies the client that nothing more comes. */
    void giveUp()
    {
        entry.change(incarnation, LinkEntryDescriptor.CORRUPT, 0);
    }
}
