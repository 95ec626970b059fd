/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Wait sets that ports leave and join while threads sleep in them, and calls of a wait set that fail half-way.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WaitSetEdgeTest
{
    private final TestFutex futex = new TestFutex();
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 64), futex);
    private final WakeHost host = new WakeHost(region.host());
    private final Attachment services = region.attach(host);
    private final ServicePort service = services.service(TestRegion.NAME, new PortOptions());
    private final WaitSet set = services.waitSet();
    private final WaitSet other = services.waitSet();
    private final ClientPort client = region.client();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
    private Waiting waitingInOther;

    /** A host whose wake-ups fail if a test wants it, and which acts in place of a thread's next sleep. */
    private static final class WakeHost extends ForwardingHost
    {
        private volatile boolean isWakeFailing;
        private volatile Thread sleeper;
        private volatile Runnable insteadOfSleep;

        WakeHost(final Host host)
        {
            super(host);
        }

        @Override
        public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
        {
            if (Thread.currentThread() == sleeper)
            {
                sleeper = null;
                insteadOfSleep.run();
            }
            else
            {
                super.sleep(wakeOffset, expected, timeoutNs);
            }
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            if (isWakeFailing)
            {
                throw new RegionException("injected");
            }
            super.wake(wakeOffset, limit);
        }
    }

    private static final class Waiting extends Thread
    {
        private final AtomicReference<Port> found = new AtomicReference<>();
        private final WaitSet set;

        Waiting(final WaitSet set)
        {
            this.set = set;
            start();
        }

        @Override
        public void run()
        {
            found.set(set.await(Long.MAX_VALUE));
        }

        Port result() throws InterruptedException
        {
            join();
            return found.get();
        }
    }

    @AfterEach
    void close()
    {
        region.close();
    }

    private void awaitSleepers(final int count)
    {
        while (futex.sleeperCount() < count)
        {
            Thread.onSpinWait();
        }
    }

    private int announced()
    {
        return region.tables().getInt(service.entry.waitSetOffset());
    }

    @Test
    @DisplayName("F40: a thread that leaves a closed set does not withdraw the announcement of the port's next set")
    void shouldKeepAnnouncementOfNextSet() throws Exception
    {
        set.add(service);
        final Thread closer = new Thread(set::close);
        host.insteadOfSleep = () ->
        {
            assertThat(announced()).isNotZero();
            closer.start();
            boolean hasMoved = false;
            while (!hasMoved)
            {
                hasMoved = hasJoined(other);
            }
            waitingInOther = new Waiting(other);
            awaitSleepers(1);
        };
        host.sleeper = Thread.currentThread();
        assertThat(set.await(Long.MAX_VALUE)).isNull();
        closer.join();
        assertThat(announced()).as("the other set's").isNotZero();
        assertThat(client.put(bytes, 0, 8)).isPositive();
        assertThat(waitingInOther.result()).isSameAs(service);
    }

    private boolean hasJoined(final WaitSet joined)
    {
        try
        {
            joined.add(service);
            return true;
        }
        catch (final IllegalArgumentException ex)
        {
            return false;
        }
    }

    @Test
    @DisplayName("F40: a set that the port has left does not announce sleepers there, and withdraws earlier ones")
    void shouldAnnounceOnlyInOwnSet()
    {
        set.add(service);
        service.announceWaitSet(set, 7);
        assertThat(announced()).isEqualTo(7);
        set.remove(service);
        assertThat(announced()).isZero();
        other.add(service);
        service.announceWaitSet(set, 7);
        assertThat(announced()).isZero();
        service.announceWaitSet(other, 8);
        service.leave(set);
        service.announceWaitSet(set, 0);
        assertThat(announced()).isEqualTo(8);
        assertThatThrownBy(() -> set.add(service)).isInstanceOf(IllegalArgumentException.class);
        other.remove(service);
        set.add(service);
    }

    @Test
    @DisplayName("B4: a thread that sleeps in a set also waits for a port that is added")
    void shouldWaitForPortThatIsAdded() throws Exception
    {
        final Waiting waiting = new Waiting(set);
        awaitSleepers(1);
        set.add(service);
        assertThat(client.put(bytes, 0, 8)).isPositive();
        assertThat(waiting.result()).isSameAs(service);
    }

    @Test
    @DisplayName("F38: an add whose wake-up fails changes nothing: the port can be added to any set")
    void shouldNotAddPortWhenWakeUpFails() throws Exception
    {
        final Waiting waiting = new Waiting(set);
        awaitSleepers(1);
        host.isWakeFailing = true;
        assertThatThrownBy(() -> set.add(service)).isInstanceOf(RegionException.class);
        host.isWakeFailing = false;
        assertThat(set.size()).isZero();
        other.add(service);
        set.close();
        assertThat(waiting.result()).isNull();
    }

    @Test
    @DisplayName("F38: a set's close whose wake-up fails is completed by the watch: no thread sleeps on")
    void shouldCompleteCloseByWatch() throws Exception
    {
        set.add(service);
        final int portCount = region.portsInUse();
        final Waiting waiting = new Waiting(set);
        awaitSleepers(1);
        host.isWakeFailing = true;
        assertThatThrownBy(set::close).isInstanceOf(RegionException.class);
        assertThat(region.portsInUse()).isEqualTo(portCount);
        assertThatThrownBy(services.watch()::doWork).isInstanceOf(RegionException.class);
        host.isWakeFailing = false;
        services.watch().doWork();
        assertThat(waiting.result()).isNull();
        services.watch().doWork();
        assertThat(region.portsInUse()).isEqualTo(portCount - 1);
    }
}
