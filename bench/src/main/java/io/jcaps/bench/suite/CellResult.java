/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;

/**
 * What one cell gave in one round.
 *
 * @param cell                    what was measured.
 * @param round                   in which round, from 1.
 * @param measuredCount           replies received while it was measured.
 * @param elapsedNs               nanoseconds of that.
 * @param histogram               nanoseconds of each reply, as {@link Histograms#decode} reads them; null if the
 *                                workload only counts, or nothing was measured.
 * @param countByClient           replies by client of a crowd; null for other workloads.
 * @param clientAllocatedPerReply bytes of heap that the client's thread took for each reply.
 * @param serverAllocatedPerReply bytes of heap that the server's thread took for each reply; NaN if too few to tell.
 * @param failure                 null, or why it does not count: it did not start, or missed its rate.
 */
public record CellResult(
    Cell cell,
    int round,
    long measuredCount,
    long elapsedNs,
    String histogram,
    long[] countByClient,
    double clientAllocatedPerReply,
    double serverAllocatedPerReply,
    String failure)
{
    static CellResult failed(final Cell cell, final int round, final String failure)
    {
        return new CellResult(cell, round, 0, 0, null, null, Double.NaN, Double.NaN, failure);
    }

    /**
     * @return replies per second.
     */
    public double repliesPerSecond()
    {
        return 0 == elapsedNs ? 0 : measuredCount * 1e9 / elapsedNs;
    }
}
