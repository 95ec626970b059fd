/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.layout.Geometry;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What one thread detects about a port's links reaches the thread that acts on it, whatever that thread is doing.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LostDeathTest
{
    private static final int ROUND_COUNT = Integer.getInteger("caps.test.deaths", Extent.of(200, 1_000));

    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 4, 64));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        region.close();
    }

    @ParameterizedTest(name = "single-threaded: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("F2, R24, R25: each death is reported, although the service ends views while the watch finds it")
    void shouldReportEachDeath(final boolean singleThreaded) throws InterruptedException
    {
        final Attachment process = region.attach();
        final ServicePort service =
            process.service(TestRegion.NAME, new PortOptions().singleThreaded(singleThreaded));
        final ClientPort busy = region.attach().client(TestRegion.NAME, new PortOptions().singleThreaded(true));
        final AtomicInteger roundBegun = new AtomicInteger();
        final AtomicInteger roundWatched = new AtomicInteger();
        final Thread watch = new Thread(() ->
        {
            for (int round = 1; round <= ROUND_COUNT; round++)
            {
                while (roundBegun.get() < round)
                {
                    Thread.onSpinWait();
                }
                process.watch().doWork();
                roundWatched.set(round);
            }
        });
        watch.start();
        for (int round = 1; round <= ROUND_COUNT; round++)
        {
            final Attachment victim = Attachment.attach(region.host(), 0, Throwable::printStackTrace);
            final long id = victim.client(TestRegion.NAME, new PortOptions()).put(bytes, 0, 1);
            receive(service, id);
            request.release();
            victim.abandon();
            roundBegun.set(round);
            boolean isDisposed = false;
            while (roundWatched.get() < round)
            {
                isDisposed |= exchange(service, busy, id);
            }
            isDisposed |= exchange(service, busy, id);
            assertThat(isDisposed).as("death of round " + round + " reported").isTrue();
        }
        watch.join();
        assertThat(service.counter(PortCounter.DEATHS)).isEqualTo(ROUND_COUNT);
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    private void receive(final ServicePort service, final long id)
    {
        while (MessageState.REQUEST != service.get(request))
        {
            Thread.onSpinWait();
        }
        assertThat(request.id()).isEqualTo(id);
    }

    /** Exchanges one request and its reply; returns whether a disposal with this id came beside them. */
    private boolean exchange(final ServicePort service, final ClientPort client, final long id)
    {
        final long busyId = client.put(bytes, 0, 1);
        boolean isDisposed = false;
        while (client.get(reply) < 0)
        {
            final int state = service.get(request);
            if (MessageState.REQUEST == state)
            {
                assertThat(request.id()).isEqualTo(busyId);
                request.reply(bytes, 0, 1);
            }
            isDisposed |= MessageState.DISPOSE == state && request.id() == id;
        }
        reply.release();
        for (int state = service.get(request); MessageState.DISPOSE == state; state = service.get(request))
        {
            isDisposed |= request.id() == id;
        }
        return isDisposed;
    }

    @Test
    @DisplayName("F45: a wait that throws passes the wake-up on to the thread that sleeps beside it")
    void shouldPassWakeUpOnWhenWaitThrows() throws InterruptedException
    {
        final TestFutex futex = new TestFutex();
        try (TestRegion sleepy = new TestRegion(new Geometry(8, 8, 4, 4, 64), futex))
        {
            final AtomicInteger failures = new AtomicInteger();
            final Attachment process = sleepy.attach(new ForwardingHost(sleepy.host())
            {
                @Override
                public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
                {
                    host.sleep(wakeOffset, expected, timeoutNs);
                    if (failures.getAndDecrement() > 0)
                    {
                        throw new OutOfMemoryError("Cannot reserve direct buffer memory");
                    }
                }
            });
            final ServicePort service = process.service(TestRegion.NAME, new PortOptions().spinCount(0));
            final ClientPort client = sleepy.attach().client(TestRegion.NAME, new PortOptions());
            final AtomicInteger received = new AtomicInteger();
            final AtomicInteger thrown = new AtomicInteger();
            final Runnable waiter = () ->
            {
                try
                {
                    received.addAndGet(
                        MessageState.REQUEST == service.await(new Message(), Long.MAX_VALUE) ? 1 : 0);
                }
                catch (final OutOfMemoryError ex)
                {
                    thrown.incrementAndGet();
                }
            };
            final Thread first = new Thread(waiter);
            final Thread second = new Thread(waiter);
            first.start();
            second.start();
            while (first.getState() == Thread.State.RUNNABLE || second.getState() == Thread.State.RUNNABLE ||
                sleeperCount(sleepy, service) < 2)
            {
                Thread.onSpinWait();
            }
            failures.set(1);
            client.put(bytes, 0, 1);
            first.join();
            second.join();
            assertThat(thrown.get()).isEqualTo(1);
            assertThat(received.get()).isEqualTo(1);
        }
    }

    private static int sleeperCount(final TestRegion region, final ServicePort service)
    {
        return region.tables().getIntVolatile(service.entry.sleepersOffset());
    }
}
