/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Random traffic over random faults, with a ledger at both ends: what the clients were told against what the service
 * was given. A failure names its seed.
 */
class LedgerTest
{
    private static final int SLOTS = 4;
    private static final int LIMIT = 4_096;
    private static final int STEPS = 3_000;

    private final Map<Long, Integer> received = new HashMap<>();
    private final Map<Long, Integer> outcomes = new HashMap<>();
    // Ids are unique in a region (R12).
    private final Map<Long, Long> numbers = new HashMap<>();
    private final Set<Long> accepted = new HashSet<>();

    static LongStream seeds()
    {
        final Long seed = Long.getLong("caps.test.seed");
        return null != seed ? LongStream.of(seed) : LongStream.range(1, Integer.getInteger("ledger.seeds", 60));
    }

    @ParameterizedTest(name = "caps.test.seed={0}")
    @MethodSource("seeds")
    @DisplayName("B1, B7: exactly one outcome, handed out at most once, RECEIVED unset only if it was never handed out")
    void shouldBalance(final long seed)
    {
        final Random random = new Random(seed);
        try (Scene scene = new Scene(SLOTS, LIMIT))
        {
            scene.withService().begin();
            scene.steps(20);
            final List<ClientPort> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++)
            {
                clients.add(scene.client());
            }
            final int fault = random.nextInt(6);
            final int faultStep = STEPS / 2 + random.nextInt(STEPS / 4);
            final ArrayDeque<Long> held = new ArrayDeque<>();
            long number = 0;
            for (int step = 0; step < STEPS; step++)
            {
                scene.toA.capacity = random.nextInt(4) == 0 ? random.nextInt(3) : 100;
                scene.toB.capacity = random.nextInt(4) == 0 ? random.nextInt(3) : 100;
                scene.toB.fragmentLength = 300 + random.nextInt(1_100);
                scene.toA.fragmentLength = 300 + random.nextInt(1_100);
                scene.toA.delayNs = random.nextInt(20_000_000);
                scene.toB.delayNs = random.nextInt(20_000_000);
                for (final ClientPort client : clients)
                {
                    if (random.nextBoolean())
                    {
                        scene.bytes.putLong(0, ++number);
                        final long id = client.put(scene.bytes, 0, 8 + random.nextInt(LIMIT - 8));
                        if (id > 0)
                        {
                            accepted.add(number);
                            numbers.put(id, number);
                        }
                    }
                    collect(scene, client);
                }
                if (step == faultStep)
                {
                    strike(scene, fault);
                }
                scene.step();
                duplicate(scene, random);
                serve(scene, held, random);
            }
            scene.isStoppedA = false;
            scene.isStoppedB = false;
            scene.toA.capacity = 100;
            scene.toB.capacity = 100;
            for (int i = 0; i < 2_000; i++)
            {
                scene.step();
                serve(scene, held, random);
                clients.forEach((client) -> collect(scene, client));
            }
            assertThat(outcomes.keySet()).as("each accepted put has its outcome").isEqualTo(accepted);
            assertThat(accepted.size()).as(scene.eventsA + " " + scene.eventsB).isGreaterThan(100);
            outcomes.forEach((id, outcome) ->
            {
                assertThat(received.getOrDefault(id, 0)).as("handed out").isLessThanOrEqualTo(1);
                if (!Outcome.wasReceived(outcome))
                {
                    assertThat(received).as(Outcome.text(outcome)).doesNotContainKey(id);
                }
                else if (Outcome.REPLIED == outcome)
                {
                    assertThat(received).containsKey(id);
                }
            });
            assertThat(scene.countersA.get(SessionCounter.VIOLATIONS)).isZero();
            assertThat(scene.countersB.get(SessionCounter.VIOLATIONS)).isZero();
        }
    }

    private static void strike(final Scene scene, final int fault)
    {
        switch (fault)
        {
            case 0 -> scene.toA.cut();
            case 1 -> scene.toB.cut();
            case 2 -> scene.isStoppedA = true;
            case 3 -> scene.isStoppedB = true;
            case 4 -> scene.service.close();
            default -> scene.serviceProcess.die();
        }
    }

    /** The next frame comes twice (aeron#439), but those of the handshake. */
    private static void duplicate(final Scene scene, final Random random)
    {
        final byte[] frame = 0 == random.nextInt(8) ? scene.toB.frames.peek() : null;
        if (null != frame && FrameDescriptor.REQUEST == frame[FrameDescriptor.TYPE_OFFSET] && !scene.isStoppedB)
        {
            scene.toB.fragmentLength = 100_000;
            scene.toB.deliver(scene.exporter, frame);
        }
    }

    private void serve(final Scene scene, final ArrayDeque<Long> held, final Random random)
    {
        for (int i = 0; i < 8; i++)
        {
            final int state = scene.service.get(scene.request);
            if (MessageState.REQUEST == state)
            {
                received.merge(scene.request.buffer().getLong(0), 1, Integer::sum);
                held.add(scene.request.id());
            }
            else if (state < 0)
            {
                break;
            }
        }
        while (!held.isEmpty() && 0 != random.nextInt(4))
        {
            scene.service.reply(0 == random.nextInt(2) ? held.pollFirst() : held.pollLast(), scene.bytes, 0,
                random.nextInt(LIMIT));
        }
    }

    private void collect(final Scene scene, final ClientPort client)
    {
        final Message reply = scene.reply;
        while (MessageState.REPLY == client.get(reply))
        {
            final Long number = numbers.remove(reply.id());
            assertThat(outcomes.put(number, reply.outcome())).as("one outcome").isNull();
            reply.release();
        }
    }
}
