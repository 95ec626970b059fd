/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GateTest
{
    @Test
    @DisplayName("R20: the threads of a shared port take turns: each waits until the other has left")
    void shouldKeepOutASecondThread() throws InterruptedException
    {
        final Gate gate = new Gate(true);
        final AtomicBoolean isInside = new AtomicBoolean();
        gate.enter();
        final Thread second = new Thread(() ->
        {
            gate.enter();
            isInside.set(true);
            gate.exit();
        });
        second.start();
        // It spins, yields, and parks in the end.
        while (!isInside.get() && Thread.State.TIMED_WAITING != second.getState())
        {
            Thread.onSpinWait();
        }
        assertThat(isInside).isFalse();
        gate.exit();
        second.join();
        assertThat(isInside).isTrue();
    }
}
