/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessEntry;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A check of a process proves something about that process only. */
class DeathsTest
{
    private final Geometry geometry = new Geometry(2, 2, 2, 2, 64);
    private final LocalRegion region = new LocalRegion(geometry);
    private final Host host = region.host();
    private final Deaths deaths = new Deaths(host);

    private void enter(final Host newcomer, final long incarnation)
    {
        assertThat(newcomer.holdLife(0)).isTrue();
        new ProcessEntry(host.tables(), geometry).wrap(0).publish(incarnation, 0, 1, 1, 1, 1, new int[0]);
    }

    @Test
    @DisplayName("B2: the death of a process does not affect the next one with its entry, also within a round")
    void shouldNotMistakeNextProcessForDeadOne()
    {
        final Host former = region.host();
        enter(former, 1);
        deaths.beginRound();
        former.dropLife(0);
        assertThat(deaths.isDead(0, 1)).isTrue();
        // Another process reaps, and enters.
        assertThat(new ProcessEntry(host.tables(), geometry).wrap(0).free(1)).isTrue();
        enter(region.host(), 2);
        assertThat(deaths.isDead(0, 2)).isFalse();
        assertThat(deaths.isDead(0, 1)).isTrue();
        deaths.endRound();
        deaths.beginRound();
        assertThat(deaths.isDead(0, 2)).isFalse();
    }
}
