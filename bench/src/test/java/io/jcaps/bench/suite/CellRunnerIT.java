/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Tuning;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.contender.Contenders;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(600)
class CellRunnerIT
{
    private static final long TIME_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final Cell OWN = Cell.roundTrip("jcaps", 32).times(TIME_NS, TIME_NS);

    @TempDir
    Path directory;

    static List<Cell> cells()
    {
        return List.of(
            OWN.contender("floor"),
            OWN,
            OWN.payload(PayloadKind.FILLED),
            Cell.roundTrip("jcaps", 131_072).times(TIME_NS, TIME_NS),
            OWN.waiting(Waiting.BLOCK),
            OWN.clientCount(16),
            OWN.crowd(3).times(TIME_NS, TimeUnit.SECONDS.toNanos(1)),
            OWN.pipelined(64),
            OWN.tuning(new Tuning(false, true, true)));
    }

    static List<Cell> streams()
    {
        return List.of("jcaps", "jcaps-batch", "aeron-exclusive", "agrona-rings", "unix-socket").stream()
            .map((name) -> OWN.contender(name).stream()).toList();
    }

    @DisplayName("a stream is counted and verified message by message, whichever of them are answered")
    @ParameterizedTest
    @Tag("full")
    @MethodSource("streams")
    void shouldStream(final Cell cell)
    {
        final CellResult result = CellRunner.run(cell, 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
        assertThat(result.histogram()).isNull();
    }

    @DisplayName("a load is a share of the contender's own capacity; a missed rate is reported")
    @Test
    @Tag("full")
    void shouldMeasureUnderLoad()
    {
        final CellResult result = CellRunner.run(OWN.load(20), 1);

        assertThat(result.loadPerSecond()).isPositive();
        if (null == result.failure())
        {
            assertThat(Histograms.decode(result.histogram()).getTotalCount()).isEqualTo(result.measuredCount());
        }
        else
        {
            assertThat(result.failure()).contains("missed its rate");
        }
    }

    @DisplayName("CPU time of both sides is measured; two sides that spin keep two CPUs busy when idle, sleepers none")
    @Test
    @Tag("full")
    void shouldMeasureCpuTime()
    {
        final CpuUse spinning = CellRunner.run(OWN, 1).cpu();
        final CpuUse sleeping = CellRunner.run(OWN.waiting(Waiting.BLOCK), 1).cpu();

        assertThat(spinning.clientNs()).isPositive();
        assertThat(spinning.serverNs()).isPositive();
        assertThat(spinning.helperNs()).isNotNegative();
        assertThat(sleeping.idleCpus()).as("asleep").isLessThan(spinning.idleCpus());
    }

    @ParameterizedTest
    @Tag("full")
    @MethodSource("cells")
    void shouldMeasure(final Cell cell)
    {
        final CellResult result = CellRunner.run(cell, 3);

        assertThat(result.failure()).isNull();
        assertThat(result.cell()).isEqualTo(cell);
        assertThat(result.round()).isEqualTo(3);
        assertThat(result.measuredCount()).isPositive();
        assertThat(result.repliesPerSecond()).isPositive();
        assertThat(result.probes()).as("before, in the middle, after").hasSize(3);
        if (null != result.histogram())
        {
            assertThat(Histograms.decode(result.histogram()).getTotalCount()).isEqualTo(result.measuredCount());
        }
        if (null != result.countByClient())
        {
            assertThat(result.countByClient()).hasSize(cell.clientCount());
            assertThat(LongStream.of(result.countByClient()).sum()).isEqualTo(result.measuredCount());
        }
    }

    @Test
    void shouldEndWhenItHasAsManyRepliesAsWereAsked()
    {
        final CellResult result = CellRunner.run(OWN.times(TIME_NS, TimeUnit.MINUTES.toNanos(2)).replyLimit(1_234), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isEqualTo(1_234);
    }

    @Test
    @Tag("full")
    void shouldSendAsManyRequestsAsTheRateSays()
    {
        final CellResult result = CellRunner.run(OWN.times(TIME_NS, 10 * TIME_NS).openLoop(100), 1);

        // A busy machine sends them too late, or gives up, and must say so.
        if (null != result.failure())
        {
            assertThat(result.failure()).contains("missed its rate").contains("of 100/s");
        }
        assertThat(result.measuredCount()).isBetween(null == result.failure() ? 50L : 1L, 50L);
        assertThat(Histograms.decode(result.histogram()).getTotalCount()).isEqualTo(result.measuredCount());
    }

    @Test
    @Tag("full")
    void shouldFailWhenARateIsMissed()
    {
        final CellResult result = CellRunner.run(OWN.openLoop(1_000_000_000), 1);

        assertThat(result.failure()).contains("missed its rate").contains("1,000,000,000/s");
        assertThat(result.measuredCount()).isPositive();
    }

    @Test
    void shouldTellARefusalWithoutStartingAnything()
    {
        assertThat(CellRunner.run(OWN.contender("floor").pipelined(8), 1).failure()).isEqualTo(
            Contenders.byName("floor").refusal(OWN.contender("floor").pipelined(8)));
    }

    @Test
    void shouldTellWhyAContenderDoesNotStart()
    {
        final CellResult result = CellRunner.run(OWN.contender("floor"), 1, directory.resolve("missing"));

        assertThat(result.failure()).contains("missing");
        assertThat(result.measuredCount()).isZero();
        assertThat(result.clientAllocatedPerReply()).isNaN();
    }

    @Test
    void shouldRefuseMoreThanTheTransportTakes()
    {
        assertThat(CellRunner.run(OWN.pipelined(129), 1).failure()).contains("at most 128 messages");
        assertThat(CellRunner.run(Cell.roundTrip("jcaps", 131_073), 1).failure()).contains("at most 131072 bytes");
    }

    @Test
    @Tag("full")
    void shouldWarmUpUntilTheCodeIsCompiledButNotForEver()
    {
        final CellResult result = CellRunner.run(OWN.times(1_000_000_000, TIME_NS), 1);

        assertThat(result.failure()).isNull();
        // A machine that is busy for ten seconds gives fewer, and then no number.
        assertThat(null == result.obstacle()).isEqualTo(
            result.warmUpCount() >= 20_000 && result.measuredCount() >= 1_000);
    }

    @Test
    void shouldTellThatAJvmDoesNotStart()
    {
        assertThat(CellRunner.run(OWN, 1, List.of("-Xmx1k")).failure()).contains("did not get ready");
    }

    @Test
    void shouldNoticePayloadThatIsNotWhatWasSent() throws Exception
    {
        // The two sides mean different payloads: to each, the other's are damaged.
        final Cell other = OWN.payload(PayloadKind.FILLED);
        try (ChildJvm server = CellRunner.startServer(OWN, directory, List.of());
            EchoClient client = Contenders.byName("jcaps").connect(other, directory).get(0))
        {
            assertThat(client.send(1)).isTrue();
            assertThatThrownBy(() -> awaitReply(client)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not the reply to message 1");
            client.close();
            assertThatThrownBy(() -> CellRunner.endServer(server, 1)).hasMessageContaining("corruptCount=1");
        }
    }

    @Test
    void shouldNoticeALostMessage() throws Exception
    {
        try (ChildJvm server = CellRunner.startServer(OWN, directory, List.of()))
        {
            final EchoClient client = Contenders.byName("jcaps").connect(OWN, directory).get(0);
            client.send(1);
            awaitReply(client);
            client.close();

            assertThatThrownBy(() -> CellRunner.endServer(server, 2))
                .hasMessageContaining("the client sent 2").hasMessageContaining("requestCount=1");
        }
    }

    @Test
    void shouldAcceptWhatBothSidesCountAlike() throws Exception
    {
        try (ChildJvm server = CellRunner.startServer(OWN, directory, List.of()))
        {
            final EchoClient client = Contenders.byName("jcaps").connect(OWN, directory).get(0);
            client.send(1);
            awaitReply(client);
            client.close();

            CellRunner.endServer(server, 1);
        }
    }

    private static void awaitReply(final EchoClient client)
    {
        while (0 == client.receive(1))
        {
            Thread.onSpinWait();
        }
    }
}
