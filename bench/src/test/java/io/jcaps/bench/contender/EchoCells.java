/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** What each transport that polls is asked to do between two JVMs. */
final class EchoCells
{
    static final int WINDOW = 128;
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(50);
    /** For what runs by the clock: a stall of a busy machine must not take all of it. */
    private static final long CLOCKED_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Low: a request may be late by one period before the rate counts as missed. */
    private static final long RATE_PER_SECOND = 10;

    private EchoCells()
    {
    }

    static Cell cell(final String name, final int length)
    {
        return Cell.roundTrip(name, length).times(WARM_UP_NS, MEASURED_NS);
    }

    static List<Cell> of(final String name, final int... lengths)
    {
        final List<Cell> cells = new ArrayList<>();
        for (final int length : lengths)
        {
            final Cell cell = cell(name, length);
            final Cell filled = cell.payload(PayloadKind.FILLED);
            cells.add(cell);
            cells.add(filled);
            cells.add(cell.pipelined(WINDOW));
            cells.add(filled.pipelined(WINDOW));
            cells.add(filled.openLoop(RATE_PER_SECOND).times(WARM_UP_NS, CLOCKED_NS));
            cells.add(filled.clientCount(3));
            cells.add(filled.crowd(3).times(WARM_UP_NS, CLOCKED_NS));
        }
        return cells;
    }

    static void assertEchoes(final Cell cell)
    {
        final CellResult result = CellRunner.run(cell, 1);

        if (null != result.failure() && Workload.OPEN_LOOP == cell.workload())
        {
            // A busy machine may be late to send; nothing else may go wrong.
            assertThat(result.failure()).startsWith("missed its rate");
        }
        else
        {
            assertThat(result.failure()).isNull();
        }
        assertThat(result.measuredCount()).isPositive();
    }

    static void assertDoesNotBlock(final String name)
    {
        final CellResult result = CellRunner.run(Cell.roundTrip(name, 32).waiting(Waiting.BLOCK), 1);

        assertThat(result.failure()).contains("no way to sleep until a message comes");
        assertThat(result.measuredCount()).isZero();
    }
}
