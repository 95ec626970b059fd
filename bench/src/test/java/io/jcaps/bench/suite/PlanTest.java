/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Tuning;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.contender.Contenders;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PlanTest
{
    private final PlanOptions options = new PlanOptions();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldMeasureNoCellTwice(final boolean isQuick)
    {
        final List<Cell> cells = cells(Plan.of(options.quick(isQuick)));

        assertThat(new HashSet<>(cells)).hasSameSizeAs(cells);
    }

    @Test
    void shouldPutAllContendersOfAGroupNextToEachOther()
    {
        for (final List<Cell> point : Plan.of(options).points())
        {
            final List<Cell> groups = new ArrayList<>();
            for (final Cell cell : point)
            {
                final Cell group = Summary.group(cell);
                if (groups.isEmpty() || !groups.get(groups.size() - 1).equals(group))
                {
                    assertThat(groups).doesNotContain(group);
                    groups.add(group);
                }
            }
        }
    }

    @Test
    void shouldMeasureEachWorkloadOfTheFullRun()
    {
        final List<Cell> cells = cells(Plan.of(options));

        for (final int length : List.of(32, 256, 1024, 4096, 16_384, 61_440, 65_536, 131_072))
        {
            for (final PayloadKind payload : PayloadKind.values())
            {
                assertThat(cells).anyMatch((cell) -> isOwn(cell, Workload.ROUND_TRIP) && cell.length() == length &&
                    cell.payload() == payload && 1 == cell.clientCount());
            }
        }
        for (final int window : List.of(1, 8, 64, 128))
        {
            assertThat(cells).anyMatch((cell) -> isOwn(cell, Workload.PIPELINED) && cell.window() == window);
        }
        for (final int count : List.of(1, 8, 32, 128))
        {
            assertThat(cells).anyMatch((cell) -> isOwn(cell, Workload.ROUND_TRIP) && cell.clientCount() == count);
        }
        assertThat(cells).anyMatch((cell) -> isOwn(cell, Workload.OPEN_LOOP))
            .anyMatch((cell) -> isOwn(cell, Workload.CROWD) && 8 == cell.clientCount())
            .anyMatch((cell) -> isOwn(cell, Workload.ROUND_TRIP) && Waiting.BLOCK == cell.waiting());
        assertThat(Plan.of(options).kind()).isEqualTo("full");
        assertThat(Plan.of(options).leftOut()).isEmpty();
    }

    @Test
    void shouldMeasureWhatEachGoalComparesInTheQuickRun()
    {
        final Plan plan = Plan.of(options.quick(true));

        for (final String name : List.of("floor", "jcaps", "aeron-exclusive"))
        {
            assertHas(plan, name, (cell) -> Workload.ROUND_TRIP == cell.workload() && 32 == cell.length() &&
                1 == cell.clientCount() && Waiting.SPIN == cell.waiting());
        }
        for (final String name : List.of("jcaps", "aeron-exclusive"))
        {
            assertHas(plan, name, (cell) -> 65_536 == cell.length() && PayloadKind.PREBUILT == cell.payload());
            assertHas(plan, name, (cell) -> 65_536 == cell.length() && PayloadKind.FILLED == cell.payload());
            assertHas(plan, name, (cell) -> Workload.PIPELINED == cell.workload() && 64 == cell.window());
            assertHas(plan, name, (cell) -> Workload.OPEN_LOOP == cell.workload());
        }
        for (final String name : List.of("jcaps", "futex-floor", "unix-socket"))
        {
            assertHas(plan, name, (cell) -> Waiting.BLOCK == cell.waiting());
        }
        assertHas(plan, "jcaps", (cell) -> Workload.ROUND_TRIP == cell.workload() && 128 == cell.clientCount());
        assertHas(plan, "jcaps", (cell) -> Workload.CROWD == cell.workload() && 8 == cell.clientCount());
        assertThat(TimeUnit.NANOSECONDS.toSeconds(plan.estimateNs())).isLessThan(150);
        assertThat(plan.kind()).isEqualTo("quick");
    }

    @Test
    void shouldCompareConnectedClientsWithOneAlone()
    {
        final List<Cell> point = Plan.of(options).points().get(0);
        final Cell many = point.stream().filter((cell) -> isOwn(cell, Workload.ROUND_TRIP) && 128 == cell.clientCount())
            .findFirst().orElseThrow();

        assertThat(point).contains(many.clientCount(1));
    }

    @Test
    void shouldTellOnceWhoRefusesWhat()
    {
        final Plan plan = Plan.of(options.contenders(List.of("floor", "jcaps")).lengths(List.of(32, 4096))
            .parts(List.of("round-trip")));

        assertThat(plan.refusals()).hasSize(2).allSatisfy((refusal) ->
        {
            assertThat(refusal.cell().contender()).isEqualTo("floor");
            assertThat(refusal.cell().length()).isEqualTo(4096);
            assertThat(refusal.failure()).isNotEmpty();
        });
        assertThat(cells(plan)).hasSize(2 * 3);
        assertThat(plan.kind()).isEqualTo("custom");
    }

    @Test
    void shouldTakeTheUsersTimesRoundsAndTuning()
    {
        final Tuning tuning = new Tuning(true, true, true);
        final Plan plan = Plan.of(options.warmUpNs(0).measuredNs(2_000_000).roundCount(7).tuning(tuning));

        assertThat(plan.roundCount()).isEqualTo(7);
        assertThat(plan.cellCount()).isEqualTo(7 * cells(plan).size());
        assertThat(cells(plan)).allMatch((cell) ->
            0 == cell.warmUpNs() && 2_000_000 == cell.measuredNs() && tuning.equals(cell.tuning()));
    }

    @Test
    void shouldSayWhatIsWrongWithAChoice()
    {
        assertThatThrownBy(() -> options.contenders(List.of("jcaps", "carrier-pigeon")))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("carrier-pigeon")
            .hasMessageContaining("floor, jcaps");
        assertThatThrownBy(() -> options.parts(List.of("sprint"))).hasMessageContaining("sprint")
            .hasMessageContaining("round-trip, pipelined");
        assertThatThrownBy(() -> options.lengths(List.of(1_048_577))).hasMessageContaining("1048576")
            .hasMessageContaining("1048577");
        assertThatThrownBy(() -> options.lengths(List.of(7))).hasMessageContaining(": 7");
        assertThatThrownBy(() -> options.windows(List.of(4097))).hasMessageContaining("4096: 4097");
        assertThatThrownBy(() -> options.ratesPerSecond(List.of(0L))).hasMessageContaining(": 0");
        assertThatThrownBy(() -> options.ratesPerSecond(List.of(-5L))).hasMessageContaining(": -5");
        assertThatThrownBy(() -> options.clientCounts(List.of(0))).hasMessageContaining(": 0");
        assertThatThrownBy(() -> options.roundCount(0)).hasMessageContaining(": 0");
        assertThatThrownBy(() -> options.measuredNs(0)).hasMessageContaining("1 ms");
        assertThatThrownBy(() -> options.warmUpNs(-1)).hasMessageContaining("0 s");
    }

    @Test
    @DisplayName("B7: transports between two hosts are compared in a workload of their own")
    void shouldCompareWhatConnectsTwoHostsWhenAsked()
    {
        assertThat(cells(Plan.of(options))).noneMatch((cell) -> Contenders.byName(cell.contender()).isRemote());
        final Plan plan = Plan.of(new PlanOptions().parts(List.of("remote")));

        for (final String name : List.of("bridge", "bridge-embedded", "aeron-udp", "aeron-relay", "grpc"))
        {
            for (final int length : List.of(32, 1024, 65_536, 131_072))
            {
                assertHas(plan, name, (cell) -> Workload.ROUND_TRIP == cell.workload() && length == cell.length());
                assertHas(plan, name, (cell) -> Workload.PIPELINED == cell.workload() && length == cell.length() &&
                    64 == cell.window());
            }
            assertHas(plan, name, (cell) -> Workload.OPEN_LOOP == cell.workload());
        }
        assertHas(plan, "bridge", (cell) -> Workload.CROWD == cell.workload() && 8 == cell.clientCount());
        assertHas(plan, "jcaps-idle-bridge", (cell) -> Waiting.SPIN == cell.waiting());
        assertThat(cells(plan)).allMatch((cell) -> "jcaps".equals(cell.contender()) && Waiting.SPIN == cell.waiting() ||
            Contenders.byName(cell.contender()).isRemote());
        assertThatThrownBy(() -> Plan.of(new PlanOptions().parts(List.of("remote")).contenders(List.of("tcp"))))
            .hasMessageContaining("tcp does not connect two hosts");
    }

    @Test
    void shouldSayThatNothingIsLeft()
    {
        final PlanOptions nothing = options.contenders(List.of("floor")).parts(List.of("crowd"));

        assertThatThrownBy(() -> Plan.of(nothing)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("nothing to measure").hasMessageContaining("floor knows no waiting");
    }

    private static void assertHas(final Plan plan, final String name, final Predicate<Cell> predicate)
    {
        // Whom this build has not, its quick run cannot have.
        if (Contenders.all().stream().map(Contender::name).anyMatch(name::equals))
        {
            assertThat(cells(plan)).anyMatch((cell) -> name.equals(cell.contender()) && predicate.test(cell));
        }
    }

    private static boolean isOwn(final Cell cell, final Workload workload)
    {
        return "jcaps".equals(cell.contender()) && workload == cell.workload();
    }

    private static List<Cell> cells(final Plan plan)
    {
        return plan.points().stream().flatMap(List::stream).toList();
    }
}
