/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.report.Goals.Goal;
import io.jcaps.bench.report.Goals.Verdict;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.SyntheticResults;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class GoalsTest
{
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);
    private static final Cell FLOOR = Cell.roundTrip("floor", 32);
    private static final Cell AERON = Cell.roundTrip("aeron-exclusive", 32);

    @Test
    void shouldTellWhatWasMetAndByHowMuchTheRestWasMissed()
    {
        final SyntheticResults results = new SyntheticResults()
            .addTimes(FLOOR, 1, 100).addTimes(OWN, 1, 115).addTimes(AERON, 1, 100);

        assertThat(goal(results, "32 B, spin: p50, as a multiple of the floor's"))
            .isEqualTo(new Goal("32 B, spin: p50, as a multiple of the floor's", "1.15", "<= 1.10",
                Verdict.MISSED, "by 4.5 %"));
        assertThat(goal(results, "32 B, spin: p50, as a multiple of Aeron exclusive's"))
            .isEqualTo(new Goal("32 B, spin: p50, as a multiple of Aeron exclusive's", "1.15", "<= 1.00",
                Verdict.MISSED, "by 15.0 %"));
    }

    @Test
    void shouldCompareWithTheBetterOfAeronsDrivers()
    {
        final SyntheticResults results = new SyntheticResults().addTimes(OWN, 1, 120).addTimes(AERON, 1, 200)
            .addTimes(Cell.roundTrip("aeron-exclusive-invoker", 32), 1, 100);

        assertThat(goal(results, "32 B, spin: p50, as a multiple of Aeron exclusive's").value()).isEqualTo("1.20");
    }

    @Test
    @DisplayName("B7: the goals between two hosts are judged where a run has measured a bridge, and only there")
    void shouldJudgeWhatConnectsTwoHosts()
    {
        final Cell bridge = Cell.roundTrip("bridge-embedded", 32).waiting(Waiting.YIELD);
        final SyntheticResults results = new SyntheticResults()
            .addTimes(bridge, 1, 120).addTimes(bridge.contender("aeron-udp"), 1, 100)
            .addTimes(bridge.contender("grpc"), 1, 600);

        assertThat(goal(results, "remote, 32 B: p50 of embedded bridges, as a multiple of bare Aeron's").remark())
            .isEqualTo("by 4.3 %");
        assertThat(goal(results, "remote, 32 B: p50 of embedded bridges, as a part of gRPC's").verdict())
            .isEqualTo(Verdict.MET);
        assertThat(Goals.of(new Summary(new SyntheticResults().addTimes(OWN, 1, 100).build())))
            .noneMatch((goal) -> goal.what().startsWith("remote"));
    }

    @Test
    void shouldNotTakeEqualForBelow()
    {
        final SyntheticResults results = new SyntheticResults().addTimes(OWN, 1, 100).addTimes(AERON, 1, 100);

        assertThat(goal(results, "32 B, spin: p99.9, as a multiple of Aeron exclusive's").verdict())
            .isEqualTo(Verdict.MISSED);
        assertThat(goal(results, "32 B, spin: p99, as a multiple of Aeron exclusive's").verdict())
            .isEqualTo(Verdict.MET);
    }

    @Test
    void shouldJudgeThatMoreIsBetterWhereItIs()
    {
        final SyntheticResults results = new SyntheticResults()
            .addRate(OWN.pipelined(64), 1, 600_000).addRate(AERON.pipelined(64), 1, 1_000_000)
            .addTimes(OWN.waiting(Waiting.BLOCK), 1, 100)
            .addTimes(Cell.roundTrip("unix-socket", 32).waiting(Waiting.BLOCK), 1, 200);

        final Goal window = goal(results, "window 64, 32 B: replies/s, as a multiple of Aeron exclusive's");
        assertThat(window.verdict()).isEqualTo(Verdict.MISSED);
        assertThat(window.remark()).isEqualTo("by 33.3 %");
        assertThat(goal(results, "blocking, 32 B: times faster than a Unix socket, p50").verdict())
            .isEqualTo(Verdict.MET);
    }

    @Test
    void shouldSayWhyAGoalWasNotMeasured()
    {
        final SyntheticResults results = new SyntheticResults()
            .addTimes(OWN, 1, 100).addFailure(AERON, 1, "did not start");

        final Goal failed = goal(results, "32 B, spin: p50, as a multiple of Aeron exclusive's");
        assertThat(failed.verdict()).isEqualTo(Verdict.NOT_MEASURED);
        assertThat(failed.remark()).isEqualTo("aeron-exclusive: did not start");
        final Goal absent = goal(results, "32 B, spin: p50, as a multiple of the floor's");
        assertThat(absent.verdict()).isEqualTo(Verdict.NOT_MEASURED);
        assertThat(absent.remark()).isEqualTo("not part of this run");
        assertThat(Goals.of(new Summary(new SyntheticResults().build())))
            .hasSize(24).extracting(Goal::verdict).containsOnly(Verdict.NOT_MEASURED);
    }

    @Test
    void shouldCompareManyClientsWithOne()
    {
        final SyntheticResults results = new SyntheticResults()
            .addTimes(OWN, 1, 100).addTimes(OWN.clientCount(128), 1, 130);

        final Goal goal = goal(results, "128 clients connected, one talks: p50, as a multiple of that with 1 client");

        assertThat(goal.value()).isEqualTo("1.30");
        assertThat(goal.verdict()).isEqualTo(Verdict.MISSED);
    }

    @Test
    void shouldJudgeFairness()
    {
        final Cell cell = OWN.crowd(8);
        final SyntheticResults results = new SyntheticResults().add(SyntheticResults.result(
            cell, 1, 70, 1, null, new long[]{10, 8, 9, 10, 10, 10, 10, 10}, 0, 0, null));

        final Goal goal = goal(results, "8 busy clients: replies of the slowest, as a part of the fastest's");

        assertThat(goal.value()).isEqualTo("0.80");
        assertThat(goal.verdict()).isEqualTo(Verdict.MET);
    }

    @Test
    void shouldFindAnAllocationOnEitherSideOfAnyCell()
    {
        final SyntheticResults results = new SyntheticResults()
            .addTimes(OWN, 1, 100)
            .add(SyntheticResults.result(OWN.pipelined(8), 1, 100, 100, null, null, 0, 24, null))
            .add(SyntheticResults.result(OWN.pipelined(8), 2, 100, 100, null, null, 0, 25, null))
            .add(SyntheticResults.result(AERON.pipelined(8), 1, 100, 100, null, null, 500, 500, null));

        final Goal goal = goal(results, "allocation on any data-path call: heap per reply, of either side");

        assertThat(goal.value()).isEqualTo("24.0 B");
        assertThat(goal.verdict()).isEqualTo(Verdict.MISSED);
        assertThat(goal.remark()).contains("window 8");
    }

    private static Goal goal(final SyntheticResults results, final String what)
    {
        final List<Goal> goals = Goals.of(new Summary(results.build()));
        return goals.stream().filter((goal) -> goal.what().equals(what)).findFirst()
            .orElseThrow(() -> new AssertionError("no goal: " + what + " among " + goals));
    }
}
