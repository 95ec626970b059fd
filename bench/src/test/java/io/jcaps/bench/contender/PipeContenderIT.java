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
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(600)
@Tag("full")
class PipeContenderIT
{
    private static final long TIME_NS = 50_000_000;

    @ParameterizedTest
    @CsvSource({"32, PREBUILT", "4096, FILLED", "131072, PREBUILT", "131072, FILLED"})
    void shouldAnswer(final int length, final PayloadKind payload)
    {
        final Cell cell = Cell.roundTrip("pipe", length).waiting(Waiting.BLOCK).payload(payload);

        final CellResult result = CellRunner.run(cell.times(TIME_NS, TIME_NS), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
    }

    @Test
    void shouldSayWhatItDoesNotDo()
    {
        final PipeContender contender = new PipeContender();
        final Cell cell = Cell.roundTrip("pipe", 32).waiting(Waiting.BLOCK);

        assertThat(contender.refusal(cell)).isNull();
        assertThat(contender.refusal(cell.waiting(Waiting.SPIN))).contains("blocks");
        assertThat(contender.refusal(cell.waiting(Waiting.YIELD))).contains("blocks");
        assertThat(contender.refusal(cell.clientCount(2))).contains("one client");
        assertThat(contender.refusal(cell.pipelined(8))).contains("one message at a time");
    }
}
