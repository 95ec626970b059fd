/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

/**
 * What the JVM that asks says at its end.
 *
 * @param sentCount             requests sent from its start.
 * @param measuredCount         replies received while it measured.
 * @param elapsedNs             nanoseconds that it measured for.
 * @param histogram             nanoseconds of each reply as {@link Histograms#encode} writes them; null if the workload
 *                              only counts.
 * @param countByClient         replies by client of a crowd; null for other workloads.
 * @param allocatedPerReply     bytes of heap that its thread took for each reply while it measured.
 * @param failure               null, or why the measurement does not count.
 */
record ClientResult(
    long sentCount,
    long measuredCount,
    long elapsedNs,
    String histogram,
    long[] countByClient,
    double allocatedPerReply,
    String failure)
{
    /** For NaN. */
    private static final Gson GSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

    static ClientResult failed(final Exception ex)
    {
        final Object reason = null == ex.getMessage() ? ex : ex.getMessage();
        return new ClientResult(0, 0, 0, null, null, Double.NaN, "the client failed: " + reason);
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
