/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The counters of both sides of a link are right.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CountersTest
{
    private static final int SLOT_COUNT = 4;
    private static final int MESSAGE_LIMIT = 100;

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
    private final Message message = new Message();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("Whatever both sides do, each number is the number of times that it was done")
    void shouldCountWhatHappened(final long seed)
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final RandomRun run = new RandomRun(new Random(seed), service, client);
            for (int i = 0; i < 5_000; i++)
            {
                run.step();
            }
            final AtomicBuffer link = region.region.host().link(0);
            run.check(link, "seed=" + seed);
            if ((seed & 1) == 0)
            {
                service.close();
            }
            else
            {
                // Dies: nothing more is counted, and nothing is lost.
                region.attachmentOf(service).abandon();
                region.attachmentOf(client).watch().doWork();
            }
            run.checkService(link, "its writer is gone, seed=" + seed);
            run.takeAll((seed & 1) == 0 ? ClientCounter.CLOSED : ClientCounter.DIED);
            run.check(link, "the service is gone, seed=" + seed);
            final long puts = client.counter(ClientCounter.PUTS);
            assertThat(puts).isEqualTo(client.counter(ClientCounter.REPLIES) + client.counter(ClientCounter.CLOSED) +
                client.counter(ClientCounter.DIED) + client.counter(ClientCounter.ABORTED));
            client.close();
            assertThat(client.counter(ClientCounter.PUTS)).as("after the close").isEqualTo(puts);
            run.checkClient(link, "both are gone, seed=" + seed);
        }
    }

    /** Does something on either side, and counts by itself. */
    private final class RandomRun
    {
        private final Random random;
        private final ServicePort service;
        private final ClientPort client;
        private final Map<ClientCounter, Long> ofClient = new EnumMap<>(ClientCounter.class);
        private final Map<ServiceCounter, Long> ofService = new EnumMap<>(ServiceCounter.class);
        private final ArrayDeque<Long> received = new ArrayDeque<>();
        private final List<Long> put = new ArrayList<>();

        RandomRun(final Random random, final ServicePort service, final ClientPort client)
        {
            this.random = random;
            this.service = service;
            this.client = client;
        }

        void step()
        {
            switch (random.nextInt(6))
            {
                case 0, 1 -> put();
                case 2 -> get();
                case 3 -> reply();
                case 4 -> take();
                default -> abort();
            }
        }

        private void put()
        {
            final int length = random.nextInt(MESSAGE_LIMIT + 1);
            final long id = client.put(bytes, 0, length);
            if (id > 0)
            {
                add(ClientCounter.PUTS, 1);
                add(ClientCounter.PUT_BYTES, length);
                put.add(id);
            }
            else
            {
                assertThat(id).isEqualTo(Status.NO_BUFFERS);
                add(ClientCounter.NO_BUFFERS, 1);
            }
        }

        private void get()
        {
            final int limit = random.nextBoolean() ? MESSAGE_LIMIT : 10;
            final int state = service.get(message, limit);
            if (MessageState.DISPOSE == state)
            {
                received.remove(message.id());
                return;
            }
            if (MessageState.REQUEST != state)
            {
                return;
            }
            if (message.length() > limit && random.nextBoolean())
            {
                assertThat(service.reply(message.id(), bytes, 0, 7)).isEqualTo(Status.OK);
                add(ServiceCounter.GETS, 1);
                add(ServiceCounter.REPLIES, 1);
                add(ServiceCounter.REPLY_BYTES, 7);
                return;
            }
            if (message.length() > limit)
            {
                assertThat(service.get(message, limit)).as("still first in line").isEqualTo(MessageState.REQUEST);
                assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
            }
            add(ServiceCounter.GETS, 1);
            add(ServiceCounter.GET_BYTES, message.length());
            received.add(message.id());
            message.release();
        }

        private void reply()
        {
            final Long id = received.poll();
            final int length = random.nextInt(MESSAGE_LIMIT + 1);
            if (null != id && Status.OK == service.reply(id, bytes, 0, length))
            {
                add(ServiceCounter.REPLIES, 1);
                add(ServiceCounter.REPLY_BYTES, length);
            }
        }

        private boolean take()
        {
            final int result = client.get(message);
            if (MessageState.REPLY != result)
            {
                return false;
            }
            put.remove(message.id());
            switch (Outcome.kind(message.outcome()))
            {
                case Outcome.REPLIED ->
                {
                    add(ClientCounter.REPLIES, 1);
                    add(ClientCounter.REPLY_BYTES, message.length());
                }
                case Outcome.ABORTED -> add(ClientCounter.ABORTED, 1);
                default -> add(Outcome.SERVICE_CLOSED == Outcome.kind(message.outcome()) ?
                    ClientCounter.CLOSED : ClientCounter.DIED, 1);
            }
            message.release();
            return true;
        }

        private void abort()
        {
            if (!put.isEmpty())
            {
                final boolean isHard = random.nextBoolean();
                final int result = client.abort(put.get(random.nextInt(put.size())), isHard);
                if (AbortResult.BEFORE_SERVER == result || isHard && AbortResult.AT_SERVER == result)
                {
                    add(ClientCounter.ABORTS, 1);
                }
            }
        }

        void takeAll(final ClientCounter expected)
        {
            assertThat(ofClient).doesNotContainKey(expected);
            boolean isDue = true;
            while (isDue)
            {
                isDue = take();
            }
            assertThat(client.inProgress()).isZero();
        }

        private void add(final ClientCounter counter, final long count)
        {
            ofClient.merge(counter, count, Long::sum);
        }

        private void add(final ServiceCounter counter, final long count)
        {
            ofService.merge(counter, count, Long::sum);
        }

        void check(final AtomicBuffer link, final String what)
        {
            checkClient(link, what);
            checkService(link, what);
            for (final ClientCounter counter : ClientCounter.values())
            {
                assertThat(client.counter(counter)).isEqualTo(LinkCounters.get(link, counter));
            }
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                assertThat(service.counter(counter)).isEqualTo(LinkCounters.get(link, counter));
            }
        }

        void checkClient(final AtomicBuffer link, final String what)
        {
            for (final ClientCounter counter : ClientCounter.values())
            {
                assertThat(LinkCounters.get(link, counter)).as(counter + ", " + what)
                    .isEqualTo(ofClient.getOrDefault(counter, 0L));
            }
        }

        void checkService(final AtomicBuffer link, final String what)
        {
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                // Skips and disposals depend on when the service looks: see shouldCountSkipsAndDisposals.
                if (ServiceCounter.SKIPS != counter && ServiceCounter.DISPOSALS != counter)
                {
                    assertThat(LinkCounters.get(link, counter)).as(counter + ", " + what)
                        .isEqualTo(ofService.getOrDefault(counter, 0L));
                }
            }
        }
    }

    @Test
    @DisplayName("A message that its service finds aborted is skipped, and one whose reply was taken is disposed of")
    void shouldCountSkipsAndDisposals()
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final long id = client.put(bytes, 0, 1);
            assertThat(client.abort(id, false)).isEqualTo(AbortResult.BEFORE_SERVER);
            assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(service.counter(ServiceCounter.SKIPS)).isEqualTo(1);
            assertThat(service.counter(ServiceCounter.GETS)).isZero();
            for (int i = 1; i <= 3; i++)
            {
                client.put(bytes, 0, 1);
                service.get(message);
                message.reply(bytes, 0, 1);
            }
            while (client.get(message) >= 0)
            {
                message.release();
            }
            int disposals = 0;
            while (MessageState.DISPOSE == service.get(message))
            {
                disposals++;
            }
            assertThat(disposals).isEqualTo(3);
            assertThat(service.counter(ServiceCounter.DISPOSALS)).isEqualTo(3);
        }
    }

    @Test
    @DisplayName("A service's sums include the counts of former clients, and a new client starts at 0")
    void shouldKeepCountsOfFormerClients()
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final ServicePort service = region.service();
            for (int i = 1; i <= 3; i++)
            {
                try (ClientPort client = region.client())
                {
                    assertThat(client.counter(ClientCounter.PUTS)).isZero();
                    client.put(bytes, 0, 9);
                    assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
                    message.reply(bytes, 0, 11);
                    assertThat(client.counter(ClientCounter.PUTS)).isEqualTo(1);
                }
                assertThat(service.get(message)).isEqualTo(MessageState.DISPOSE);
                assertThat(service.counter(ServiceCounter.GETS)).isEqualTo(i);
                assertThat(service.counter(ServiceCounter.GET_BYTES)).isEqualTo(9 * i);
                assertThat(service.counter(ServiceCounter.REPLY_BYTES)).isEqualTo(11 * i);
                assertThat(service.counter(ServiceCounter.DISPOSALS)).isEqualTo(i);
                assertThat(service.counter(PortCounter.ACCEPTED)).isEqualTo(i);
            }
            service.close();
            assertThat(service.counter(ServiceCounter.GETS)).isEqualTo(3);
            assertThat(service.counter(PortCounter.ACCEPTED)).isEqualTo(3);
        }
    }

    @Test
    @DisplayName("A system call to wake a peer is counted, by the side that made it")
    void shouldCountWakeUps()
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            client.put(bytes, 0, 1);
            assertThat(client.counter(ClientCounter.WAKE_UPS)).as("no thread sleeps").isZero();
            final PortEntry entry = new PortEntry(region.tables(), region.geometry);
            region.tables().putInt(entry.wrap(service.portIndex).sleepersOffset(), 1);
            client.put(bytes, 0, 1);
            assertThat(client.counter(ClientCounter.WAKE_UPS)).isEqualTo(1);
            region.tables().putInt(entry.sleepersOffset(), 0);
            region.tables().putInt(entry.wrap(client.portIndex).sleepersOffset(), 1);
            service.get(message);
            message.reply(bytes, 0, 1);
            assertThat(service.counter(ServiceCounter.WAKE_UPS)).isEqualTo(1);
            region.tables().putInt(entry.sleepersOffset(), 0);
        }
    }

    @Test
    @DisplayName("Threads that share a port lose no count")
    void shouldCountForAllThreads() throws InterruptedException
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final int threadCount = 3;
            final int callCount = 2_000;
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final PortAgent agent =
                new PortAgent(service, (each) ->
                {
                    if (MessageState.REQUEST == each.state())
                    {
                        each.reply(bytes, 0, 2);
                    }
                }, 10);
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < threadCount; i++)
            {
                threads.add(new Thread(() ->
                {
                    final Message reply = new Message();
                    for (int j = 0; j < callCount; j++)
                    {
                        while (client.call(bytes, 0, 1, reply, Long.MAX_VALUE) < 0)
                        {
                            Thread.yield();
                        }
                        reply.release();
                    }
                }));
            }
            threads.forEach(Thread::start);
            while (threads.stream().anyMatch(Thread::isAlive))
            {
                agent.doWork();
            }
            for (final Thread thread : threads)
            {
                thread.join();
            }
            final long expected = threadCount * callCount;
            assertThat(client.counter(ClientCounter.PUTS)).isEqualTo(expected);
            assertThat(client.counter(ClientCounter.REPLIES)).isEqualTo(expected);
            assertThat(client.counter(ClientCounter.REPLY_BYTES)).isEqualTo(2 * expected);
            assertThat(service.counter(ServiceCounter.GETS)).isEqualTo(expected);
            assertThat(service.counter(ServiceCounter.REPLIES)).isEqualTo(expected);
        }
    }

    @Test
    @DisplayName("Each counter of a link has one writer: its client or its service")
    void shouldHaveOneWriterEach()
    {
        try (TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT))
        {
            final Set<Integer> byService = new TreeSet<>();
            final Set<Integer> byClient = new TreeSet<>();
            final ServicePort service =
                region.attach(watched(region.host(), byService)).service(TestRegion.NAME, new PortOptions());
            final ClientPort client =
                region.attach(watched(region.host(), byClient)).client(TestRegion.NAME, new PortOptions());
            final RandomRun run = new RandomRun(new Random(1), service, client);
            for (int i = 0; i < 5_000; i++)
            {
                run.step();
            }
            service.close();
            run.takeAll(ClientCounter.CLOSED);
            assertThat(byClient).contains(LinkDescriptor.CLIENT_PUTS_OFFSET, LinkDescriptor.CLIENT_CLOSED_OFFSET)
                .allMatch((offset) -> offset > LinkDescriptor.DISPOSALS_OFFSET &&
                    offset < LinkDescriptor.SERVICE_COUNTERS_OFFSET);
            assertThat(byService).contains(LinkDescriptor.SERVICE_GETS_OFFSET, LinkDescriptor.SERVICE_DISPOSALS_OFFSET)
                .allMatch((offset) -> offset >= LinkDescriptor.SERVICE_COUNTERS_OFFSET &&
                    offset < LinkDescriptor.REQUEST_RING_OFFSET);
        }
    }

    /** A host whose links note where counters are stored: they alone are stored opaque. */
    private static Host watched(final Host host, final Set<Integer> offsets)
    {
        return (Host)Proxy.newProxyInstance(CountersTest.class.getClassLoader(), new Class<?>[]{Host.class},
            (proxy, method, arguments) ->
            {
                final Object result;
                try
                {
                    result = method.invoke(host, arguments);
                }
                catch (final InvocationTargetException ex)
                {
                    throw ex.getCause();
                }
                return !"link".equals(method.getName()) ? result :
                    new UnsafeBuffer((AtomicBuffer)result)
                    {
                        @Override
                        public void putLongOpaque(final int index, final long value)
                        {
                            offsets.add(index);
                            super.putLongOpaque(index, value);
                        }
                    };
            });
    }
}
