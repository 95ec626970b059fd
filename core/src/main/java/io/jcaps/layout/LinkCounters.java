/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.AtomicBuffer;

import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Reads and writes the numbers in a link. They are there until the link is another client's, also after their writers
 * have died. Any thread and process may read; each number is whole, but two of them need not be of the same moment.
 */
public final class LinkCounters
{
    private LinkCounters()
    {
    }

    /**
     * @param link    body of the link.
     * @param counter which counter to access.
     * @return how many so far.
     */
    public static long get(final AtomicBuffer link, final ClientCounter counter)
    {
        return link.getLongOpaque(counter.offset());
    }

    /**
     * @param link    body of the link.
     * @param counter which counter to access.
     * @return how many so far.
     */
    public static long get(final AtomicBuffer link, final ServiceCounter counter)
    {
        return link.getLongOpaque(counter.offset());
    }

    /**
     * @param link body of the link.
     * @return all of its counters, as {@link PortEntry#addGone(long[])} takes them.
     */
    public static long[] all(final AtomicBuffer link)
    {
        return LongStream.concat(
            Arrays.stream(ClientCounter.values()).mapToLong((counter) -> get(link, counter)),
            Arrays.stream(ServiceCounter.values()).mapToLong((counter) -> get(link, counter))).toArray();
    }

    /**
     * Counts what happens seldom; what each message changes is stored where it happens. By the number's writer alone.
     *
     * @param link    body of the link.
     * @param counter which counter to access.
     * @param count   of how many.
     */
    public static void add(final AtomicBuffer link, final ClientCounter counter, final long count)
    {
        link.putLongOpaque(counter.offset(), link.getLong(counter.offset()) + count);
    }

    /**
     * Counts what happens seldom; what each message changes is stored where it happens. By the number's writer alone.
     *
     * @param link    body of the link.
     * @param counter which counter to access.
     * @param count   of how many.
     */
    public static void add(final AtomicBuffer link, final ServiceCounter counter, final long count)
    {
        link.putLongOpaque(counter.offset(), link.getLong(counter.offset()) + count);
    }
}
