/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary.Metric;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.Stream;

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
    void shouldGiveAPercentileOnlyFromTenTimesTheSamplesThatItNeeds()
    {
        final Metric[] metrics = {Metric.P50, Metric.P99, Metric.P99_9, Metric.P99_99, Metric.MAX};
        assertThat(givenOf(999)).isEmpty();
        assertThat(givenOf(1_000)).containsExactly(Metric.P50, Metric.P99, Metric.MAX);
        assertThat(givenOf(9_999)).containsExactly(Metric.P50, Metric.P99, Metric.MAX);
        assertThat(givenOf(10_000)).containsExactly(Metric.P50, Metric.P99, Metric.P99_9, Metric.MAX);
        assertThat(givenOf(100_000)).containsExactly(metrics);
    }

    @Test
    void shouldSayWhyFewSamplesOrAShortWarmUpGiveNoNumber()
    {
        final CellResult few = timed(999, CellResult.LEAST_WARM_UP_COUNT);
        final CellResult cold = timed(1_000, CellResult.LEAST_WARM_UP_COUNT - 1);

        final Summary.Row fewRow = new Summary(new SyntheticResults().add(few).build()).row(OWN).orElseThrow();
        assertThat(fewRow.isFailed()).isTrue();
        assertThat(fewRow.failure()).contains("999 of at least 1000");
        final Summary.Row coldRow = new Summary(new SyntheticResults().add(cold).build()).row(OWN).orElseThrow();
        assertThat(coldRow.isFailed()).isTrue();
        assertThat(coldRow.failure()).contains("warm-up: 19999 of at least 20000");
    }

    @Test
    void shouldTakeTheLongestTimeOfAllRoundsForTheMaximum()
    {
        final Summary.Row row = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 100, 130).addProbed(OWN, 2, 100, 140).addProbed(OWN, 3, 400, 9_000).build())
            .row(OWN).orElseThrow();

        assertThat(row.max()).as("in another state, and yet the maximum").isBetween(8_990.0, 9_010.0);
    }

    @Test
    void shouldGiveAMedianThatIsFinerThanTheClock()
    {
        final Histogram batches = Histograms.create();
        batches.recordValueWithCount(13_710, 1_000);
        final CellResult single = timed(1_000, CellResult.LEAST_WARM_UP_COUNT);
        final CellResult result = new CellResult(OWN, 1, single.warmUpCount(), 1_000, 1_000, single.histogram(),
            Histograms.encode(batches), null, 0, 0, List.of(), CpuUse.NONE, Double.NaN, 1, null);

        final double ns = new Summary(new SyntheticResults().add(result).build()).row(OWN).orElseThrow()
            .median(Metric.P50_BATCH);

        assertThat(ns).isCloseTo(137.1, within(0.2));
    }

    private static List<Metric> givenOf(final int sampleCount)
    {
        final Summary.Row row = new Summary(new SyntheticResults()
            .add(timed(sampleCount, CellResult.LEAST_WARM_UP_COUNT)).build()).row(OWN).orElseThrow();
        return Stream.of(Metric.P50, Metric.P99, Metric.P99_9, Metric.P99_99, Metric.MAX)
            .filter((metric) -> !Double.isNaN(row.median(metric))).toList();
    }

    private static CellResult timed(final int sampleCount, final int warmUpCount)
    {
        final Histogram histogram = Histograms.create();
        histogram.recordValueWithCount(100, sampleCount);
        return new CellResult(OWN, 1, warmUpCount, sampleCount, 1_000, Histograms.encode(histogram), null, null, 0, 0,
            List.of(), CpuUse.NONE, Double.NaN, 1, null);
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
    void shouldCompareOnlyCellsInTheSameStateOfTheMachine()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 100, 130).addProbed(FLOOR, 1, 100, 100)
            // The machine changed between the two.
            .addProbed(OWN, 2, 400, 520).addProbed(FLOOR, 2, 100, 100)
            .addProbed(OWN, 3, 105, 130).addProbed(FLOOR, 3, 100, 100)
            // And here within a cell.
            .add(SyntheticResults.probed(new SyntheticResults().addTimes(OWN, 4, 900).build().cells().get(0), 100, 500))
            .addProbed(FLOOR, 4, 100, 100)
            .build());

        assertThat(summary.ratio(OWN, FLOOR, Metric.P50).orElseThrow()).isCloseTo(1.3, within(1e-9));
        assertThat(summary.ratios(OWN, FLOOR, Metric.P50).max()).isCloseTo(1.3, within(1e-9));
    }

    @Test
    void shouldCompareACellWithItsOwnFloor()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 100, 125).addProbed(OWN, 2, 400, 500).addProbed(OWN, 3, 100, 125).build());

        assertThat(summary.row(OWN).orElseThrow().median(Metric.TIMES_FLOOR)).isEqualTo(1.25);
    }

    @Test
    void shouldShowValuesOfOneStateOfTheMachineInOneTable()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 100, 130).addProbed(OWN, 2, 400, 520).addProbed(OWN, 3, 410, 530)
            .addProbed(FLOOR, 1, 100, 100).addProbed(FLOOR, 2, 100, 101).addProbed(FLOOR, 3, 101, 102)
            .build());

        final Summary.Row row = summary.row(OWN).orElseThrow();
        assertThat(row.spread(Metric.P50)).isEqualTo(new Summary.Spread(130, 130, 130));
        assertThat(row.otherStateCount()).isEqualTo(2);
        assertThat(summary.row(FLOOR).orElseThrow().otherStateCount()).isZero();
    }

    @Test
    void shouldNotTakeTheFasterFloorOfNativeProgramsForAnotherStateOfTheMachine()
    {
        final Cell nativeCell = OWN.contender("jcaps-c");
        final Summary summary = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 120, 200).addProbed(OWN, 2, 121, 202).addProbed(OWN, 3, 120, 201)
            .addNative(nativeCell, 1, 100, 180).addNative(nativeCell, 2, 101, 182).addNative(nativeCell, 3, 400, 700)
            .build());

        final Summary.Row row = summary.row(nativeCell).orElseThrow();
        assertThat(row.spread(Metric.P50)).isEqualTo(new Summary.Spread(180, 181, 182));
        assertThat(row.otherStateCount()).as("the native floor's own change").isEqualTo(1);
        assertThat(summary.ratio(nativeCell, OWN, Metric.P50).orElseThrow()).isCloseTo(0.9, within(0.02));
    }

    @Test
    void shouldMarkWhatWasMeasuredWhileTheMachineChanged()
    {
        final CellResult unsteady = SyntheticResults.probed(
            new SyntheticResults().addTimes(OWN, 1, 300).build().cells().get(0), 100, 300, 300);
        final Summary summary = new Summary(new SyntheticResults().add(unsteady).build());

        final Summary.Row row = summary.row(OWN).orElseThrow();
        assertThat(row.unsteadyCount()).isEqualTo(1);
        assertThat(row.median(Metric.P50)).as("the only value there is").isEqualTo(300);
        assertThat(summary.ratio(OWN, OWN, Metric.P50)).isEmpty();
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
        final CellResult missed = SyntheticResults.result(cell, 1, 5, 1000,
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
        assertThat(summary.medianRound(cell).orElseThrow().getMaxValue()).isEqualTo(100);
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
        assertThat(summary.medianRound(FLOOR)).isEmpty();
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
    void shouldPlotTheRoundThatTheTableShows()
    {
        final Summary summary = new Summary(new SyntheticResults()
            .addProbed(OWN, 1, 100, 900).addProbed(OWN, 2, 100, 120).addProbed(OWN, 3, 100, 130)
            .addProbed(OWN, 4, 400, 500).build());

        assertThat(summary.medianRound(OWN).orElseThrow().getMaxValue()).isEqualTo(130);
        assertThat(summary.row(OWN).orElseThrow().median(Metric.P50)).isEqualTo(130);
    }

    @Test
    void shouldTellHowFairACrowdWasServed()
    {
        final Cell cell = OWN.crowd(3);
        final Summary summary = new Summary(new SyntheticResults()
            .add(SyntheticResults.result(cell, 1, 30, 1000, null, new long[]{10, 8, 9}, 0, 0, null)).build());

        assertThat(summary.row(cell).orElseThrow().median(Metric.FAIRNESS)).isEqualTo(0.8);
    }
}
