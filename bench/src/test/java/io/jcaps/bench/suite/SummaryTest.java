/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary.Metric;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class SummaryTest
{
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);
    private static final Cell FLOOR = Cell.roundTrip("floor", 32);

    @Test
    void shouldTakeMediansAndSpreadOverRounds()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addTimes(OWN, 1, 100)
            .addTimes(OWN, 2, 900)
            .addTimes(OWN, 3, 110)
            .build());

        final Summary.Spread spread = summary.row(OWN).orElseThrow().spread(Metric.P50);

        assertThat(spread.min()).isEqualTo(100);
        assertThat(spread.median()).isEqualTo(110);
        assertThat(spread.max()).isEqualTo(900);
    }

    @Test
    void shouldTakeTheMiddleOfAnEvenNumberOfRounds()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addRate(OWN, 1, 10).addRate(OWN, 2, 40).addRate(OWN, 3, 20).addRate(OWN, 4, 30).build());

        assertThat(summary.row(OWN).orElseThrow().median(Metric.REPLIES_PER_SECOND)).isEqualTo(25);
    }

    @Test
    void shouldTellPercentilesApart()
    {
        final long[] times = new long[1000];
        for (int i = 0; i < times.length; i++)
        {
            times[i] = i + 1;
        }

        final Summary.Row row =
            new Summary(new SyntheticResults().addTimes(OWN, 1, times).build()).row(OWN).orElseThrow();

        assertThat(row.median(Metric.P50)).isEqualTo(500);
        assertThat(row.median(Metric.P90)).isEqualTo(900);
        assertThat(row.median(Metric.P99)).isEqualTo(990);
        assertThat(row.median(Metric.P99_9)).isEqualTo(999);
        assertThat(row.median(Metric.MAX)).isEqualTo(1000);
        assertThat(row.median(Metric.FAIRNESS)).isNaN();
    }

    @Test
    void shouldCompareWithinRounds()
    {
        // The machine is ten times slower in the second round: for both.
        final Summary summary = new Summary(new SyntheticResults()
            .addTimes(OWN, 1, 120).addTimes(FLOOR, 1, 100)
            .addTimes(OWN, 2, 1300).addTimes(FLOOR, 2, 1000)
            .addTimes(OWN, 3, 110).addTimes(FLOOR, 3, 100)
            .build());

        assertThat(summary.ratio(OWN, FLOOR, Metric.P50).orElseThrow()).isCloseTo(1.2, within(1e-9));
    }

    @Test
    void shouldCompareOnlyRoundsInWhichBothWereMeasured()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addTimes(OWN, 1, 300).addFailure(FLOOR, 1, "no")
            .addTimes(OWN, 2, 100).addTimes(FLOOR, 2, 50)
            .addFailure(OWN, 3, "no").addTimes(FLOOR, 3, 1)
            .build());

        assertThat(summary.ratio(OWN, FLOOR, Metric.P50)).hasValue(2);
        assertThat(summary.ratio(OWN, Cell.roundTrip("tcp", 32), Metric.P50)).isEmpty();
        assertThat(summary.ratio(OWN, FLOOR, Metric.FAIRNESS)).isEmpty();
    }

    @Test
    void shouldNotCountRoundsThatFailed()
    {
        final Cell cell = OWN.openLoop(1000);
        final CellResult missed = new CellResult(cell, 1, 5, 1000,
            new SyntheticResults().addTimes(cell, 1, 77_000).build().cells().get(0).histogram(), null, 0, 0, "missed");
        final Summary summary = new Summary(
            new SyntheticResults().add(missed).addTimes(cell, 2, 100).build());

        final Summary.Row row = summary.row(cell).orElseThrow();

        assertThat(row.median(Metric.P50)).isEqualTo(100);
        assertThat(row.roundCount()).isEqualTo(2);
        assertThat(row.failedCount()).isEqualTo(1);
        assertThat(row.failure()).isEqualTo("missed");
        assertThat(row.isFailed()).isFalse();
        assertThat(row.hasRun()).isTrue();
        assertThat(summary.merged(cell).orElseThrow().getTotalCount()).isEqualTo(1);
    }

    @Test
    void shouldKeepARowThatFailedInAllRounds()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addFailure(FLOOR, 1, "why").addFailure(FLOOR, 2, "why").build());

        final Summary.Row row = summary.row(FLOOR).orElseThrow();

        assertThat(row.isFailed()).isTrue();
        assertThat(row.hasRun()).isFalse();
        assertThat(row.failure()).isEqualTo("why");
        assertThat(row.median(Metric.P50)).isNaN();
        assertThat(summary.merged(FLOOR)).isEmpty();
    }

    @Test
    void shouldGroupContendersThatWereMeasuredAlike()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addTimes(FLOOR, 1, 1)
            .addTimes(OWN.pipelined(8), 1, 1)
            .addTimes(OWN, 1, 1)
            .build());

        assertThat(summary.groups()).containsExactly(Summary.group(OWN), Summary.group(OWN.pipelined(8)));
        assertThat(summary.rows(Summary.group(OWN))).extracting(Summary.Row::contender)
            .containsExactly("floor", "jcaps");
    }

    @Test
    void shouldMergeTheTimesOfAllRounds()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addTimes(OWN, 1, 10, 20).addTimes(OWN, 2, 30).build());

        assertThat(summary.merged(OWN).orElseThrow().getTotalCount()).isEqualTo(3);
        assertThat(summary.merged(OWN).orElseThrow().getMaxValue()).isEqualTo(30);
    }

    @Test
    void shouldTellHowFairACrowdWasServed()
    {
        final Cell cell = OWN.crowd(3);
        final Summary summary = new Summary(new SyntheticResults()
            .add(new CellResult(cell, 1, 30, 1000, null, new long[]{10, 8, 9}, 0, 0, null)).build());

        assertThat(summary.row(cell).orElseThrow().median(Metric.FAIRNESS)).isEqualTo(0.8);
    }
}
