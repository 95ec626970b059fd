/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * That neither a warm client nor a warm service allocates anything.
 */
@Timeout(600)
class AllocationIT
{
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** A busy machine does too little in the time to tell; what allocates does so however often it is measured. */
    private static final int TRY_COUNT = 6;

    static List<Cell> cells()
    {
        final Cell cell = Cell.roundTrip("jcaps", 32);
        return List.of(
            cell,
            cell.payload(PayloadKind.FILLED),
            Cell.roundTrip("jcaps", 4096),
            cell.waiting(Waiting.BLOCK),
            cell.pipelined(64),
            cell.openLoop(10_000),
            cell.crowd(3));
    }

    @ParameterizedTest
    @Tag("full")
    @MethodSource("cells")
    void shouldAllocateNothing(final Cell cell)
    {
        CellResult result = null;
        for (int i = 1; i <= TRY_COUNT && !isNothingAllocated(result); i++)
        {
            result = CellRunner.run(cell.times(WARM_UP_NS, i * MEASURED_NS), i);
        }

        assertThat(result.clientAllocatedPerReply()).as("client, %s", result.failure()).isZero();
        assertThat(result.serverAllocatedPerReply()).as("server, %s", result.failure()).isZero();
    }

    private static boolean isNothingAllocated(final CellResult result)
    {
        return null != result && 0 == result.clientAllocatedPerReply() && 0 == result.serverAllocatedPerReply();
    }
}
