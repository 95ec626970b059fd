/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The gateway and the engine, each in a JVM of its own.
 */
@Timeout(600)
class OrdersIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Orders are filled, the risk check refuses a wrong one, and latencies are reported")
    void shouldFillOrders() throws IOException
    {
        final Path journal = directory.resolve("journal");
        try (ExampleJvm engine = ExampleJvm.start(directory, MatchingEngine.class, journal);
            ExampleJvm gateway = ExampleJvm.start(directory, Gateway.class, 1000, 1000))
        {
            final List<String> lines = gateway.linesToEnd();
            assertThat(lines).contains("order 500 refused: quantity 100000 is over 1000");
            // A machine that stalls lets orders pile up: then more than the slips are refused, and some stay open.
            final long acceptedCount = count(lines, " filled") + count(lines, " open");
            assertThat(count(lines, " filled")).as("filled, in %s", lines).isPositive();
            assertThat(acceptedCount + count(lines, " refused"))
                .as("each order and two slips, in %s", lines).isEqualTo(1002);
            assertThat(lines).last().asString().startsWith("acknowledged after p50 ")
                .endsWith(" (" + acceptedCount + " orders)");
            assertThat(journal(journal)).hasSize((int)acceptedCount);

            engine.signal("TERM");
            assertThat(engine.linesToExit(143)).startsWith("matching");
        }
    }

    @Test
    @DisplayName("After a kill -9 of the engine, the report of each open order agrees with the engine's journal")
    void shouldTellWhichOrdersMayHaveBeenSeen() throws IOException
    {
        final Path journal = directory.resolve("journal");
        try (ExampleJvm engine = ExampleJvm.start(directory, MatchingEngine.class, journal);
            ExampleJvm gateway = ExampleJvm.start(directory, Gateway.class, 1_000_000, 2000))
        {
            // Stopped, it lets orders pile up that it will never see, until the risk check allows no more of them.
            gateway.awaitLine("connected");
            gateway.awaitLine("order 500 refused: quantity 100000");
            while (journal(journal).isEmpty())
            {
                LockSupport.parkNanos(1_000_000);
            }
            engine.signal("STOP");
            final long lastSeen = journal(journal).stream().mapToLong(Long::longValue).max().orElseThrow();
            gateway.awaitLine(line -> line.contains("refused: " + RiskCheck.MAX_OPEN_ORDERS + " orders are open") &&
                number(line) > lastSeen + RiskCheck.MAX_OPEN_ORDERS);
            engine.kill();

            final List<String> lines = gateway.linesToEnd();
            assertThat(lines).contains("the engine is gone");
            final Set<Long> notSeen = orders(lines, OpenOrder.State.NOT_SEEN);
            final Set<Long> mayBeSeen = orders(lines, OpenOrder.State.MAY_BE_SEEN);
            final Set<Long> accepted = orders(lines, OpenOrder.State.ACCEPTED);
            final Set<Long> journaled = journal(journal);
            assertThat(notSeen).isNotEmpty().doesNotContainAnyElementsOf(journaled);
            assertThat(journaled).containsAll(accepted);
            assertThat(orders(lines, OpenOrder.State.SENT)).as("orders that have no outcome").isEmpty();
            assertThat(notSeen.size() + mayBeSeen.size() + accepted.size()).isEqualTo((int)count(lines, " open"))
                .isEqualTo(RiskCheck.MAX_OPEN_ORDERS);
            // Each order in the journal was filled, or is reported as accepted or as possibly seen.
            journaled.removeAll(accepted);
            journaled.removeAll(mayBeSeen);
            assertThat(journaled).hasSize((int)count(lines, " filled"));
        }
    }

    @Test
    @DisplayName("An engine dies with orders received and not answered: they are reported as possibly seen")
    void shouldTellOrdersThatWereReceived()
    {
        try (ExampleJvm engine = ExampleJvm.start(directory, HaltingEngine.class);
            ExampleJvm gateway = ExampleJvm.start(directory, Gateway.class, 1_000_000, 2000))
        {
            final List<String> lines = gateway.linesToEnd();
            assertThat(engine.linesToExit(HaltingEngine.EXIT_CODE)).isEmpty();
            assertThat(orders(lines, OpenOrder.State.ACCEPTED)).containsExactly(1L);
            assertThat(orders(lines, OpenOrder.State.MAY_BE_SEEN)).containsExactlyInAnyOrder(2L, 3L);
            assertThat(orders(lines, OpenOrder.State.NOT_SEEN)).doesNotContain(1L, 2L, 3L);
        }
    }

    @Test
    @DisplayName("When a gateway is killed, the engine cancels its open orders and serves the next one")
    void shouldCancelTheOrdersOfADeadGateway()
    {
        try (ExampleJvm engine = ExampleJvm.start(directory, MatchingEngine.class))
        {
            // One order, a buy without a seller: the gateway waits for its fill.
            try (ExampleJvm gateway = ExampleJvm.start(directory, Gateway.class, 1, 2000))
            {
                gateway.awaitLine("connected");
                assertThat(gateway.linesToEnd()).contains("order 1: accepted and open");
            }
            engine.awaitLine("order 1 cancelled, its gateway is gone");
        }
    }

    private static long count(final List<String> lines, final String what)
    {
        final String summary = lines.stream().filter(line -> line.contains(" filled, ")).findFirst().orElseThrow();
        for (final String part : summary.split(", "))
        {
            if (part.contains(what))
            {
                return Long.parseLong(part.substring(0, part.indexOf(' ')));
            }
        }
        throw new AssertionError(what + " is not in " + summary);
    }

    private static Set<Long> orders(final List<String> lines, final OpenOrder.State state)
    {
        return lines.stream()
            .filter(line -> line.startsWith("order ") && line.endsWith(": " + state.text))
            .map(OrdersIT::number)
            .collect(Collectors.toSet());
    }

    private static long number(final String line)
    {
        return Long.parseLong(line.split("[ :]")[1]);
    }

    private static Set<Long> journal(final Path file) throws IOException
    {
        return Files.readAllLines(file).stream().map(Long::valueOf).collect(Collectors.toSet());
    }
}
