/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** The batch calls between two JVMs: each request verified, each reply verified. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class CapsBatchContenderIT
{
    private static final Cell CELL = Cell.roundTrip("jcaps-batch", 32)
        .times(TimeUnit.MILLISECONDS.toNanos(10), TimeUnit.MILLISECONDS.toNanos(50));

    @ParameterizedTest
    @MethodSource("cells")
    void shouldEchoWholeMessages(final Cell cell)
    {
        final CellResult result = CellRunner.run(cell, 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
    }

    static List<Cell> cells()
    {
        final Cell filled = CELL.payload(PayloadKind.FILLED);
        return List.of(CELL, filled, CELL.pipelined(8), filled.pipelined(128), filled.clientCount(3),
            filled.crowd(3).times(TimeUnit.MILLISECONDS.toNanos(10), TimeUnit.MILLISECONDS.toNanos(500)));
    }

    @Test
    void shouldSayWhatItCannotDo()
    {
        assertThat(CellRunner.run(CELL.waiting(Waiting.BLOCK), 1).failure()).contains("poll does not block");
        assertThat(CellRunner.run(CELL.pipelined(129), 1).failure()).contains("at most 128 messages");
    }
}
