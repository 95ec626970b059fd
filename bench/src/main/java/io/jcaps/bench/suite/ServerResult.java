/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.jcaps.bench.Tally;

import java.util.List;

/**
 * The line that the server's JVM prints before it exits.
 *
 * @param tally             its counters.
 * @param allocatedPerReply bytes of heap that its thread took for each, over the second half of them.
 * @param cpu               CPU time before each probe.
 * @param failure           null, or why it ended early.
 */
record ServerResult(Tally tally, double allocatedPerReply, List<CpuTrace.Part> cpu, String failure)
{
    /** Writes NaN, too. */
    private static final Gson GSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

    static ServerResult failed(final Exception ex)
    {
        final Object reason = null == ex.getMessage() ? ex : ex.getMessage();
        return new ServerResult(null, Double.NaN, List.of(), "the server failed: " + reason);
    }

    static ServerResult fromJson(final String json)
    {
        return GSON.fromJson(json, ServerResult.class);
    }

    String toJson()
    {
        return GSON.toJson(this);
    }
}
