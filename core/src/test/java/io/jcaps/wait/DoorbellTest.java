/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortEntry;
import org.agrona.concurrent.AtomicBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** The threads that a doorbell wakes (R16, B4), by the port's entry; no thread sleeps here. */
class DoorbellTest
{
    private static final int PORT_COUNT = 4;
    private static final int PORT = 1;
    private static final int LIMIT = 1;

    private final Geometry geometry = new Geometry(2, PORT_COUNT, 2, 2, 64);
    private final List<String> wakes = new ArrayList<>();
    private final Host host = new Recorder(new LocalRegion(geometry).host(), wakes);
    private final AtomicBuffer tables = host.tables();
    private final PortEntry entry = new PortEntry(tables, geometry).wrap(PORT);
    private final Doorbell doorbell = new Doorbell(host, entry);

    private static final class Recorder extends ForwardingHost
    {
        private final List<String> wakes;

        Recorder(final Host host, final List<String> wakes)
        {
            super(host);
            this.wakes = wakes;
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            wakes.add(wakeOffset + " " + limit);
        }
    }

    private static String wake(final int wakeOffset, final int limit)
    {
        return wakeOffset + " " + limit;
    }

    @Test
    @DisplayName("If no thread sleeps, there is no system call, and the word is unchanged")
    void shouldWakeNoThread()
    {
        assertThat(doorbell.ring(LIMIT)).isZero();
        assertThat(wakes).isEmpty();
        assertThat(tables.getInt(entry.wakeOffset())).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100})
    @DisplayName("R16: threads that sleep on the port are woken by its word, which changes first")
    void shouldWakeSleepers(final int sleeperCount)
    {
        tables.putInt(entry.sleepersOffset(), sleeperCount);
        assertThat(doorbell.ring(LIMIT)).isEqualTo(1);
        assertThat(wakes).containsExactly(wake(entry.wakeOffset(), LIMIT));
        assertThat(tables.getInt(entry.wakeOffset())).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, PORT_COUNT - 1})
    @DisplayName("B4: all threads of the port's wait set are woken, and the port's own sleepers, too")
    void shouldWakeWaitSet(final int waitSetIndex)
    {
        final int waitSetWakeOffset = new PortEntry(tables, geometry).wrap(waitSetIndex).wakeOffset();
        tables.putInt(entry.waitSetOffset(), waitSetIndex + 1);
        assertThat(doorbell.ring(LIMIT)).isEqualTo(1);
        assertThat(wakes).containsExactly(wake(waitSetWakeOffset, Integer.MAX_VALUE));
        assertThat(tables.getInt(waitSetWakeOffset)).isEqualTo(1);
        tables.putInt(entry.sleepersOffset(), 1);
        assertThat(doorbell.ring(LIMIT)).isEqualTo(2);
        assertThat(wakes).hasSize(3).contains(wake(entry.wakeOffset(), LIMIT));
    }

    @ParameterizedTest
    @ValueSource(ints = {PORT_COUNT + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    @DisplayName("F25: an invalid wait set is not woken, and has no effect")
    void shouldNotTrustWaitSet(final int word)
    {
        tables.putInt(entry.waitSetOffset(), word);
        assertThat(doorbell.ring(LIMIT)).isZero();
        assertThat(wakes).isEmpty();
    }
}
