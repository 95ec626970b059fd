/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.concurrent.TimeUnit;

/**
 * A process dies before each store of each operation, once for each way in which the others find it.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CrashTest
{
    @ParameterizedTest(name = "{0}")
    @EnumSource(CrashOperation.class)
    @DisplayName("F1, F2, F4, F5, F6; B1, R23, R24, R25: a process dies before each of its stores: no message is lost")
    void shouldLoseNothingWhereverProcessDies(final CrashOperation operation)
    {
        final CrashPoints points = new CrashPoints(operation.toString());
        for (final CrashAftermath aftermath : CrashAftermath.values())
        {
            boolean hasDied = true;
            for (long store = 0; hasDied; store++)
            {
                final long storeIndex = store;
                hasDied = points.run(aftermath + ", store " + store, (scene) ->
                {
                    operation.prepare(scene);
                    final boolean isDead = operation.dies(scene, storeIndex);
                    aftermath.check(scene);
                    return isDead;
                });
            }
        }
        points.check(CrashAftermath.values().length * operation.minStoreCount);
    }
}
