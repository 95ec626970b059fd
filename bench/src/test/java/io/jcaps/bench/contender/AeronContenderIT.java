/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.agrona.CloseHelper;
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
 * Aeron's IPC, between two JVMs.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AeronContenderIT
{
    private static final List<String> NAMES = List.of("aeron-exclusive", "aeron-shared");
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
        for (final String name : NAMES)
        {
            for (final int length : new int[]{32, 4096, Cell.MAX_LENGTH})
            {
                final Cell cell = Cell.roundTrip(name, length).times(WARM_UP_NS, MEASURED_NS);
                final Cell filled = cell.payload(PayloadKind.FILLED);
                cells.add(cell);
                cells.add(filled);
                cells.add(cell.pipelined(Cell.MAX_WINDOW));
                cells.add(filled.pipelined(Cell.MAX_WINDOW));
                cells.add(filled.openLoop(RATE_PER_SECOND).times(WARM_UP_NS, CLOCKED_NS));
                cells.add(filled.clientCount(3));
                cells.add(filled.crowd(3).times(WARM_UP_NS, CLOCKED_NS));
            }
        }
        return cells;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSayWhyItDoesNotBlock(final boolean isExclusive)
    {
        final String name = new AeronContender(isExclusive).name();

        final CellResult result = CellRunner.run(Cell.roundTrip(name, 32).waiting(Waiting.BLOCK), 1);

        assertThat(result.failure()).contains("no way to sleep until a message comes");
        assertThat(result.measuredCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTellClientsApart(final boolean isExclusive)
    {
        final AeronContender contender = new AeronContender(isExclusive);
        final Cell cell = Cell.roundTrip(contender.name(), Cell.MAX_LENGTH).clientCount(3);
        try (MemoryDirectory directory = new MemoryDirectory();
            EchoServer server = contender.serve(cell, directory.path()))
        {
            final List<EchoClient> clients = contender.connect(cell, directory.path());
            try
            {
                // Each has got as many replies as it asked for: one of another's would not be its next.
                for (int i = 0; i < clients.size(); i++)
                {
                    roundTrips(server, clients.get(i), 1 + i);
                }
            }
            finally
            {
                CloseHelper.closeAll(clients);
            }
            assertThat(server.end()).isEqualTo(new Tally(6, 0, Tally.NO_DISPOSALS));
        }
    }

    @Test
    void shouldLeaveNothingBehind()
    {
        final AeronContender contender = new AeronContender(true);
        final Cell cell = Cell.roundTrip(contender.name(), 32).clientCount(2);
        try (MemoryDirectory directory = new MemoryDirectory())
        {
            try (EchoServer server = contender.serve(cell, directory.path()))
            {
                final List<EchoClient> clients = contender.connect(cell, directory.path());
                roundTrips(server, clients.get(0), 1);
                CloseHelper.closeAll(clients);
            }

            assertThat(directory.path()).isEmptyDirectory();
            assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .noneMatch(name -> name.contains("aeron"));
        }
    }

    private static void roundTrips(final EchoServer server, final EchoClient client, final int count)
    {
        for (int number = 1; number <= count; number++)
        {
            while (!client.send(number))
            {
                server.serve(1);
            }
            while (0 == client.receive(1))
            {
                server.serve(1);
            }
        }
    }
}
