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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What connects two hosts, over the loopback address: each byte is verified in both directions.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class RemoteContenderIT
{
    private static final int WINDOW = 64;
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MEASURED_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long RATE_PER_SECOND = 10;

    @ParameterizedTest
    @MethodSource("cells")
    @DisplayName("B7: each contender between two hosts echoes whole messages, and both sides count the same")
    void shouldEchoWholeMessages(final Cell cell)
    {
        EchoCells.assertEchoes(cell);
    }

    static List<Cell> cells()
    {
        final List<Cell> cells = new ArrayList<>();
        for (final Contender contender : Contenders.all())
        {
            if (contender.isRemote() && !"jcaps-idle-bridge".equals(contender.name()))
            {
                addCells(cells, contender.name());
            }
        }
        return cells;
    }

    private static void addCells(final List<Cell> cells, final String name)
    {
        final Cell filled = Cell.roundTrip(name, 32).waiting(Waiting.YIELD).payload(PayloadKind.FILLED)
            .times(WARM_UP_NS, MEASURED_NS);
        cells.add(filled);
        cells.add(Cell.roundTrip(name, 131_072).waiting(Waiting.YIELD).payload(PayloadKind.FILLED)
            .times(WARM_UP_NS, MEASURED_NS).pipelined(WINDOW));
        cells.add(Cell.roundTrip(name, 32).waiting(Waiting.YIELD).times(WARM_UP_NS, MEASURED_NS)
            .openLoop(RATE_PER_SECOND).times(WARM_UP_NS, 5 * MEASURED_NS));
    }

    @Test
    @DisplayName("A local service is measured beside an idle bridge")
    void shouldEchoBesideAnIdleBridge()
    {
        EchoCells.assertEchoes(Cell.roundTrip("jcaps-idle-bridge", 32).times(WARM_UP_NS, MEASURED_NS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bridge", "bridge-embedded", "grpc"})
    @DisplayName("Several clients of one service on another host are served at once")
    void shouldServeACrowd(final String name)
    {
        EchoCells.assertEchoes(Cell.roundTrip(name, 32).crowd(3).times(WARM_UP_NS, MEASURED_NS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bridge", "bridge-embedded", "grpc", "aeron-udp", "aeron-relay"})
    @DisplayName("A contender between two hosts says why it does not spin")
    void shouldSayWhyItDoesNotSpin(final String name)
    {
        final CellResult result = CellRunner.run(Cell.roundTrip(name, 32), 1);

        assertThat(result.failure()).contains("threads are more than two");
        assertThat(result.measuredCount()).isZero();
    }
}
