/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.Tally;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Aeron's IPC, between two JVMs.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("full")
class AeronContenderIT
{
    @ParameterizedTest
    @MethodSource("cells")
    void shouldEchoWholeMessages(final Cell cell)
    {
        EchoCells.assertEchoes(cell);
    }

    static List<Cell> cells()
    {
        // One datagram, several, the longest claim, and what is only offered. The kinds of publications differ in their
        // claims; the invokers in who runs the driver.
        return Stream.of(
            EchoCells.of("aeron-exclusive", 32, 4096, 61_440, 131_072, Cell.MAX_LENGTH),
            EchoCells.of("aeron-shared", 32, 61_440, Cell.MAX_LENGTH),
            EchoCells.of("aeron-exclusive-invoker", 32),
            EchoCells.of("aeron-shared-invoker", 32)).flatMap(List::stream).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSayWhyItDoesNotBlock(final boolean isExclusive)
    {
        EchoCells.assertDoesNotBlock(new AeronContender(isExclusive, false).name());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTellClientsApart(final boolean isExclusive)
    {
        final AeronContender contender = new AeronContender(isExclusive, false);
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
        final AeronContender contender = new AeronContender(true, false);
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
