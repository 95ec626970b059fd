/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import io.jcaps.bench.suite.Histograms;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Programs that are both sides of a cell. Where there is no compiler for one, its row says so, and nothing is run. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class NativeContenderIT
{
    private static final long TIME_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final Cell CAPS = Cell.roundTrip("jcaps-c", 32).times(TIME_NS, TIME_NS);

    static List<Cell> cells()
    {
        return List.of(
            CAPS.contender("floor-c"),
            CAPS.contender("floor-c").waiting(Waiting.BLOCK),
            CAPS,
            CAPS.waiting(Waiting.BLOCK),
            CAPS.pipelined(128),
            CAPS.payload(PayloadKind.FILLED).pipelined(8),
            Cell.roundTrip("jcaps-c", 65_537).times(TIME_NS, TIME_NS),
            Cell.roundTrip("jcaps-c", 131_072).times(TIME_NS, TIME_NS).payload(PayloadKind.FILLED));
    }

    @DisplayName("a native contender verifies and counts messages, probes the floor, reports CPU time (R21)")
    @ParameterizedTest
    @MethodSource("cells")
    void shouldMeasure(final Cell cell)
    {
        final String obstacle = Contenders.byName(cell.contender()).obstacle();
        assumeTrue(null == obstacle || "require".equals(System.getProperty("caps.c")), obstacle);

        final CellResult result = CellRunner.run(cell, 2);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
        assertThat(result.probes()).as("before, in the middle, after").hasSize(3);
        assertThat(result.cpu().clientNs()).isPositive();
        assertThat(result.cpu().serverNs()).isPositive();
        if (1 == cell.window())
        {
            assertThat(Histograms.decode(result.histogram()).getTotalCount()).isEqualTo(result.measuredCount());
        }
    }

    @DisplayName("a native contender reports the cells that it cannot run, and the tools that the machine lacks")
    @Test
    void shouldSayWhatItCannotDo()
    {
        assertThat(CellRunner.run(CAPS.pipelined(129), 1).failure()).contains("at most 128");
        assertThat(CellRunner.run(CAPS.stream(), 1).failure()).contains("round trips and windows");
        final Contender rust = Contenders.byName("iceoryx2");
        assertThat(rust.refusal(CAPS.contender("iceoryx2").waiting(Waiting.BLOCK))).contains("polls");
        assertThat(NativeBuild.make("no-such-program").obstacle()).startsWith("not built: ");
    }
}
