/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.ClientPort;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same traffic again and again, with a fault after each fragment of each frame, the handshake's included.
 */
class FragmentDeathTest
{
    private static final int SLOTS = 2;
    private static final int LIMIT = 3_000;
    private static final int COUNT = 6;
    private static final int FRAGMENT_LENGTH = 1_000;
    private static final int LAST_STEPS = 1_500;
    /** Later than lost-after. */
    private static final int RESUME_STEP = 700;

    private enum Fault
    {
        CUT, A_STOPS, B_STOPS, SERVICE_DIES, CLIENT_DIES
    }

    private final Map<Long, Integer> outcomes = new HashMap<>();
    private final Map<Long, Integer> received = new HashMap<>();
    private final Map<Long, Long> numbers = new HashMap<>();
    private long lastNumber;
    private boolean isServiceDead;

    @ParameterizedTest
    @EnumSource(Fault.class)
    @DisplayName("B1, B7: a fault after each fragment: exactly one outcome, RECEIVED unset only if never handed out")
    void shouldBalanceAfterEachFragment(final Fault fault)
    {
        int fragments = 0;
        while (strikeAfter(fault, fragments))
        {
            fragments++;
        }
        assertThat(fragments).as("fragments of the whole traffic").isGreaterThan(30);
    }

    /** Whether the fault came before all was done. */
    private boolean strikeAfter(final Fault fault, final int fragments)
    {
        outcomes.clear();
        received.clear();
        numbers.clear();
        lastNumber = 0;
        isServiceDead = false;
        final int limit = Fault.CUT == fault ? fragments : Integer.MAX_VALUE;
        final int[] budget = {limit};
        boolean hasStruck = false;
        try (Scene scene = new Scene(SLOTS, LIMIT))
        {
            scene.withService().begin();
            scene.toA.fragmentLength = FRAGMENT_LENGTH;
            scene.toB.fragmentLength = FRAGMENT_LENGTH;
            scene.toA.budget = budget;
            scene.toB.budget = budget;
            ClientPort client = null;
            boolean isClientDead = false;
            for (int step = 0; step < 300 && outcomes.size() < COUNT; step++)
            {
                scene.step();
                if (null == client && !isClientDead && scene.eventsA.contains("up") && scene.importer.isServiceUp())
                {
                    client = scene.client();
                }
                work(scene, client);
                if (!hasStruck && limit - budget[0] > fragments)
                {
                    hasStruck = true;
                    strike(scene, fault);
                    isServiceDead = Fault.SERVICE_DIES == fault;
                    client = Fault.CLIENT_DIES == fault ? null : client;
                    isClientDead = Fault.CLIENT_DIES == fault;
                }
            }
            for (int i = 0; i < LAST_STEPS; i++)
            {
                scene.step();
                work(scene, client);
                if (RESUME_STEP == i)
                {
                    scene.isStoppedA = false;
                    scene.isStoppedB = false;
                }
            }
            if (isClientDead)
            {
                assertThat(scene.importer.linkCount()).as("after %s fragments", fragments).isZero();
                assertThat(scene.exporter.linkCount()).as("after %s fragments", fragments).isZero();
            }
            else
            {
                check(fault + " after " + fragments + " fragments: " + scene.eventsA + ' ' + scene.eventsB);
            }
            scene.toA.budget = null;
            scene.toB.budget = null;
        }
        return hasStruck;
    }

    private static void strike(final Scene scene, final Fault fault)
    {
        switch (fault)
        {
            case A_STOPS -> scene.isStoppedA = true;
            case B_STOPS -> scene.isStoppedB = true;
            case SERVICE_DIES -> scene.serviceProcess.die();
            case CLIENT_DIES -> scene.clientProcess.die();
            default -> scene.toA.isCut = true;
        }
    }

    private void work(final Scene scene, final ClientPort client)
    {
        if (null != client && lastNumber < COUNT)
        {
            scene.bytes.putLong(0, lastNumber + 1);
            final long id = client.put(scene.bytes, 0, 0 == lastNumber % 2 ? LIMIT : 8);
            if (id > 0)
            {
                numbers.put(id, ++lastNumber);
            }
        }
        while (!isServiceDead && MessageState.REQUEST == scene.service.get(scene.request))
        {
            received.merge(scene.request.buffer().getLong(0), 1, Integer::sum);
            scene.request.reply(scene.bytes, 0, LIMIT);
        }
        while (null != client && MessageState.REPLY == client.get(scene.reply))
        {
            assertThat(outcomes.put(numbers.get(scene.reply.id()), scene.reply.outcome())).as("one outcome").isNull();
            scene.reply.release();
        }
    }

    private void check(final String when)
    {
        final Set<Long> accepted = new HashSet<>(numbers.values());
        assertThat(outcomes.keySet()).as(when).isEqualTo(accepted);
        received.values().forEach((count) -> assertThat(count).as(when).isEqualTo(1));
        outcomes.forEach((number, outcome) ->
        {
            if (Outcome.REPLIED == outcome)
            {
                assertThat(received).as(when).containsKey(number);
            }
            else if (!Outcome.wasReceived(outcome))
            {
                assertThat(received).as(when + Outcome.text(outcome)).doesNotContainKey(number);
            }
        });
    }
}
