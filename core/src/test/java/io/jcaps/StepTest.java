/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.SteppingHost;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One side is stopped before its n-th store, for each n, and the other side acts there. {@link CrashTest} lets the side
 * die there.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class StepTest
{
    private static final int MIN_STORE_COUNT = 20;

    private final TestRegion region = new TestRegion(2, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        region.close();
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

    private void pollAll(final ServicePort service, final Set<Long> received, final Set<Long> disposed)
    {
        final MessageHandler handler = new MessageHandler()
        {
            @Override
            public void onMessage(final Message message)
            {
                checkWhole(message);
                assertThat(received.add(message.id())).isTrue();
                final int length = fill(0);
                message.replyBuffer(length).putBytes(0, bytes, 0, length);
                message.reply(length);
            }

            @Override
            public void onDispose(final long id)
            {
                assertThat(disposed.add(id)).isTrue();
            }
        };
        while (service.poll(handler, 3) > 0)
        {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest(name = "hard: {0}, in a batch: {1}")
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    @DisplayName("R29, B1: an abort before each store of the service: its result is true, and there is one outcome")
    void shouldReportTruthWheneverAbortComes(final boolean isHard, final boolean isBatch)
    {
        boolean hasActed = true;
        for (int store = 0; hasActed; store++)
        {
            // Twice at each store, once for each message.
            hasActed = tellsTruthWhenAbortComes(isHard, isBatch, store, 0);
            hasActed &= tellsTruthWhenAbortComes(isHard, isBatch, store, 1);
            assertThat(hasActed || store > MIN_STORE_COUNT).as("stores that were stepped through: " + store).isTrue();
        }
    }

    /** Whether there was such a store. */
    private boolean tellsTruthWhenAbortComes(
        final boolean isHard, final boolean isBatch, final int store, final int abortedIndex)
    {
        final SteppingHost host = new SteppingHost(region.host());
        final Attachment serviceProcess = region.attach(host);
        final Attachment clientProcess = region.attach();
        final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
        final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
        final List<Long> ids = new ArrayList<>();
        final int[] result = {-1};
        ids.add(client.put(bytes, 0, fill(1)));
        ids.add(client.put(bytes, 0, fill(2)));
        final long abortedId = ids.get(abortedIndex);
        host.actBefore(store, () -> result[0] = client.abort(abortedId, isHard));
        final Set<Long> received = new HashSet<>();
        final Set<Long> disposed = new HashSet<>();
        final Map<Long, Integer> outcomes = new HashMap<>();
        for (int i = 0; i < 4; i++)
        {
            if (isBatch)
            {
                pollAll(service, received, disposed);
            }
            else
            {
                serveAll(service, received, disposed, true);
            }
            takeAll(client, outcomes);
        }
        final String what = "store " + store + ", result " + result[0] + ", " + outcomes;
        assertThat(outcomes.keySet()).as(what).containsExactlyInAnyOrderElementsOf(ids);
        final int outcome = outcomes.get(abortedId);
        assertThat(received.contains(ids.get(1 - abortedIndex))).as(what).isTrue();
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
        return -1 != result[0];
    }

    @ParameterizedTest(name = "hard: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: whatever store of the client the service looks before, an abort's result is true")
    void shouldReportTruthWheneverServiceLooks(final boolean isHard)
    {
        boolean hasActed = true;
        for (int store = 0; hasActed; store++)
        {
            hasActed = tellsTruthWhenServiceLooks(isHard, store, false);
            hasActed &= tellsTruthWhenServiceLooks(isHard, store, true);
            assertThat(hasActed || store > MIN_STORE_COUNT).as("stores that were stepped through: " + store).isTrue();
        }
    }

    /** Whether there was such a store. */
    private boolean tellsTruthWhenServiceLooks(final boolean isHard, final int store, final boolean isReplying)
    {
        final SteppingHost host = new SteppingHost(region.host());
        final Attachment serviceProcess = region.attach();
        final Attachment clientProcess = region.attach(host);
        final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
        final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
        final Set<Long> received = new HashSet<>();
        final Set<Long> disposed = new HashSet<>();
        final Map<Long, Integer> outcomes = new HashMap<>();
        final Set<Long> ids = new HashSet<>();
        final Map<Long, Integer> results = new HashMap<>();
        final AtomicBoolean hasActed = new AtomicBoolean();
        host.actBefore(store, () ->
        {
            hasActed.set(true);
            serveAll(service, received, disposed, isReplying);
        });
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
        return hasActed.get();
    }
}
