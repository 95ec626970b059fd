/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(600)
@Tag("full")
class ChronicleQueueContenderIT
{
    private static final String NAME = "chronicle-queue";
    private static final long TIME_NS = 50_000_000;
    /** Longer: its threads share two cores with all else, and each must get a reply in the time. */
    private static final long CROWD_TIME_NS = 400_000_000;
    private static final long RATE_PER_SECOND = 200;
    private static final long CHILD_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);

    /** Both ends, for more messages than three files hold; tells which files it has seen, and how many at once. */
    static final class ManyFiles
    {
        private static final int LENGTH = 131_072;
        private static final int MESSAGE_COUNT = 3 * 1024 + 100;

        private ManyFiles()
        {
        }

        public static void main(final String[] args) throws Exception
        {
            System.out.println(ChildJvm.READY);
            final Cell cell = Cell.roundTrip(NAME, LENGTH).payload(PayloadKind.FILLED);
            final ChronicleQueueContender contender = new ChronicleQueueContender();
            final Set<String> seen = new TreeSet<>();
            int mostAtOnce = 0;
            try (EchoServer server = contender.serve(cell, Path.of(args[0]));
                EchoClient client = contender.connect(cell, Path.of(args[0])).get(0))
            {
                for (int number = 1; number <= MESSAGE_COUNT; number++)
                {
                    client.send(number);
                    while (0 == server.serve(1))
                    {
                        Thread.onSpinWait();
                    }
                    while (0 == client.receive(1))
                    {
                        Thread.onSpinWait();
                    }
                    final List<String> files = files(Path.of(args[0]).resolve("requests"));
                    seen.addAll(files);
                    mostAtOnce = Math.max(mostAtOnce, files.size());
                }
                final Tally tally = server.end();
                System.out.println(seen.size() + " " + mostAtOnce + " " +
                    (MESSAGE_COUNT == tally.requestCount() && 0 == tally.corruptCount()));
            }
        }

        private static List<String> files(final Path directory)
        {
            return Arrays.stream(directory.toFile().list()).filter((name) -> name.endsWith(".cq4")).toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"SPIN, 32, PREBUILT", "YIELD, 4096, FILLED", "SPIN, 131072, PREBUILT", "YIELD, 131072, FILLED"})
    void shouldAnswerOneAtATime(final Waiting waiting, final int length, final PayloadKind payload)
    {
        shouldMeasure(Cell.roundTrip(NAME, length).waiting(waiting).payload(payload), TIME_NS);
    }

    @ParameterizedTest
    @CsvSource({"32, 64", "131072, 128"})
    void shouldAnswerWindow(final int length, final int window)
    {
        shouldMeasure(Cell.roundTrip(NAME, length).payload(PayloadKind.FILLED).pipelined(window), TIME_NS);
    }

    @Test
    void shouldAnswerAtRate()
    {
        final Cell cell = Cell.roundTrip(NAME, 32).waiting(Waiting.YIELD).openLoop(RATE_PER_SECOND);

        final CellResult result = CellRunner.run(cell.times(TIME_NS, TIME_NS), 1);

        // A busy machine may be late to send; nothing else may go wrong.
        assertThat(result.failure()).satisfiesAnyOf(
            (failure) -> assertThat(failure).isNull(),
            (failure) -> assertThat(failure).startsWith("missed its rate"));
        assertThat(result.measuredCount()).isPositive();
    }

    @Test
    void shouldAnswerOneOfMany()
    {
        shouldMeasure(Cell.roundTrip(NAME, 32).clientCount(32), TIME_NS);
    }

    @Test
    void shouldAnswerMany()
    {
        final CellResult result = shouldMeasure(Cell.roundTrip(NAME, 4096).crowd(3), CROWD_TIME_NS);

        assertThat(result.countByClient()).hasSize(3);
    }

    @Test
    void shouldKeepFewFiles()
    {
        try (MemoryDirectory directory = new MemoryDirectory();
            ChildJvm child = ChildJvm.start(
                ManyFiles.class, new ChronicleQueueContender().jvmArguments(), List.of(directory.path().toString())))
        {
            final String[] told = child.awaitLine(CHILD_TIMEOUT_NS).split(" ");

            assertThat(Integer.parseInt(told[0])).as("files seen").isGreaterThanOrEqualTo(4);
            assertThat(Integer.parseInt(told[1])).as("most files at once").isLessThanOrEqualTo(4);
            assertThat(told[2]).as("all answered, all whole").isEqualTo("true");
        }
    }

    @Test
    void shouldSayWhatItDoesNotDo()
    {
        final ChronicleQueueContender contender = new ChronicleQueueContender();

        assertThat(contender.refusal(Cell.roundTrip(NAME, 32))).isNull();
        assertThat(contender.refusal(Cell.roundTrip(NAME, 32).waiting(Waiting.BLOCK))).contains("poll");
    }

    private static CellResult shouldMeasure(final Cell cell, final long timeNs)
    {
        final CellResult result = CellRunner.run(cell.times(timeNs, timeNs), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
        return result;
    }
}
