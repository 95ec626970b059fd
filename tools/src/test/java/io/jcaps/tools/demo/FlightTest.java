/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Outcome;
import io.jcaps.tools.child.Line;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FlightTest
{
    private static final long KILL = 1_000;

    private final Flight flight = new Flight();

    @Test
    void shouldCountWhatWasOpenByKind()
    {
        flight.add(900, 950, Outcome.REPLIED);
        flight.add(900, 1_001, Outcome.REPLIED);
        flight.add(910, 1_500, Outcome.SERVICE_DIED | Outcome.RECEIVED);
        flight.add(920, 1_400, Outcome.SERVICE_DIED);
        flight.add(1_000, 1_600, Outcome.SERVICE_DIED);
        flight.add(1_001, 1_600, Outcome.SERVICE_DIED);

        final Line line = new Line("outcomes");
        flight.tell(KILL, line);

        assertThat(line.number("openReplied")).isEqualTo(1);
        assertThat(line.number("openReceived")).isEqualTo(1);
        assertThat(line.number("openNotReceived")).isEqualTo(2);
        assertThat(line.number("later")).isEqualTo(1);
        assertThat(line.number("laterNotReceived")).isEqualTo(1);
        assertThat(line.number("firstAutomaticMicros")).isEqualTo(1_400);
    }

    @Test
    void shouldKeepTheLastOutcomesOfMany()
    {
        for (int i = 0; i < 100_000; i++)
        {
            flight.add(i, i + 1, Outcome.REPLIED);
        }
        flight.add(99_999, 100_010, Outcome.SERVICE_DIED);

        final Line line = new Line("outcomes");
        flight.tell(100_005, line);

        assertThat(line.number("openReplied")).isZero();
        assertThat(line.number("openNotReceived")).isEqualTo(1);
        assertThat(line.number("later")).isZero();
    }
}
