/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.SyntheticResults;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import static org.assertj.core.api.Assertions.assertThat;

class TerminalTableTest
{
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);

    @Test
    void shouldShowEachContenderWithItsRatios()
    {
        final String text = print(new SyntheticResults()
            .addProbed(Cell.roundTrip("floor", 32), 1, 100, 100).addProbed(OWN, 1, 100, 125).build());

        assertThat(text).containsPattern("32 B +p50 +least +most +by 100 +p99 +p99.9 +p99.99 +max +x floor +x jcaps\n");
        assertThat(text).containsPattern("floor +100 ns .* 1.00 +0.80\n");
        assertThat(text).containsPattern("jcaps +125 ns .* 1.25 +1.00\n");
    }

    @Test
    void shouldKeepRowsThatFailed()
    {
        final String text = print(new SyntheticResults()
            .addTimes(OWN, 1, 100).addFailure(OWN, 2, "was ended").addFailure(Cell.roundTrip("tcp", 32), 1, "no port")
            .build());

        assertThat(text).containsPattern("tcp +no result: no port\n");
        assertThat(text).contains("! jcaps: 1 of 2 rounds do not count: was ended");
    }

    @Test
    void shouldFitATerminalWhateverIsMeasured()
    {
        final String text = print(SyntheticResults.full());

        assertThat(text).isASCII();
        assertThat(text.lines()).allSatisfy((line) -> assertThat(line).hasSizeLessThanOrEqualTo(120));
        assertThat(text).contains("One request in flight, payload prebuilt", "payload filled and summed",
            "Many requests in flight", "Open loop", "both sides sleep", "One of many clients talks",
            "All of many clients talk", "Goals", "failed: missed its rate");
    }

    @Test
    void shouldCutLongReasons()
    {
        final String text = print(new SyntheticResults().addFailure(OWN, 1, "long ".repeat(100)).build());

        assertThat(text.lines()).allSatisfy((line) -> assertThat(line).hasSizeLessThanOrEqualTo(120));
        assertThat(text).containsPattern("no result: long .*\\.\\.\\.\n");
    }

    private static String print(final Results results)
    {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        TerminalTable.print(new Summary(results), out);
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
