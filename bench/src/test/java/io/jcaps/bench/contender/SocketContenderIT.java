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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(600)
@Tag("full")
class SocketContenderIT
{
    private static final long TIME_NS = 50_000_000;
    /** Longer: its threads share two cores with all else, and each must get a reply in the time. */
    private static final long CROWD_TIME_NS = 400_000_000;
    private static final long RATE_PER_SECOND = 200;

    @ParameterizedTest
    @CsvSource({
        "unix-socket, SPIN, 32, PREBUILT",
        "unix-socket, YIELD, 4096, FILLED",
        "unix-socket, SPIN, 131072, PREBUILT",
        "unix-socket, BLOCK, 32, FILLED",
        "unix-socket, BLOCK, 131072, FILLED",
        "tcp, SPIN, 32, FILLED",
        "tcp, YIELD, 4096, PREBUILT",
        "tcp, SPIN, 131072, FILLED",
        "tcp, BLOCK, 32, PREBUILT",
        "tcp, BLOCK, 131072, PREBUILT"})
    void shouldAnswerOneAtATime(
        final String name, final Waiting waiting, final int length, final PayloadKind payload)
    {
        shouldMeasure(Cell.roundTrip(name, length).waiting(waiting).payload(payload), TIME_NS);
    }

    @ParameterizedTest
    @CsvSource({
        "unix-socket, SPIN, 32, 64",
        "unix-socket, YIELD, 131072, 128",
        "unix-socket, BLOCK, 32, 128",
        "unix-socket, BLOCK, 131072, 128",
        "tcp, SPIN, 32, 64",
        "tcp, YIELD, 131072, 128",
        "tcp, BLOCK, 32, 128",
        "tcp, BLOCK, 131072, 128"})
    void shouldNotHangWhenBothEndsHaveMuchToWrite(
        final String name, final Waiting waiting, final int length, final int window)
    {
        shouldMeasure(
            Cell.roundTrip(name, length).waiting(waiting).payload(PayloadKind.FILLED).pipelined(window), TIME_NS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix-socket", "tcp"})
    void shouldAnswerAtRate(final String name)
    {
        final Cell cell = Cell.roundTrip(name, 32).waiting(Waiting.YIELD).openLoop(RATE_PER_SECOND);

        final CellResult result = CellRunner.run(cell.times(TIME_NS, TIME_NS), 1);

        // A busy machine may be late to send; nothing else may go wrong.
        assertThat(result.failure()).satisfiesAnyOf(
            (failure) -> assertThat(failure).isNull(),
            (failure) -> assertThat(failure).startsWith("missed its rate"));
        assertThat(result.measuredCount()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix-socket", "tcp"})
    void shouldAnswerOneOfMany(final String name)
    {
        shouldMeasure(Cell.roundTrip(name, 32).clientCount(128), TIME_NS);
        shouldMeasure(Cell.roundTrip(name, 131072).clientCount(8).payload(PayloadKind.FILLED).pipelined(128), TIME_NS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix-socket", "tcp"})
    void shouldAnswerMany(final String name)
    {
        final CellResult result = shouldMeasure(Cell.roundTrip(name, 4096).crowd(3), CROWD_TIME_NS);

        assertThat(result.countByClient()).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix-socket", "tcp"})
    void shouldSayWhatItDoesNotDo(final String name)
    {
        final Contender contender = Contenders.byName(name);
        final Cell cell = Cell.roundTrip(name, 32);

        assertThat(contender.refusal(cell.waiting(Waiting.BLOCK).clientCount(2))).contains("one connection");
        assertThat(contender.refusal(cell.waiting(Waiting.BLOCK))).isNull();
        assertThat(contender.refusal(cell.clientCount(2))).isNull();
    }

    private static CellResult shouldMeasure(final Cell cell, final long timeNs)
    {
        final CellResult result = CellRunner.run(cell.times(timeNs, timeNs), 1);

        assertThat(result.failure()).isNull();
        assertThat(result.measuredCount()).isPositive();
        return result;
    }
}
