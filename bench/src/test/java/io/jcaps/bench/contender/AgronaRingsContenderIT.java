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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Agrona's rings, between two JVMs.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AgronaRingsContenderIT
{
    private static final String NAME = "agrona-rings";
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(50);
    /** For what runs by the clock: a stall of a busy machine must not take all of it. */
    private static final long CLOCKED_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Low: a request may be late by one period before the rate counts as missed. */
    private static final long RATE_PER_SECOND = 10;

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
        final List<Cell> cells = new ArrayList<>();
        for (final int length : new int[]{32, 4096, Cell.MAX_LENGTH})
        {
            final Cell cell = Cell.roundTrip(NAME, length).times(WARM_UP_NS, MEASURED_NS);
            final Cell filled = cell.payload(PayloadKind.FILLED);
            cells.add(cell);
            cells.add(filled);
            cells.add(cell.pipelined(Cell.MAX_WINDOW));
            cells.add(filled.pipelined(Cell.MAX_WINDOW));
            cells.add(filled.openLoop(RATE_PER_SECOND).times(WARM_UP_NS, CLOCKED_NS));
            cells.add(filled.clientCount(3));
            cells.add(filled.crowd(3).times(WARM_UP_NS, CLOCKED_NS));
        }
        return cells;
    }

    @Test
    void shouldSayWhyItDoesNotBlock()
    {
        final CellResult result = CellRunner.run(Cell.roundTrip(NAME, 32).waiting(Waiting.BLOCK), 1);

        assertThat(result.failure()).contains("no way to sleep until a message comes");
        assertThat(result.measuredCount()).isZero();
    }
}
