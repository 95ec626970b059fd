/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/** The order in which clients are looked at: R19 without links. */
class TurnsTest
{
    private final Turns turns = new Turns();

    /** The clients that one round looks at, in order; those that are {@code active} always have a message. */
    private List<Integer> round(final int clientCount, final Set<Integer> active)
    {
        final List<Integer> looks = new ArrayList<>();
        turns.begin(clientCount);
        for (int i = turns.next(0); i >= 0; i = turns.next(0))
        {
            looks.add(i);
            if (active.contains(i) && !turns.isHotLook())
            {
                turns.found();
            }
        }
        return looks;
    }

    /** Polls: the first client that has a message; -1 if none has. */
    private int poll(final int clientCount, final Set<Integer> active)
    {
        turns.begin(clientCount);
        for (int i = turns.next(0); i >= 0; i = turns.next(0))
        {
            if (active.contains(i))
            {
                turns.found();
                return i;
            }
        }
        return -1;
    }

    @Test
    @DisplayName("R19: clients that all have messages take turns")
    void shouldTakeTurns()
    {
        final List<Integer> found = new ArrayList<>();
        for (int i = 0; i < 7; i++)
        {
            found.add(poll(3, Set.of(0, 1, 2)));
        }
        assertThat(found).containsExactly(0, 1, 2, 0, 1, 2, 0);
    }

    @Test
    @DisplayName("R19: a round begins after the last client that had a message, and looks at each once")
    void shouldBeginAfterTheLast()
    {
        assertThat(poll(3, Set.of(1))).isEqualTo(1);
        assertThat(round(3, Set.of())).containsExactly(2, 0, 1);
        assertThat(round(3, Set.of())).containsExactly(2, 0, 1);
    }

    @Test
    @DisplayName("R19: after each fourth client the last active one is looked at, and no client loses its turn")
    void shouldLookAtLastActiveInBetween()
    {
        assertThat(poll(9, Set.of(8))).isEqualTo(8);
        assertThat(round(9, Set.of())).containsExactly(0, 1, 2, 3, 8, 4, 5, 6, 7, 8, 8);
        assertThat(poll(9, Set.of(8))).as("out of its turn").isEqualTo(8);
        assertThat(poll(9, Set.of(4, 8))).as("the next in turn").isEqualTo(4);
    }

    /** The clients that the round of a batch looks at; each active one has this many requests. */
    private List<Integer> batch(final int clientCount, final Set<Integer> active, final int requestCount)
    {
        final List<Integer> looks = new ArrayList<>();
        final Set<Integer> found = new HashSet<>();
        turns.begin(clientCount);
        for (int i = turns.next(0); i >= 0; i = turns.next(requestCount * found.size()))
        {
            looks.add(i);
            if (active.contains(i) && found.add(i))
            {
                turns.found();
            }
        }
        return looks;
    }

    @Test
    @DisplayName("R19: a batch's round ends after four looks in vain for each request; the next begins after them")
    void shouldEndBatchEarly()
    {
        assertThat(batch(100, Set.of(7), 1)).containsExactly(0, 1, 2, 3, 0, 4, 5, 6, 7, 7, 8, 9, 10, 11);
        assertThat(batch(100, Set.of(7), 1)).as("out of its turn").containsExactly(12, 13, 14, 15, 7);
        assertThat(batch(100, Set.of(7), 1)).containsExactly(16, 17, 18, 19, 7);
        assertThat(batch(100, Set.of(7), 2)).as("two requests")
            .containsExactly(20, 21, 22, 23, 7, 24, 25, 26, 27);
        assertThat(batch(100, Set.of(7, 30), 1)).containsExactly(28, 29, 30, 31, 30, 32, 33, 34);
    }

    @Test
    @DisplayName("R19: a client that has many requests each time delays no other by more than a round")
    void shouldStarveNoClientByBatches()
    {
        batch(100, Set.of(0), 16);
        int count = 0;
        for (boolean isFound = false; !isFound; count++)
        {
            isFound = batch(100, Set.of(0, 99), 16).contains(99);
        }
        assertThat(count).isLessThanOrEqualTo(2);
    }

    @Test
    @DisplayName("Clients that have gone are not looked at, and a service without clients has no turns")
    void shouldAcceptFewerClients()
    {
        assertThat(poll(9, Set.of(8))).isEqualTo(8);
        assertThat(round(5, Set.of())).containsExactly(0, 1, 2, 3, 4);
        assertThat(round(0, Set.of())).isEmpty();
        assertThat(round(1, Set.of(0))).containsExactly(0);
    }
}
