/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(600)
@Tag("full")
class FutexFloorContenderIT
{
    private static final long TIME_NS = 50_000_000;

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldBounce()
    {
        final Cell cell = Cell.roundTrip("futex-floor", 32).waiting(Waiting.BLOCK);

        final CellResult result = CellRunner.run(cell.times(TIME_NS, TIME_NS), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
    }

    @Test
    void shouldSayWhatItDoesNotDo()
    {
        final FutexFloorContender contender = new FutexFloorContender();
        final Cell cell = Cell.roundTrip("futex-floor", 32).waiting(Waiting.BLOCK);

        assertThat(contender.refusal(cell.waiting(Waiting.SPIN))).contains("sleep");
        assertThat(contender.refusal(cell.clientCount(2))).contains("one client");
        assertThat(contender.refusal(cell.pipelined(8))).contains("one message at a time");
        assertThat(contender.refusal(Cell.roundTrip("futex-floor", 4096).waiting(Waiting.BLOCK)))
            .contains("one word");
    }

    @Test
    void shouldKnowWhereItsCallIs()
    {
        assertThat(LibC.futexNumber("Linux", "amd64")).isEqualTo(202);
        assertThat(LibC.futexNumber("Linux", "aarch64")).isEqualTo(98);
        assertThat(LibC.futexNumber("Linux", "s390x")).isZero();
        assertThat(LibC.futexNumber("Mac OS X", "aarch64")).isZero();
    }
}
