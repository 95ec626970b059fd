/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

import java.util.List;

/**
 * The line that the client's JVM prints before it exits.
 *
 * @param sentCount             requests sent from its start.
 * @param warmUpCount           replies received before the measurement.
 * @param measuredCount         replies received while it measured.
 * @param elapsedNs             nanoseconds of the measurement.
 * @param histogram             nanoseconds of each reply as {@link Histograms#encode} writes them; null if the workload
 *                              only counts.
 * @param batchHistogram        nanoseconds of each 100 round trips that were timed together; null for other workloads.
 * @param countByClient         replies by client of a crowd; null for other workloads.
 * @param allocatedPerReply     bytes of heap that its thread took for each reply while it measured.
 * @param probes                of the floor before, during and after the measurement; empty if the cell has none.
 * @param cpu                   CPU time before each probe.
 * @param cpuCount              replies received in the parts that were measured, timed or not.
 * @param hasIdle               whether the last part is one in which nothing was sent.
 * @param loadPerSecond         rate of a load; NaN for other workloads.
 * @param failure               null, or why the measurement does not count.
 */
record ClientResult(
    long sentCount,
    long warmUpCount,
    long measuredCount,
    long elapsedNs,
    String histogram,
    String batchHistogram,
    long[] countByClient,
    double allocatedPerReply,
    List<Probe> probes,
    List<CpuTrace.Part> cpu,
    long cpuCount,
    boolean hasIdle,
    double loadPerSecond,
    String failure)
{
    /** Writes NaN, too. */
    private static final Gson GSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

    static ClientResult failed(final Exception ex)
    {
        final Object reason = null == ex.getMessage() ? ex : ex.getMessage();
        return new ClientResult(0, 0, 0, 0, null, null, null, Double.NaN, List.of(), List.of(), 0, false,
            Double.NaN, "the client failed: " + reason);
    }

    static ClientResult fromJson(final String json)
    {
        return GSON.fromJson(json, ClientResult.class);
    }

    String toJson()
    {
        return GSON.toJson(this);
    }
}
