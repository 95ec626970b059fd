/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One side is stopped before its store number n into the link, for each n: there it dies, or there the other side acts.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StepTest
{
    private static final int MESSAGE_COUNT = 6;
    private static final int MAX_STORES = 400;

    private final TestRegion region = new TestRegion(2, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final TestHost host = region.host();
    private final Message request = new Message();
    private final Message reply = new Message();
    private int storeCount;

    private static final class Death extends Error
    {
        private static final long serialVersionUID = 1L;
    }

    @AfterEach
    void close()
    {
        host.beforeStore = null;
        region.close();
    }

    private void actBefore(final int store, final Runnable action)
    {
        storeCount = 0;
        host.beforeStore = () ->
        {
            if (storeCount++ == store)
            {
                action.run();
            }
        };
    }

    private static void die()
    {
        throw new Death();
    }

    private int fill(final long value)
    {
        final int length = 16 + (int)(value % 3) * 24;
        for (int i = 0; i < length; i += 8)
        {
            bytes.putLong(i, value);
        }
        return length;
    }

    private static long checkWhole(final Message message)
    {
        final long value = message.buffer().getLong(0);
        for (int i = 0; i < message.length(); i += 8)
        {
            assertThat(message.buffer().getLong(i)).as("torn").isEqualTo(value);
        }
        assertThat(message.length()).isEqualTo(16 + (int)(value % 3) * 24);
        return value;
    }

    private boolean next(final ServicePort service)
    {
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(request);
        }
        return MessageState.REQUEST == state;
    }

    @Test
    @DisplayName("B1, R25: whatever store a service dies before, each message has one outcome, and no reply is torn")
    void shouldGiveOneOutcomeWhereverServiceDies()
    {
        boolean isOver = false;
        for (int store = 0; !isOver; store++)
        {
            assertThat(store).isLessThan(MAX_STORES);
            host.beforeStore = () -> storeCount++;
            final TestHost serviceHost = host;
            final Attachment serviceProcess = region.attach(serviceHost);
            final Attachment clientProcess = region.attach();
            final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
            final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
            final Set<Long> pending = new HashSet<>();
            final Set<Long> received = new HashSet<>();
            final Map<Long, Integer> outcomes = new HashMap<>();
            actBefore(store, StepTest::die);
            try
            {
                for (int i = 0; i < MESSAGE_COUNT; i++)
                {
                    pending.add(client.put(bytes, 0, fill(i)));
                    final long abortedId = client.put(bytes, 0, fill(i));
                    pending.add(abortedId);
                    if (i % 2 == 0)
                    {
                        client.abort(abortedId, false);
                    }
                    while (next(service))
                    {
                        received.add(request.id());
                        assertThat(request.reply(bytes, 0, fill(checkWhole(request) + 100))).isEqualTo(Status.OK);
                    }
                    takeAll(client, outcomes);
                }
                isOver = true;
                assertThat(store).as("stores that were stepped through").isGreaterThan(20);
            }
            catch (final Death ex)
            {
                assertThat(client.get(reply)).isIn(Status.WOULD_BLOCK, MessageState.REPLY);
                reply.release();
                if (reply.id() > 0 && !outcomes.containsKey(reply.id()))
                {
                    outcomes.put(reply.id(), reply.outcome());
                }
            }
            serviceProcess.abandon();
            clientProcess.watch().doWork();
            takeAll(client, outcomes);
            assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
            assertThat(client.inProgress()).isZero();
            assertThat(outcomes.keySet()).as("store " + store).isEqualTo(pending);
            for (final long id : received)
            {
                assertThat(Outcome.wasReceived(outcomes.get(id))).as("store " + store).isTrue();
            }
            clientProcess.close();
        }
    }

    @Test
    @DisplayName("B1, R25: a reply that is in its slot when the service dies counts, though no record tells of it yet")
    void shouldFindReplyInItsSlotWhereverServiceDies()
    {
        boolean isOver = false;
        for (int store = 0; !isOver; store++)
        {
            assertThat(store).isLessThan(MAX_STORES);
            host.beforeStore = () -> storeCount++;
            final Attachment serviceProcess = region.attach(host);
            final Attachment clientProcess = region.attach();
            final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
            final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
            final long[] ids = {client.put(bytes, 0, fill(0)), client.put(bytes, 0, fill(1))};
            assertThat(next(service) && next(service)).isTrue();
            actBefore(store, StepTest::die);
            try
            {
                // Not in the order in which the client expects them.
                service.reply(ids[1], bytes, 0, fill(4));
                service.reply(ids[0], bytes, 0, fill(5));
                isOver = true;
            }
            catch (final Death ex)
            {
                assertThat(store).isLessThan(MAX_STORES);
            }
            final Map<Long, Integer> outcomes = new HashMap<>();
            serviceProcess.abandon();
            clientProcess.watch().doWork();
            takeAll(client, outcomes);
            for (final long id : ids)
            {
                final long found = client.host.link(client.entry.linkIndex()).getLongVolatile(
                    region.geometry.replyHalfOffset(SlotDescriptor.slotIndex(id)) + SlotDescriptor.ID_OFFSET);
                assertThat(Outcome.text(outcomes.get(id))).as("store " + store)
                    .isEqualTo(found == id ? "REPLIED" : "SERVICE_DIED|RECEIVED");
            }
            clientProcess.close();
        }
    }

    private void takeAll(final ClientPort client, final Map<Long, Integer> outcomes)
    {
        while (MessageState.REPLY == client.get(reply))
        {
            if (Outcome.REPLIED == reply.outcome())
            {
                checkWhole(reply);
            }
            assertThat(outcomes.put(reply.id(), reply.outcome())).as("second outcome").isNull();
            reply.release();
        }
    }

    @Test
    @DisplayName("R24, R25: whatever store a client dies before, nothing torn is received, and all is disposed of")
    void shouldReceiveNothingTornWhereverClientDies()
    {
        final Attachment serviceProcess = region.attach();
        final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
        boolean isOver = false;
        for (int store = 0; !isOver; store++)
        {
            assertThat(store).isLessThan(MAX_STORES);
            host.beforeStore = () -> storeCount++;
            final Attachment clientProcess = region.attach(host);
            final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
            final Set<Long> received = new HashSet<>();
            final Set<Long> disposed = new HashSet<>();
            actBefore(store, StepTest::die);
            try
            {
                for (int i = 0; i < MESSAGE_COUNT; i++)
                {
                    client.put(bytes, 0, fill(i));
                    client.abort(client.put(bytes, 0, fill(i)), i % 2 == 0);
                    serveAll(service, received, disposed, i % 3 > 0);
                    while (MessageState.REPLY == client.get(reply))
                    {
                        reply.release();
                    }
                }
                isOver = true;
                assertThat(store).as("stores that were stepped through").isGreaterThan(20);
            }
            catch (final Death ex)
            {
                serveAll(service, received, disposed, false);
            }
            clientProcess.abandon();
            serviceProcess.watch().doWork();
            serveAll(service, received, disposed, false);
            assertThat(disposed).as("store " + store).isEqualTo(received);
            assertThat(service.clientCount()).isZero();
        }
    }

    private void serveAll(
        final ServicePort service, final Set<Long> received, final Set<Long> disposed, final boolean isReplying)
    {
        while (true)
        {
            final int state = service.get(request);
            if (MessageState.REQUEST == state)
            {
                checkWhole(request);
                assertThat(received.add(request.id())).isTrue();
                if (isReplying)
                {
                    request.reply(bytes, 0, fill(0));
                }
                request.release();
            }
            else if (MessageState.DISPOSE == state)
            {
                assertThat(disposed.add(request.id())).isTrue();
            }
            else
            {
                return;
            }
        }
    }

    @ParameterizedTest(name = "hard: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: whatever store of the service an abort comes before, its result is true and its outcome one")
    void shouldTellTruthWheneverAbortComes(final boolean isHard)
    {
        for (int store = 0; store < 60; store++)
        {
            host.beforeStore = () -> storeCount++;
            final Attachment serviceProcess = region.attach(host);
            final Attachment clientProcess = region.attach();
            final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
            final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
            final List<Long> ids = new ArrayList<>();
            final int[] result = {-1};
            ids.add(client.put(bytes, 0, fill(1)));
            ids.add(client.put(bytes, 0, fill(2)));
            final long abortedId = ids.get(store % 2);
            actBefore(store, () -> result[0] = client.abort(abortedId, isHard));
            final Set<Long> received = new HashSet<>();
            final Set<Long> disposed = new HashSet<>();
            final Map<Long, Integer> outcomes = new HashMap<>();
            for (int i = 0; i < 4; i++)
            {
                serveAll(service, received, disposed, true);
                takeAll(client, outcomes);
            }
            final String what = "store " + store + ", result " + result[0] + ", " + outcomes;
            assertThat(outcomes.keySet()).as(what).containsExactlyInAnyOrderElementsOf(ids);
            final int outcome = outcomes.get(abortedId);
            assertThat(received.contains(ids.get(1 - store % 2))).as(what).isTrue();
            if (AbortResult.BEFORE_SERVER == result[0])
            {
                assertThat(received).as(what).doesNotContain(abortedId);
                assertThat(Outcome.text(outcome)).as(what).isEqualTo("ABORTED");
            }
            else if (AbortResult.RETURNED == result[0] || Status.INVALID == result[0] || -1 == result[0])
            {
                assertThat(outcome).as(what).isEqualTo(Outcome.REPLIED);
            }
            else
            {
                assertThat(result[0]).as(what).isEqualTo(AbortResult.AT_SERVER);
            }
            if (!Outcome.wasReceived(outcome))
            {
                assertThat(received).as(what).doesNotContain(abortedId);
            }
            assertThat(disposed).as(what).isEqualTo(received);
            assertThat(client.inProgress()).as(what).isZero();
            clientProcess.close();
            serviceProcess.close();
        }
    }

    @ParameterizedTest(name = "hard: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: whatever store of the client the service looks before, an abort's result is true")
    void shouldTellTruthWheneverServiceLooks(final boolean isHard)
    {
        for (int store = 0; store < 60; store++)
        {
            host.beforeStore = () -> storeCount++;
            final Attachment serviceProcess = region.attach();
            final Attachment clientProcess = region.attach(host);
            final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
            final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
            final Set<Long> received = new HashSet<>();
            final Set<Long> disposed = new HashSet<>();
            final Map<Long, Integer> outcomes = new HashMap<>();
            final Set<Long> ids = new HashSet<>();
            final Map<Long, Integer> results = new HashMap<>();
            final boolean isReplying = store % 2 == 0;
            actBefore(store, () -> serveAll(service, received, disposed, isReplying));
            for (int i = 0; i < 3; i++)
            {
                final long id = client.put(bytes, 0, fill(i));
                ids.add(id);
                results.put(id, client.abort(id, isHard));
                takeAll(client, outcomes);
                for (final long held : received)
                {
                    if (!isReplying)
                    {
                        service.reply(held, bytes, 0, fill(0));
                    }
                }
                serveAll(service, received, disposed, true);
                takeAll(client, outcomes);
            }
            serveAll(service, received, disposed, true);
            final String what = "store " + store + ", results " + results + ", " + outcomes;
            assertThat(outcomes.keySet()).as(what).isEqualTo(ids);
            for (final long id : ids)
            {
                if (AbortResult.BEFORE_SERVER == results.get(id))
                {
                    assertThat(received).as(what).doesNotContain(id);
                    assertThat(Outcome.text(outcomes.get(id))).as(what).isEqualTo("ABORTED");
                }
                if (received.contains(id))
                {
                    assertThat(Outcome.wasReceived(outcomes.get(id))).as(what).isTrue();
                }
            }
            assertThat(disposed).as(what).isEqualTo(received);
            assertThat(client.inProgress()).as(what).isZero();
            clientProcess.close();
            serviceProcess.close();
        }
    }
}
