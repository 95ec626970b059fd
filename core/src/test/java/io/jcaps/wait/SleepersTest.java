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
import io.jcaps.layout.RegionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The threads of an attachment that sleep. */
class SleepersTest
{
    private final Geometry geometry = new Geometry(2, 2, 2, 2, 64);
    private final Recorder host = new Recorder(new LocalRegion(geometry).host());
    private final int wakeOffset = new PortEntry(host.tables(), geometry).wrap(0).wakeOffset();
    private final Sleepers sleepers = new Sleepers(host);

    private static final class Recorder extends ForwardingHost
    {
        private int sleepCount;
        private Runnable whileAsleep;
        private int failingWake = -1;
        private int wakeCount;

        Recorder(final Host host)
        {
            super(host);
        }

        @Override
        public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
        {
            sleepCount++;
            if (null != whileAsleep)
            {
                whileAsleep.run();
            }
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            if (wakeCount++ == failingWake)
            {
                throw new RegionException("injected");
            }
        }
    }

    private boolean sleep()
    {
        return sleepers.sleep(wakeOffset, 0, 0, false, Long.MAX_VALUE);
    }

    @Test
    @DisplayName("F40: after the close no thread goes to sleep, because the memory may be released")
    void shouldNotSleepAfterClose()
    {
        assertThat(sleep()).isTrue();
        assertThat(host.sleepCount).isEqualTo(1);
        sleepers.close();
        assertThat(sleep()).isFalse();
        assertThat(host.sleepCount).isEqualTo(1);
    }

    @Test
    @DisplayName("R16: an interrupted thread does not go to sleep, and stays interrupted")
    void shouldNotSleepWhenInterrupted()
    {
        Thread.currentThread().interrupt();
        assertThat(sleep()).isFalse();
        assertThat(host.sleepCount).isZero();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    @DisplayName("F38: a wake-up that fails does not stop that of another sleeper")
    void shouldWakeOthersWhenOneFails()
    {
        final int depth = 3;
        final int[] begun = {0};
        // Each thread is asleep while the next one goes to sleep.
        host.whileAsleep = () ->
        {
            if (++begun[0] < depth)
            {
                assertThat(sleep()).isTrue();
                return;
            }
            host.failingWake = 0;
            assertThatThrownBy(sleepers::wake).isInstanceOf(RegionException.class);
            assertThat(host.wakeCount).isEqualTo(depth);
            host.wakeCount = 0;
            Thread.currentThread().interrupt();
            assertThatThrownBy(sleepers::wakeInterrupted).isInstanceOf(RegionException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(host.wakeCount).isEqualTo(depth);
        };
        assertThat(sleep()).isTrue();
    }
}
