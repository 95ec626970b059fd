/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * That what is measured is what is meant: each run throws if a message is lost, changed, or not disposed of.
 */
@Timeout(120)
class RoundTripIT
{
    private static final int WARM_UP_COUNT = 1_500;
    private static final int MESSAGE_COUNT = 2_000;

    @ParameterizedTest
    @CsvSource({
        "0, false, SPIN, true",
        "5, true, SPIN, true",
        "32, false, SPIN, true",
        "32, true, GET, true",
        "33, false, BLOCK, true",
        "1024, true, BLOCK, false",
        "65536, true, SPIN, true",
        "131072, false, SPIN, false",
        "131072, true, BLOCK, true",
    })
    void shouldCountEachRoundTrip(
        final int length, final boolean inPlace, final WaitMode waitMode, final boolean singleThreaded)
    {
        final Histogram histogram = RoundTripLatency.run(
            options().length(length).inPlace(inPlace).waitMode(waitMode).singleThreaded(singleThreaded));

        assertThat(histogram.getTotalCount()).isEqualTo(MESSAGE_COUNT);
        assertThat(histogram.getMinValue()).isPositive();
    }

    @Test
    void shouldMeasureFloorAndTransportInTurn()
    {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final Rounds rounds = Rounds.run(2, options(), new PrintStream(out, true, StandardCharsets.UTF_8));

        assertThat(rounds.count()).isEqualTo(2);
        assertThat(rounds.floor(50)).isPositive();
        assertThat(rounds.transport(50)).isPositive();
        assertThat(rounds.ratio(50)).isPositive();
        assertThat(out.toString(StandardCharsets.UTF_8).lines().map((line) -> line.split(" +")[0])).containsExactly(
            "ns", "floor", "transport", "floor", "transport");
    }

    @ParameterizedTest
    @CsvSource({"1", "8", "128"})
    void shouldKeepAWindowInFlight(final int window)
    {
        assertThat(PipelinedThroughput.run(options(), window)).isPositive();
    }

    private static RoundTripOptions options()
    {
        return new RoundTripOptions().warmUpCount(WARM_UP_COUNT).messageCount(MESSAGE_COUNT);
    }
}
