/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.testkit.Extent;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Random sequences of operations against a model in plain collections, {@link ModelRun}. One of them again:
 * {@code -Dcaps.test.seed=<seed>}.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ModelTest
{
    private static final int FIXED_SEED_COUNT = Extent.of(60, 400);
    private static final int NEW_SEED_COUNT = Extent.of(20, 100);
    private static final int OPERATION_COUNT = 1_500;

    static LongStream seeds()
    {
        final Long seed = Long.getLong("caps.test.seed");
        final int factor = Integer.getInteger("caps.test.factor", 1);
        return null != seed ? LongStream.of(seed) : LongStream.concat(
            LongStream.range(0, FIXED_SEED_COUNT), new Random().longs((long)NEW_SEED_COUNT * factor));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @DisplayName("R12-R26, R29, B1, B3, B5: any sequence of operations agrees with the model")
    void shouldDoWhatModelSays(final long seed)
    {
        final ModelRun run = new ModelRun(seed);
        try
        {
            run.run(OPERATION_COUNT);
        }
        catch (final Exception | AssertionError ex)
        {
            throw new AssertionError("seed=" + seed + ", " + run, ex);
        }
    }
}
