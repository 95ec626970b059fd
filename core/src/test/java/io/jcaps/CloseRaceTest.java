/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.PortDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An attachment or wait set is closed while other threads are in calls of it (F40).
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CloseRaceTest
{
    private static final Geometry GEOMETRY = new Geometry(8, 16, 8, 2, 64);
    private static final int ROUNDS = 1_500;
    private static final int MAX_PAUSE_NS = 60_000;
    private static final PortOptions WAITING = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);

    private enum Call
    {
        CLIENT
        {
            @Override
            void make(final Attachment attachment, final Port own)
            {
                attachment.client(TestRegion.NAME, new PortOptions());
            }
        },
        WAITING_CLIENT
        {
            @Override
            void make(final Attachment attachment, final Port own)
            {
                attachment.client("nobody", WAITING);
            }
        },
        SERVICE
        {
            @Override
            void make(final Attachment attachment, final Port own)
            {
                attachment.service("another", new PortOptions());
            }
        },
        WAIT_SET
        {
            @Override
            void make(final Attachment attachment, final Port own)
            {
                attachment.waitSet();
            }
        },
        PORT_CLOSE
        {
            @Override
            void make(final Attachment attachment, final Port own)
            {
                own.close();
            }
        };

        abstract void make(Attachment attachment, Port own);
    }

    @ParameterizedTest
    @EnumSource(Call.class)
    @DisplayName("F40: a call in flight during a close returns its result or CLOSED, and the tables are clean")
    void shouldWaitForCallsInFlight(final Call call) throws Exception
    {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        try (TestRegion region = new TestRegion(GEOMETRY))
        {
            final ServicePort service = region.service();
            final Message message = new Message();
            for (int round = 0; round < ROUNDS; round++)
            {
                final Attachment attachment = region.attach(new ClosingHost(region.host()), 0);
                final Port own = attachment.client(TestRegion.NAME, new PortOptions());
                service.get(message);
                final int callPauseNs = random.nextInt(MAX_PAUSE_NS);
                final int closePauseNs = random.nextInt(MAX_PAUSE_NS);
                final CountDownLatch start = new CountDownLatch(1);
                final Future<?> made = executor.submit(() ->
                {
                    start.countDown();
                    pause(callPauseNs);
                    try
                    {
                        call.make(attachment, own);
                    }
                    catch (final CapsException ex)
                    {
                        assertThat(ex.status()).isEqualTo(Status.CLOSED);
                    }
                });
                start.await();
                pause(closePauseNs);
                attachment.close();
                // Before any process reaps: the close itself leaves nothing.
                assertThat(region.processesInUse()).as("processes, seed %d, round %d", seed, round).isEqualTo(1);
                made.get();
                while (service.get(message) >= 0)
                {
                    // Disposals.
                }
                assertThat(region.linksInUse()).as("links, seed %d, round %d", seed, round).isZero();
                assertThat(region.portsInUse()).as("ports, seed %d, round %d", seed, round).isEqualTo(1);
            }
        }
        finally
        {
            executor.shutdownNow();
        }
    }

    private static void pause(final int pauseNs)
    {
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < pauseNs)
        {
            Thread.onSpinWait();
        }
    }

    /** Like a host of a file: a call after its close fails. */
    private static final class ClosingHost extends ForwardingHost
    {
        private volatile boolean isClosed;

        ClosingHost(final Host host)
        {
            super(host);
        }

        @Override
        public boolean lockTables(final long timeoutNs)
        {
            check();
            return super.lockTables(timeoutNs);
        }

        @Override
        public void unlockTables()
        {
            check();
            super.unlockTables();
        }

        @Override
        public boolean isAlive(final int processIndex)
        {
            check();
            return super.isAlive(processIndex);
        }

        @Override
        public UnsafeBuffer link(final int linkIndex)
        {
            check();
            return super.link(linkIndex);
        }

        @Override
        public boolean back(final int linkIndex, final int offset, final int length)
        {
            check();
            return super.back(linkIndex, offset, length);
        }

        @Override
        public void close()
        {
            isClosed = true;
            super.close();
        }

        private void check()
        {
            if (isClosed)
            {
                throw new IllegalStateException("the attachment is closed");
            }
        }
    }

    @Test
    @DisplayName(
        "F40, B4: a wait set that is closed between its waiter's check and its look at the wake word ends the wait")
    void shouldNotSleepInWaitSetThatIsClosed() throws Exception
    {
        final TestFutex futex = new TestFutex();
        try (TestRegion region = new TestRegion(GEOMETRY, futex))
        {
            final TestHost sleeping = region.host();
            sleeping.onSleep = () ->
            {
                throw new AssertionError("sleeps in a wait set that is closed");
            };
            final LookingHost host = new LookingHost(sleeping);
            final WaitSet waitSet = region.attach(host, 0).waitSet();
            // The only entry of the port table that is in use, the first.
            final int wakeOffset = GEOMETRY.portOffset(0) + PortDescriptor.WAKE_OFFSET;
            final Thread closer = new Thread(waitSet::close);
            host.beforeLook = (offset) ->
            {
                if (offset == wakeOffset)
                {
                    host.beforeLook = null;
                    final int before = region.tables().getIntVolatile(wakeOffset);
                    closer.start();
                    while (region.tables().getIntVolatile(wakeOffset) == before)
                    {
                        Thread.onSpinWait();
                    }
                }
            };
            assertThat(waitSet.await(Long.MAX_VALUE)).isNull();
            closer.join();
            assertThat(region.portsInUse()).isZero();
        }
    }

    @Test
    @DisplayName(
        "F40: the entry of a wait set is freed once no thread waits in it, and only by its own incarnation")
    void shouldNotFreeEntryOfWaitSetThatIsInUse() throws Exception
    {
        final TestFutex futex = new TestFutex();
        try (TestRegion region = new TestRegion(GEOMETRY, futex))
        {
            final TestHost host = region.host();
            final Attachment attachment = region.attach(host);
            final WaitSet waitSet = attachment.waitSet();
            final CountDownLatch asleep = new CountDownLatch(1);
            final CountDownLatch mayWake = new CountDownLatch(1);
            host.onSleep = () ->
            {
                asleep.countDown();
                awaitUninterruptibly(mayWake);
            };
            final Thread waiter = new Thread(() -> waitSet.await(Long.MAX_VALUE));
            waiter.start();
            asleep.await();
            final Thread closer = new Thread(waitSet::close);
            closer.start();
            while (closer.getState() != Thread.State.TIMED_WAITING && closer.isAlive())
            {
                Thread.onSpinWait();
            }
            final int portsInUse = region.portsInUse();
            mayWake.countDown();
            assertThat(portsInUse).isEqualTo(1);
            waiter.join();
            closer.join();
            assertThat(region.portsInUse()).isZero();
            attachment.service(TestRegion.NAME, new PortOptions());
            waitSet.close();
            assertThat(region.portsInUse()).isEqualTo(1);
        }
    }

    private static void awaitUninterruptibly(final CountDownLatch latch)
    {
        try
        {
            latch.await();
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** A host at which a test sees the reads of the tables. */
    private static final class LookingHost extends ForwardingHost
    {
        private volatile IntConsumer beforeLook;
        private final UnsafeBuffer tables;

        LookingHost(final Host host)
        {
            super(host);
            tables = new UnsafeBuffer(host.tables(), 0, host.tables().capacity())
            {
                @Override
                public int getIntVolatile(final int index)
                {
                    final IntConsumer beforeLook = LookingHost.this.beforeLook;
                    if (null != beforeLook)
                    {
                        beforeLook.accept(index);
                    }
                    return super.getIntVolatile(index);
                }
            };
        }

        @Override
        public UnsafeBuffer tables()
        {
            return tables;
        }
    }
}
