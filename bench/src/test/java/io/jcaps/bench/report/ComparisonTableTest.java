/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.SyntheticResults;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

class ComparisonTableTest
{
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);

    @Test
    void shouldShowRatiosWithTheirSpreadAndByTheFloorOfEach()
    {
        final String text = print(
            new SyntheticResults().addProbed(OWN, 1, 100, 120).addProbed(OWN, 2, 100, 130).addProbed(OWN, 3, 100, 140),
            // The machine is twice as slow, the transport is not.
            new SyntheticResults().addProbed(OWN, 1, 200, 240).addProbed(OWN, 2, 200, 260).addProbed(OWN, 3, 200, 280));

        assertThat(text).containsPattern("32 B +A +B +B/A +least +most +by floor\n");
        assertThat(text).containsPattern("jcaps +130 ns +260 ns +2.00 +1.71 +2.33 +1.00\n");
    }

    @Test
    void shouldCompareRatesOfWindows()
    {
        final String text = print(
            new SyntheticResults().addRate(OWN.pipelined(64), 1, 1_000_000),
            new SyntheticResults().addRate(OWN.pipelined(64), 1, 1_500_000));

        assertThat(text).containsPattern("window 64, 32 B +A +B");
        assertThat(text).containsPattern("jcaps +1.00 M/s +1.50 M/s +1.50 +1.50 +1.50 +-\n");
    }

    @Test
    void shouldSayThatNothingIsCommon()
    {
        final String text = print(new SyntheticResults().addTimes(OWN, 1, 100).addTimes(OWN.clientCount(8), 1, 100),
            new SyntheticResults().addFailure(OWN, 1, "no").addTimes(OWN.pipelined(8), 1, 100));

        assertThat(text).contains("There is no cell that both runs measured");
    }

    private static String print(final SyntheticResults one, final SyntheticResults other)
    {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ComparisonTable.print(new Summary(one.build()), new Summary(other.build()),
            new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
