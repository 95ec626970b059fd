/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
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
    void shouldCompareARoundTripWithTheFloorAndMeasureEachWayToWait()
    {
        assertThat(plan.points()).hasSize(1);
        assertThat(plan.points().get(0)).extracting(Cell::contender)
            .containsExactly("floor", "jcaps", "jcaps", "jcaps", "jcaps");
    }

    @Test
    void shouldPassWhenNothingAllocatesAndTheRatioIsSmall()
    {
        measure(130, 130, 130, 0);

        final Guard.Verdict verdict = Guard.judge(plan, results);

        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.lines()).anyMatch((line) -> line.contains("p50: 1.30 x the floor's"))
            .anyMatch((line) -> line.contains("p99: 1.30 x the floor's"))
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
        measure(310, 320, 330, 0);

        assertThat(Guard.judge(plan, results).failures()).singleElement().asString()
            .contains("32 B").contains("3.10 x");
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
                final boolean isFloor = "floor".equals(cell.contender());
                final Histogram histogram = Histograms.create();
                histogram.recordValueWithCount(isFloor ? FLOOR_NS : ns[round - 1], 1000);
                results.add(new CellResult(cell, round, 1000, 1_000_000,
                    Workload.PIPELINED == cell.workload() ? null : Histograms.encode(histogram), null,
                    allocated, allocated, null));
            }
        }
    }
}
