/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process dies before each store of each operation, and whoever cleans up after it before each store of that: a
 * third one completes it.
 */
@Tag("full")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CrashRecoveryTest
{
    @ParameterizedTest(name = "{0}")
    @EnumSource(CrashRecovery.class)
    @DisplayName(
        "F7, R25: a process that cleans up after a death dies before each of its stores: the next one completes it")
    void shouldCompleteRecoveryWhereverRecovererDies(final CrashRecovery recovery)
    {
        final CrashAftermath[] aftermaths = CrashAftermath.values();
        final CrashPoints points = new CrashPoints(recovery.toString());
        int dueCount = 0;
        for (final CrashOperation operation : CrashOperation.values())
        {
            final AtomicBoolean hasActorDied = new AtomicBoolean(true);
            for (int store = 0; hasActorDied.get(); store++)
            {
                final AtomicBoolean isDue = new AtomicBoolean();
                boolean hasRecovererDied = true;
                for (int second = 0; hasRecovererDied; second++)
                {
                    final int storeIndex = store;
                    final int secondIndex = second;
                    hasRecovererDied = points.run(operation + ", store " + store + ", then " + second, (scene) ->
                    {
                        operation.prepare(scene);
                        hasActorDied.set(operation.dies(scene, storeIndex));
                        isDue.set(hasActorDied.get() && recovery.isDue(scene));
                        final boolean isSecond = isDue.get() && recovery.dies(scene, secondIndex);
                        aftermaths[(storeIndex + secondIndex) % aftermaths.length].check(scene);
                        return isSecond;
                    });
                }
                dueCount += isDue.get() ? 1 : 0;
            }
        }
        assertThat(dueCount).as("deaths to recover from").isPositive();
        points.check(dueCount * recovery.minStoreCount);
    }
}
