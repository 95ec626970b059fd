/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class GuardTest
{
    private static final int FLOOR_NS = 100;

    private final Plan plan = Guard.plan(3);
    private final List<CellResult> results = new ArrayList<>();

    @Test
    void shouldMeasureARoundTripAWindowAndSleepers()
    {
        assertThat(plan.points()).hasSize(1);
        assertThat(plan.points().get(0)).extracting(Cell::contender).containsOnly("jcaps").hasSize(4);
        assertThat(plan.points().get(0)).anyMatch((cell) -> 64 == cell.window())
            .anyMatch((cell) -> Waiting.BLOCK == cell.waiting());
    }

    @Test
    void shouldPassWhenNothingAllocatesAndTheRatioIsSmall()
    {
        measure(130, 130, 130, 0);

        final Guard.Verdict verdict = Guard.judge(plan, results);

        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.lines())
            .anyMatch((line) -> line.contains("32 B, p50: 1.30 x its own floor") && line.contains("3 of 3 rounds"))
            .anyMatch((line) -> line.contains("32 B, blocking, p50: 1.30 x"))
            .anyMatch((line) -> line.contains("32 B, window 64, time per reply: 1.00 x"))
            .anyMatch((line) -> line.matches(" +32 B +0 +0"));
    }

    @Test
    void shouldFailOnTheLeastAllocation()
    {
        measure(130, 130, 130, 0.0001);

        assertThat(Guard.judge(plan, results).failures()).hasSize(4)
            .allMatch((failure) -> failure.contains("allocates") && failure.contains("0.000100"));
    }

    @Test
    void shouldFailWhenTheRatioIsAboveTheLimitInEachRound()
    {
        measure(151, 152, 153, 0);

        assertThat(Guard.judge(plan, results).failures()).hasSize(2)
            .anyMatch((failure) -> failure.contains("32 B, p50") && failure.contains("1.51 x"))
            .anyMatch((failure) -> failure.contains("32 B, blocking"));
    }

    @Test
    void shouldFailWhenAWindowTakesLonger()
    {
        measure(130, 130, 130, 0);
        results.replaceAll((result) -> 1 == result.cell().window() ? result : SyntheticResults.probed(
            SyntheticResults.result(result.cell(), result.round(), 1_000, 121_000, null, null, 0, 0, null),
            FLOOR_NS, FLOOR_NS, FLOOR_NS));

        assertThat(Guard.judge(plan, results).failures()).singleElement().asString()
            .contains("window 64").contains("1.21 x");
    }

    @Test
    void shouldNotJudgeWhereTheMachineChangedItsSpeed()
    {
        measure(900, 900, 900, 0);
        results.replaceAll((result) -> SyntheticResults.probed(result, 100, 100, 120));

        final Guard.Verdict verdict = Guard.judge(plan, results);
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.lines().stream().filter((line) -> line.contains("not judged"))).hasSize(3);
    }

    @Test
    void shouldPassWhenOtherLoadSpoiledSomeRounds()
    {
        measure(100_000, 130, 8_000_000, 0);

        assertThat(Guard.judge(plan, results).failures()).isEmpty();
    }

    @Test
    void shouldFailWhenACellFailed()
    {
        measure(130, 130, 130, 0);
        results.set(1, CellResult.failed(results.get(1).cell(), 1, "lost or changed: one"));

        assertThat(Guard.judge(plan, results).failures()).singleElement().asString().contains("lost or changed: one");
    }

    @Test
    void shouldFailWhenThereWasTooLittleToTell()
    {
        measure(130, 130, 130, Double.NaN);

        assertThat(Guard.judge(plan, results).failures()).singleElement().asString().contains("too few replies");
    }

    private void measure(final int ns1, final int ns2, final int ns3, final double allocated)
    {
        final int[] ns = {ns1, ns2, ns3};
        for (int round = 1; round <= ns.length; round++)
        {
            for (final Cell cell : plan.points().get(0))
            {
                final Histogram histogram = Histograms.create();
                histogram.recordValueWithCount(ns[round - 1], 1000);
                results.add(SyntheticResults.probed(SyntheticResults.result(cell, round, 1_000, 100_000,
                    Workload.PIPELINED == cell.workload() ? null : Histograms.encode(histogram), null,
                    allocated, allocated, null), FLOOR_NS, FLOOR_NS, FLOOR_NS));
            }
        }
    }
}
