/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

/**
 * The disposals that a service has not delivered yet. Each link queues its own; they are delivered link by link, those
 * of clients that have gone first. Used within the gate of the service's port.
 */
final class Disposals
{
    private final DroppedLinks dropped;
    private int size;
    private ServiceLink current;

    Disposals(final DroppedLinks dropped)
    {
        this.dropped = dropped;
    }

    int size()
    {
        return size;
    }

    /** Counts the disposal that a request has brought, of the last reply in its slot: the link is known. */
    void received(final ServiceLink link)
    {
        final int count = link.countDisposals();
        if (count > 0)
        {
            size += count;
            if (!isCurrent())
            {
                current(link);
            }
        }
    }

    /** As {@link LinkSet#findDisposed}. */
    void find(final ServiceLink[] links, final boolean isThorough)
    {
        for (final ServiceLink link : links)
        {
            size += link.findDisposed(isThorough);
        }
    }

    /** The link of the next disposal, which {@link #take} takes; there must be one. */
    ServiceLink next(final ServiceLink[] links)
    {
        if (!isCurrent())
        {
            current(search(links));
        }
        return current;
    }

    private boolean isCurrent()
    {
        return null != current && current.disposalCount() > 0;
    }

    /** Stores only a change: each store of a reference costs the garbage collector work, with G1 at times a fence. */
    private void current(final ServiceLink link)
    {
        if (current != link)
        {
            current = link;
        }
    }

    private ServiceLink search(final ServiceLink[] links)
    {
        final ServiceLink droppedLink = dropped.nextDisposing();
        if (null != droppedLink)
        {
            return droppedLink;
        }
        for (final ServiceLink link : links)
        {
            if (link.disposalCount() > 0)
            {
                return link;
            }
        }
        throw new IllegalStateException("no link has the disposals that were counted: size=" + size);
    }

    /** Takes the next disposal of the link that {@link #next} returned, and returns the id of its message. */
    long take(final ServiceLink link)
    {
        final long id = link.takeDisposal();
        size--;
        if (0 == link.disposalCount() && link.isDropped())
        {
            dropped.disposed(link);
            current = null;
        }
        return id;
    }

    /** Queues the disposals of a link whose client has gone. */
    void drop(final ServiceLink link)
    {
        size += link.drop();
        if (current == link && 0 == link.disposalCount())
        {
            current = null;
        }
    }
}
