/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Order and fairness: R19.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OrderTest
{
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[64]);

    private static int getRequest(final ServicePort service, final Message message)
    {
        int state = service.get(message);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(message);
        }
        return state;
    }

    @ParameterizedTest(name = "{0} slots")
    @ValueSource(ints = {1, 2, 3, 16, 17})
    @DisplayName("R19: thousands of messages go round the rings in bursts, each in its order, both ways")
    void shouldKeepOrderRoundTheRings(final int slotCount)
    {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        try (TestRegion region = new TestRegion(slotCount, 40))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final Message request = new Message();
            final Message reply = new Message();
            final ArrayDeque<Long> put = new ArrayDeque<>();
            final List<Long> held = new ArrayList<>();
            final ArrayDeque<Long> replied = new ArrayDeque<>();
            int putCount = 0;
            int gotCount = 0;
            int takenCount = 0;
            while (takenCount < 5_000)
            {
                for (int i = random.nextInt(2 * slotCount); i > 0; i--)
                {
                    BYTES.putInt(0, putCount);
                    final long id = client.put(BYTES, 0, random.nextBoolean() ? 4 : 40);
                    if (id > 0)
                    {
                        putCount++;
                        put.add(id);
                    }
                }
                for (int i = random.nextInt(2 * slotCount); i > 0 && getRequest(service, request) >= 0; i--)
                {
                    assertThat(request.id()).as("seed=" + seed).isEqualTo(put.remove());
                    assertThat(request.buffer().getInt(0)).isEqualTo(gotCount++);
                    held.add(request.id());
                }
                Collections.shuffle(held, random);
                for (int i = random.nextInt(held.size() + 1); i > 0; i--)
                {
                    final long id = held.remove(0);
                    assertThat(service.reply(id, BYTES, 0, random.nextBoolean() ? 4 : 40)).isEqualTo(Status.OK);
                    replied.add(id);
                }
                for (int i = random.nextInt(2 * slotCount); i > 0 && client.get(reply) >= 0; i--)
                {
                    assertThat(reply.id()).as("seed=" + seed).isEqualTo(replied.remove());
                    reply.release();
                    takenCount++;
                }
            }
        }
    }

    @ParameterizedTest(name = "{0} clients")
    @ValueSource(ints = {2, 3, 5, 8})
    @DisplayName("R19: the requests of one client are received in order, and no flooding client starves another")
    void shouldNotStarve(final int clientCount)
    {
        try (TestRegion region = new TestRegion(new Geometry(16, 16, 8, 4, 16)))
        {
            final ServicePort service = region.service();
            final ClientPort[] clients = new ClientPort[clientCount];
            final int[] putCounts = new int[clientCount];
            final int[] gotCounts = new int[clientCount];
            final int[] waited = new int[clientCount];
            for (int i = 0; i < clientCount; i++)
            {
                clients[i] = region.client();
            }
            final Message request = new Message();
            final Message reply = new Message();
            for (int round = 0; round < 5_000; round++)
            {
                for (int i = 0; i < clientCount; i++)
                {
                    // The first client puts as much as it can. The others put one message from time to time.
                    while (0 == i || putCounts[i] == gotCounts[i] && round % (i + 1) == 0)
                    {
                        BYTES.putInt(0, i);
                        BYTES.putInt(4, putCounts[i]);
                        if (clients[i].put(BYTES, 0, 8) < 0)
                        {
                            break;
                        }
                        putCounts[i]++;
                    }
                }
                assertThat(getRequest(service, request)).isEqualTo(MessageState.REQUEST);
                final int from = request.buffer().getInt(0);
                assertThat(request.buffer().getInt(4)).as("order of client " + from).isEqualTo(gotCounts[from]++);
                for (int i = 0; i < clientCount; i++)
                {
                    waited[i] = i == from || putCounts[i] == gotCounts[i] ? 0 : waited[i] + 1;
                    assertThat(waited[i]).as("others received while client " + i + " waited")
                        .isLessThan(2 * clientCount);
                }
                assertThat(request.reply(BYTES, 0, 0)).isEqualTo(Status.OK);
                assertThat(clients[from].get(reply)).isEqualTo(MessageState.REPLY);
                reply.release();
            }
        }
    }

    @Test
    @DisplayName("R19, R21: disposals are delivered although requests never stop")
    void shouldNotStarveDisposals()
    {
        try (TestRegion region = new TestRegion(2, 16))
        {
            final ServicePort service = region.service();
            final ClientPort client = region.client();
            final Message request = new Message();
            final Message reply = new Message();
            int disposed = 0;
            int replied = 0;
            for (int i = 0; i < 1_000; i++)
            {
                while (client.put(BYTES, 0, 1) > 0)
                {
                    // As many as there are slots.
                }
                if (MessageState.DISPOSE == service.get(request))
                {
                    disposed++;
                    continue;
                }
                request.reply(BYTES, 0, 1);
                replied++;
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                reply.release();
                assertThat(replied - disposed).isLessThanOrEqualTo(3);
            }
        }
    }

    @Test
    @DisplayName("R21: the disposals of an idle client are delivered, however busy others keep the service")
    void shouldDeliverDisposalOfSilentClientUnderLoad()
    {
        try (TestRegion region = new TestRegion(4, 40))
        {
            final ServicePort service = region.service();
            final ClientPort silent = region.client();
            final ClientPort busy = region.client();
            final Message request = new Message();
            final Message reply = new Message();

            final long silentId = silent.put(BYTES, 0, 4);
            assertThat(getRequest(service, request)).isEqualTo(MessageState.REQUEST);
            request.reply(BYTES, 0, 4);
            assertThat(silent.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();

            // One more request always waits, so the service always finds one.
            assertThat(busy.put(BYTES, 0, 4)).isPositive();
            boolean isDisposed = false;
            for (int i = 0; i < 1_000 && !isDisposed; i++)
            {
                assertThat(busy.put(BYTES, 0, 4)).isPositive();
                int state = service.get(request);
                while (MessageState.DISPOSE == state)
                {
                    isDisposed |= silentId == request.id();
                    state = service.get(request);
                }
                assertThat(state).isEqualTo(MessageState.REQUEST);
                request.reply(BYTES, 0, 4);
                assertThat(busy.get(reply)).isEqualTo(MessageState.REPLY);
                reply.release();
            }
            assertThat(isDisposed).isTrue();
        }
    }
}
