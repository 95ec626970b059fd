/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FlatnessTest
{
    private final Flatness flatness = new Flatness("something", "KB", 1_024, 10, 0);

    @Test
    void shouldNotMindTheWarmUpOrSinglePeaks()
    {
        for (int i = 0; i < 30; i++)
        {
            flatness.add(i < 10 ? 100L * i : 25 == i ? 1_000_000 : 1_000);
        }

        assertThat(flatness.isFlat()).isTrue();
        assertThat(flatness.middle()).isEqualTo(1_000);
        assertThat(flatness.last()).isEqualTo(1_000);
    }

    @Test
    void shouldSayThatSomethingGrows()
    {
        for (int i = 0; i < 30; i++)
        {
            flatness.add(2 * i);
        }

        assertThat(flatness.isFlat()).isFalse();
        assertThat(flatness.last() - flatness.middle()).isEqualTo(20);
    }

    @Test
    void shouldAllowAFraction()
    {
        final Flatness relative = new Flatness("something", "KB", 1_024, 0, 0.1);
        for (int i = 0; i < 9; i++)
        {
            relative.add(i < 6 ? 1_000 : 1_100);
        }
        assertThat(relative.isFlat()).isTrue();

        final Flatness steeper = new Flatness("something", "KB", 1_024, 0, 0.1);
        for (int i = 0; i < 9; i++)
        {
            steeper.add(i < 6 ? 1_000 : 1_101);
        }
        assertThat(steeper.isFlat()).isFalse();
    }

    @Test
    void shouldNotJudgeWhatWasNotSampled()
    {
        flatness.add(-1);

        assertThat(flatness.isFlat()).isTrue();
        assertThat(flatness.sampleCount()).isZero();
        assertThat(flatness).hasToString("something: not sampled");
    }
}
