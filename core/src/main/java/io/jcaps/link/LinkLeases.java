/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntArrayList;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Finds the link of a message id by the id's lease: each link takes its ids from leases of the region that no other
 * link has. Used within the gate of the service's port.
 */
final class LinkLeases
{
    private final AtomicBuffer tables;
    private final Int2ObjectHashMap<ServiceLink> linkByLease = new Int2ObjectHashMap<>();

    LinkLeases(final AtomicBuffer tables)
    {
        this.tables = tables;
    }

    /** The link from which messages with the id's lease came; null if there is none. */
    ServiceLink linkOf(final long id)
    {
        return id <= 0 ? null : linkByLease.get(SlotDescriptor.lease(id));
    }

    /**
     * Adds a lease of a link, and removes those of which the link holds no request any more. Called when a client's ids
     * have a new lease: once per link and 33 million messages.
     *
     * @return false if the lease is invalid: it is another link's, so that a reply by id would reach another client, or
     * the region has not given it yet.
     */
    boolean add(final ServiceLink link, final int lease)
    {
        final ServiceLink other = linkByLease.get(lease);
        if (null != other && other != link ||
            lease <= 0 || lease >= tables.getLongAcquire(RegionDescriptor.NEXT_LEASE_OFFSET))
        {
            return false;
        }
        final IntArrayList leases = link.leases();
        for (int i = leases.size() - 1; i >= 0; i--)
        {
            final int former = leases.getInt(i);
            if (!link.holdsLease(former))
            {
                linkByLease.remove(former);
                leases.fastUnorderedRemove(i);
            }
        }
        if (null == other)
        {
            linkByLease.put(lease, link);
            leases.addInt(lease);
        }
        link.lastLease(lease);
        return true;
    }

    /** Removes the leases of a link whose client has gone: no id leads to the link any more. */
    void remove(final ServiceLink link)
    {
        final IntArrayList leases = link.leases();
        for (int i = leases.size() - 1; i >= 0; i--)
        {
            linkByLease.remove(leases.getInt(i));
        }
    }
}
