/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import java.util.Arrays;

/**
 * Requests of one or more links that were received together and are handed out one after the other. Used within the
 * gate of the service's port.
 */
final class Batch
{
    // The links of which requests were collected, each once; null for one that was dropped.
    private ServiceLink[] links = new ServiceLink[1];
    private int index;
    private int length;
    private int size;

    /** Makes room for requests of that many links: nothing fails after it. */
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

    /** How many requests are left to hand out. */
    int size()
    {
        return size;
    }

    /** Collects requests of a link; whether there were any. Not of one that has had its share of this batch. */
    boolean collect(final ServiceLink link, final int limit)
    {
        final int count = link.requests().hasCollected() ? 0 : link.requests().collect(limit);
        if (0 == count)
        {
            return false;
        }
        size += count;
        // References only if they change: each store of one is work for a collector.
        if (links[length] != link)
        {
            links[length] = link;
        }
        length++;
        return true;
    }

    /** The link of the next request, which is then taken from it; null if none is left. */
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

    /** The service ends a link: what is left of its requests counts as not received (B1). */
    void lowerReceived(final ServiceLink link)
    {
        size -= link.requests().lowerReceived();
    }

    /** The client has gone: what is left of its requests vanishes (R24). */
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
