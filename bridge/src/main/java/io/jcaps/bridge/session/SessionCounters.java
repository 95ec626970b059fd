/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counters of one or more sessions of one thread. Any thread may read.
 */
public final class SessionCounters
{
    private final AtomicLongArray counts = new AtomicLongArray(SessionCounter.values().length);
    private final SessionCounters sum;
    private volatile long roundTripNs;

    /**
     * Begins at 0.
     *
     * @param sum also counts everything counted here; null if there is none.
     */
    public SessionCounters(final SessionCounters sum)
    {
        this.sum = sum;
    }

    /**
     * Counts one more. One thread calls it.
     *
     * @param counter which one.
     */
    public void count(final SessionCounter counter)
    {
        counts.lazySet(counter.ordinal(), counts.get(counter.ordinal()) + 1);
        if (null != sum)
        {
            sum.count(counter);
        }
    }

    void roundTripNs(final long roundTripNs)
    {
        this.roundTripNs = roundTripNs;
    }

    /**
     * @param counter which one.
     * @return how many.
     */
    public long get(final SessionCounter counter)
    {
        return counts.get(counter.ordinal());
    }

    /**
     * @return time from the last beat to its echo, as the exporter measures it; 0 if there was none.
     */
    public long roundTripNs()
    {
        return roundTripNs;
    }
}
