/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import java.util.Arrays;

/**
 * Requests of one or more links that were collected together, to be handed out one after the other. Used within the
 * gate of the service's port.
 */
final class Batch
{
    // The links whose requests were collected, each once; null for a link that was dropped.
    private ServiceLink[] links = new ServiceLink[1];
    private int index;
    private int length;
    private int size;

    /** Makes room for requests of that many links: after this, nothing fails for lack of memory. */
    void prepare(final int linkCount)
    {
        if (links.length < linkCount)
        {
            links = Arrays.copyOf(links, linkCount);
        }
    }

    /** Begins the next batch; nothing may be left of the one before. */
    void begin()
    {
        index = 0;
        length = 0;
    }

    /** Number of requests that are left to hand out. */
    int size()
    {
        return size;
    }

    /** Collects requests of a link, unless it has had its share of this batch; returns whether there were any. */
    boolean collect(final ServiceLink link, final int limit)
    {
        final int count = link.requests().hasCollected() ? 0 : link.requests().collect(limit);
        if (0 == count)
        {
            return false;
        }
        size += count;
        // Stored only if it changes, because each store of a reference costs the garbage collector work.
        if (links[length] != link)
        {
            links[length] = link;
        }
        length++;
        return true;
    }

    /** The link of the next request, which the caller then takes from it; null if none is left. */
    ServiceLink next()
    {
        while (size > 0)
        {
            final ServiceLink link = links[index];
            if (null != link && link.requests().hasCollected())
            {
                size--;
                return link;
            }
            index++;
        }
        return null;
    }

    /** Called when the service ends a link: the requests that are left count as not received (B1). */
    void lowerReceived(final ServiceLink link)
    {
        size -= link.requests().lowerReceived();
    }

    /** Called when a client has gone: the requests that are left vanish (R24). */
    void drop(final ServiceLink link)
    {
        size -= link.requests().forgetCollected();
        for (int i = 0; i < links.length; i++)
        {
            if (links[i] == link)
            {
                links[i] = null;
            }
        }
    }
}
