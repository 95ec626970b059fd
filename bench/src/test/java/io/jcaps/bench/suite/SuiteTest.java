/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;

class SuiteTest
{
    private static final Cell FLOOR = Cell.roundTrip("floor", 32);
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);
    private static final Cell LONG = Cell.roundTrip("jcaps", 4096);
    private static final CellResult REFUSAL = CellResult.failed(FLOOR.pipelined(8), 1, "carries one message");

    private static final long SEED = 1;

    private final List<String> events = new ArrayList<>();
    private final List<Suite.Progress> progress = new ArrayList<>();
    private final Suite.Listener listener = new Suite.Listener()
    {
        @Override
        public void onStart(final Suite.Progress started)
        {
            progress.add(started);
        }

        @Override
        public void onResult(final CellResult result)
        {
            events.add(result.cell().contender() + ' ' + result.cell().length() + ' ' + result.round());
        }
    };
    private final Plan plan =
        new Plan("custom", 2, List.of(List.of(FLOOR, OWN), List.of(LONG)), List.of(REFUSAL), List.of());

    @Test
    void shouldLetContendersTakeTurnsInEachRoundOfAPoint()
    {
        final Suite suite = new Suite(plan, SEED, listener, SuiteTest::measured);
        suite.run();

        assertThat(events.subList(0, 2)).containsExactlyInAnyOrder("floor 32 1", "jcaps 32 1");
        assertThat(events.subList(2, 4)).containsExactlyInAnyOrder("floor 32 2", "jcaps 32 2");
        assertThat(events.subList(4, 6)).containsExactly("jcaps 4096 1", "jcaps 4096 2");
        assertThat(suite.results()).hasSize(7).startsWith(REFUSAL);
        assertThat(suite.contenders()).extracting(Results.ContenderInfo::name).containsExactly("floor", "jcaps");
    }

    @Test
    void shouldOrderContendersBySeed()
    {
        final List<List<String>> orders = new ArrayList<>();
        for (long seed = 1; seed <= 20; seed++)
        {
            events.clear();
            new Suite(plan, seed, listener, SuiteTest::measured).run();
            orders.add(List.copyOf(events));
            events.clear();
            new Suite(plan, seed, listener, SuiteTest::measured).run();
            assertThat(events).as("seed %d", seed).isEqualTo(orders.get(orders.size() - 1));
        }
        assertThat(orders.stream().map((order) -> order.subList(0, 4)).distinct().count()).isEqualTo(4);
    }

    @DisplayName("a continued run measures the missing cells, none twice, and is then complete")
    @Test
    void shouldResumeARun()
    {
        final Suite first = new Suite(plan, SEED, listener, SuiteTest::measured);
        first.endWithin(0).run();
        assertThat(events).as("no time").isEmpty();
        assertThat(first.isComplete()).isFalse();
        final CellResult foreign = measured(OWN.pipelined(64), 1);
        final Suite next = new Suite(plan, SEED, listener, SuiteTest::measured)
            .resume(List.of(REFUSAL, measured(OWN, 1), measured(LONG, 2), foreign));

        next.run();

        assertThat(events).containsExactlyInAnyOrder("floor 32 1", "floor 32 2", "jcaps 32 2", "jcaps 4096 1");
        assertThat(next.results()).hasSize(7).startsWith(REFUSAL).doesNotContain(foreign);
        assertThat(next.isComplete()).isTrue();
    }

    @Test
    void shouldMeasureAgainACellInWhichTheMachineChangedItsState()
    {
        final Map<String, Integer> tryCounts = new HashMap<>();
        final Suite suite = new Suite(plan, SEED, listener, (cell, round) ->
        {
            final int count = tryCounts.merge(cell.contender() + cell.length() + ' ' + round, 1, Integer::sum);
            final boolean isSteady = !cell.equals(OWN) || 2 == round || 2 == count;
            return SyntheticResults.probed(measured(cell, round), 100, 100, isSteady ? 115 : 116);
        });
        suite.run();

        assertThat(tryCounts).containsEntry("jcaps32 1", 2).containsEntry("jcaps32 2", 1).containsEntry("floor32 1", 1);
        assertThat(suite.results()).allMatch(CellResult::isSteady)
            .filteredOn((result) -> 2 == result.tryCount()).hasSize(1);
    }

    @Test
    void shouldMarkACellThatIsUnsteadyInEachOfThreeTries()
    {
        final double[] highest = {300, 200, Double.NaN};
        final AtomicInteger count = new AtomicInteger();
        final Plan one = new Plan("custom", 1, List.of(List.of(OWN)), List.of(), List.of());
        final Suite suite = new Suite(one, SEED, listener, (cell, round) ->
            SyntheticResults.probed(measured(cell, round), 100, highest[count.getAndIncrement()], 100));
        suite.run();

        final CellResult result = suite.results().get(0);
        assertThat(count).hasValue(3);
        assertThat(result.isSteady()).isFalse();
        assertThat(result.tryCount()).isEqualTo(3);
        assertThat(result.probes().get(1).p50Ns()).as("the least unsteady one").isEqualTo(200);
    }

    @Test
    void shouldTellHowFarItIs()
    {
        new Suite(plan, SEED, listener, SuiteTest::measured).run();

        assertThat(progress).extracting(Suite.Progress::index).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(progress).extracting(Suite.Progress::done).isSorted();
        assertThat(progress.get(0).done()).isZero();
        assertThat(progress.get(0).leftNs()).isEqualTo(plan.estimateNs());
        assertThat(progress).allMatch((one) -> one.leftNs() >= 0 && 6 == one.cellCount());
    }

    @Test
    void shouldGoOnAfterAFailure()
    {
        final Suite suite = new Suite(plan, SEED, listener,
            (cell, round) -> cell.equals(OWN) ? CellResult.failed(cell, round, "broken") : measured(cell, round));
        suite.run();

        assertThat(events).hasSize(6);
        assertThat(suite.results()).filteredOn((result) -> "broken".equals(result.failure())).hasSize(2);
    }

    @Test
    void shouldKeepWhatWasMeasuredWhenItIsStopped()
    {
        final List<Suite> running = new ArrayList<>();
        final Suite suite = new Suite(plan, SEED, listener, (cell, round) ->
        {
            if (cell.equals(OWN))
            {
                running.get(0).stop();
                return CellResult.failed(cell, round, "its JVM was ended, too");
            }
            return measured(cell, round);
        });
        running.add(suite);
        suite.run();

        assertThat(suite.isStopped()).isTrue();
        // It stops at this transport's first cell, wherever that is.
        assertThat(events).isSubsetOf("floor 32 1");
        assertThat(suite.results()).hasSize(1 + events.size()).startsWith(REFUSAL)
            .noneMatch((result) -> OWN.equals(result.cell()));
    }

    private static CellResult measured(final Cell cell, final int round)
    {
        return SyntheticResults.result(cell, round, 1, 1, Histograms.encode(Histograms.create()), null, 0, 0, null);
    }
}
