/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class SuiteTest
{
    private static final Cell FLOOR = Cell.roundTrip("floor", 32);
    private static final Cell OWN = Cell.roundTrip("jcaps", 32);
    private static final Cell LONG = Cell.roundTrip("jcaps", 4096);
    private static final CellResult REFUSAL = CellResult.failed(FLOOR.pipelined(8), 1, "carries one message");

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
        final Suite suite = new Suite(plan, listener, SuiteTest::measured);
        suite.run();

        assertThat(events).containsExactly(
            "floor 32 1", "jcaps 32 1", "floor 32 2", "jcaps 32 2", "jcaps 4096 1", "jcaps 4096 2");
        assertThat(suite.results()).hasSize(7).startsWith(REFUSAL);
        assertThat(suite.contenders()).extracting(Results.ContenderInfo::name).containsExactly("floor", "jcaps");
    }

    @Test
    void shouldTellHowFarItIs()
    {
        new Suite(plan, listener, SuiteTest::measured).run();

        assertThat(progress).extracting(Suite.Progress::index).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(progress).extracting(Suite.Progress::done).isSorted();
        assertThat(progress.get(0).done()).isZero();
        assertThat(progress.get(0).leftNs()).isEqualTo(plan.estimateNs());
        assertThat(progress).allMatch((one) -> one.leftNs() >= 0 && 6 == one.cellCount());
    }

    @Test
    void shouldGoOnAfterAFailure()
    {
        final Suite suite = new Suite(plan, listener,
            (cell, round) -> cell.equals(OWN) ? CellResult.failed(cell, round, "broken") : measured(cell, round));
        suite.run();

        assertThat(events).hasSize(6);
        assertThat(suite.results()).filteredOn((result) -> "broken".equals(result.failure())).hasSize(2);
    }

    @Test
    void shouldKeepWhatWasMeasuredWhenItIsStopped()
    {
        final List<Suite> running = new ArrayList<>();
        final Suite suite = new Suite(plan, listener, (cell, round) ->
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
        assertThat(events).containsExactly("floor 32 1");
        assertThat(suite.results()).hasSize(2).extracting(CellResult::failure)
            .containsExactly("carries one message", null);
    }

    private static CellResult measured(final Cell cell, final int round)
    {
        return new CellResult(cell, round, 1, 1, Histograms.encode(Histograms.create()), null, 0, 0, null);
    }
}
