/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.PortEntry;

import java.util.ArrayList;

/**
 * The links of one service whose clients have gone. Each is kept while the program has views or claims of it, or
 * disposals of it are not delivered. Used within the gate of the service's port.
 */
final class DroppedLinks
{
    private final ArrayList<ServiceLink> links = new ArrayList<>();
    private final PortEntry service;
    private boolean isAnyInUse;
    // The numbers that releaseOver() found last; any thread may read them.
    private int claimedCount;
    private int heldCount;

    /** {@code service} must stay on the entry of the service. */
    DroppedLinks(final PortEntry service)
    {
        this.service = service;
    }

    /** Makes room for some more links: {@link #add} cannot fail after it. */
    void prepareAdd(final int count)
    {
        links.ensureCapacity(links.size() + count);
    }

    void add(final ServiceLink link)
    {
        links.add(link);
    }

    /** Called when the last disposal of a link was delivered. */
    void disposed(final ServiceLink link)
    {
        if (link.isReleased())
        {
            links.remove(link);
        }
    }

    /** The first link with a disposal to deliver; null if there is none. */
    ServiceLink nextDisposing()
    {
        // By index: an iterator would be allocated for each disposal, unless the JIT compiler removes it.
        for (int i = 0, count = links.size(); i < count; i++)
        {
            final ServiceLink link = links.get(i);
            if (link.disposalCount() > 0)
            {
                return link;
            }
        }
        return null;
    }

    /** Releases the links of which the program has no view or claim any more. */
    void releaseOver()
    {
        boolean isAnyInUse = false;
        int claimedCount = 0;
        int heldCount = 0;
        for (int i = links.size() - 1; i >= 0; i--)
        {
            final ServiceLink link = links.get(i);
            if (!link.isOverAtLast())
            {
                isAnyInUse = true;
                claimedCount += link.views().claimedCount();
                heldCount += link.views().viewedCount();
                continue;
            }
            link.release(service);
            if (0 == link.disposalCount())
            {
                links.remove(i);
            }
        }
        this.isAnyInUse = isAnyInUse;
        this.claimedCount = claimedCount;
        this.heldCount = heldCount;
    }

    /** Claims for replies in these links that were not spent at the last {@link #releaseOver}. Any thread may call. */
    int claimedCount()
    {
        return claimedCount;
    }

    /** Requests of these links that were in view at the last {@link #releaseOver}. Any thread may call. */
    int heldCount()
    {
        return heldCount;
    }

    /** Whether the last {@link #releaseOver} left a link of which the program has views or claims. */
    boolean isAnyInUse()
    {
        return isAnyInUse;
    }

    /** As {@link LinkSet#close}, for these links. */
    boolean keepWhileWritten(final int linkIndex)
    {
        return links.stream().anyMatch((link) -> link.linkIndex() == linkIndex && link.keepWhileWritten());
    }

    /** As {@link LinkSet#releaseDroppedClosed}, for these links. */
    boolean releaseClosed()
    {
        boolean isReleased = true;
        for (final ServiceLink link : links)
        {
            isReleased &= link.releaseDropped();
        }
        return isReleased;
    }
}
