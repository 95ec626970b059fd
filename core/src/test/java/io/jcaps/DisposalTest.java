/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disposals where many replies are out at once: the service does not look at each of them each time, and misses none.
 */
class DisposalTest
{
    private static final int SLOTS = 32;
    private static final int LENGTH = 8;

    private final TestRegion region = new TestRegion(SLOTS, 256);
    private final ServicePort service = region.attach(region.host()).service(TestRegion.NAME, new PortOptions());
    private final ClientPort client = region.attach(region.host()).client(TestRegion.NAME, new PortOptions());
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
    private final Message request = new Message();

    @AfterEach
    void close()
    {
        region.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 6, SLOTS})
    @DisplayName("R21: one get finds the one reply that is disposed of, whichever of many it is")
    void shouldFindEachDisposalAtOnce(final int outCount)
    {
        final long seed = System.nanoTime();
        System.out.println("DisposalTest: seed=" + seed);
        final List<Message> views = new ArrayList<>();
        for (int i = 0; i < outCount; i++)
        {
            views.add(roundTrip());
        }
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        Collections.shuffle(views, new Random(seed));
        for (final Message view : views)
        {
            view.release();
            assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
            assertThat(request.id()).isEqualTo(view.id());
            assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, SLOTS - 1})
    @DisplayName("R21: replies held for long are disposed of once, however many others were taken and released")
    void shouldFindDisposalsOfOldReplies(final int heldCount)
    {
        final List<Message> held = new ArrayList<>();
        for (int i = 0; i < heldCount; i++)
        {
            held.add(roundTrip());
        }
        // More replies than the service remembers the slots of.
        final int passingCount = 1_000;
        final List<Long> disposed = new ArrayList<>();
        for (int i = 0; i < passingCount; i++)
        {
            roundTrip(disposed).release();
        }
        drain(disposed);
        assertThat(disposed).hasSize(passingCount);
        disposed.clear();
        for (int i = heldCount - 1; i >= 0; i--)
        {
            held.get(i).release();
            drain(disposed);
            assertThat(disposed).containsExactly(held.get(i).id());
            disposed.clear();
        }
        assertThat(client.inProgress()).isZero();
    }

    private Message roundTrip()
    {
        return roundTrip(new ArrayList<>());
    }

    private Message roundTrip(final List<Long> disposed)
    {
        final long id = client.put(bytes, 0, LENGTH);
        assertThat(id).isPositive();
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            disposed.add(request.id());
            state = service.get(request);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
        assertThat(request.reply(bytes, 0, LENGTH)).isEqualTo(Status.OK);
        final Message reply = new Message();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        return reply;
    }

    private void drain(final List<Long> disposed)
    {
        while (MessageState.DISPOSE == service.get(request))
        {
            disposed.add(request.id());
        }
    }
}
