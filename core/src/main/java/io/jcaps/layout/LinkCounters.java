/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.AtomicBuffer;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Reads and writes the counters in a link. They can be read as long as a side holds the link, also after their writers
 * have died. Any thread and process may read. Each number is whole, but two of them need not be of the same moment.
 */
public final class LinkCounters
{
    /** All counters of a link, the client's first. */
    static final LinkCounter[] COUNTERS = Stream.of(ClientCounter.values(), ServiceCounter.values())
        .flatMap(Arrays::<LinkCounter>stream).toArray(LinkCounter[]::new);

    private LinkCounters()
    {
    }

    /**
     * @param link    body of the link.
     * @param counter which counter to read.
     * @return its value.
     */
    public static long get(final AtomicBuffer link, final LinkCounter counter)
    {
        return link.getLongOpaque(counter.offset());
    }

    /**
     * @param link body of the link.
     * @return all of its counters, as {@link PortEntry#addGone(long[])} takes them.
     */
    public static long[] all(final AtomicBuffer link)
    {
        return Arrays.stream(COUNTERS).mapToLong((counter) -> get(link, counter)).toArray();
    }

    /**
     * Adds to a counter of rare events; a counter that each message changes is stored where the message is handled.
     * Only the counter's writer may call.
     *
     * @param link    body of the link.
     * @param counter which counter to add to.
     * @param count   number to add.
     */
    public static void add(final AtomicBuffer link, final LinkCounter counter, final long count)
    {
        link.putLongOpaque(counter.offset(), link.getLong(counter.offset()) + count);
    }
}
