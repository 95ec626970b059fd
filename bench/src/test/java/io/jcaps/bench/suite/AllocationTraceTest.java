/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AllocationTraceTest
{
    private static final int OPERATION_COUNT = 20_000;
    /** With its header, on any JVM. */
    private static final int LEAST_ARRAY_LENGTH = 100;

    private final AllocationTrace trace = new AllocationTrace();
    private Object kept;

    @Test
    void shouldShowNothingWhereNothingIsAllocated()
    {
        for (int i = 1; i <= OPERATION_COUNT; i++)
        {
            trace.sample(i);
        }

        assertThat(trace.bytesPerOperation(0)).isZero();
        assertThat(trace.bytesPerOperationOfSecondHalf()).isZero();
    }

    @Test
    void shouldShowWhatEachOperationAllocates()
    {
        for (int i = 1; i <= OPERATION_COUNT; i++)
        {
            kept = new byte[LEAST_ARRAY_LENGTH];
            trace.sample(i);
        }

        assertThat(trace.bytesPerOperation(0)).isBetween(100.0, 200.0);
        assertThat(kept).isNotNull();
    }

    @Test
    void shouldShowWhatIsAllocatedNowAndThen()
    {
        for (int i = 1; i <= OPERATION_COUNT; i++)
        {
            if (0 == i % 1000)
            {
                kept = new byte[LEAST_ARRAY_LENGTH];
            }
            trace.sample(i);
        }

        assertThat(trace.bytesPerOperation(0)).isPositive().isLessThan(1);
        assertThat(kept).isNotNull();
    }

    @Test
    void shouldNotCountWhatHappensOnce()
    {
        for (int i = 1; i <= OPERATION_COUNT; i++)
        {
            if (OPERATION_COUNT * 2 / 3 == i)
            {
                kept = new byte[100_000];
            }
            trace.sample(i);
        }

        assertThat(trace.bytesPerOperation(0)).isZero();
        assertThat(kept).isNotNull();
    }

    @Test
    void shouldLookOnlyAtWhatWasAskedFor()
    {
        for (int i = 1; i <= OPERATION_COUNT; i++)
        {
            if (i < OPERATION_COUNT / 2)
            {
                kept = new byte[LEAST_ARRAY_LENGTH];
            }
            trace.sample(i);
        }

        assertThat(trace.bytesPerOperation(OPERATION_COUNT / 2)).isZero();
        assertThat(kept).isNotNull();
    }

    @Test
    void shouldSayThatThereIsTooLittleToTell()
    {
        assertThat(trace.bytesPerOperation(0)).isNaN();
        assertThat(trace.bytesPerOperationOfSecondHalf()).isNaN();
        trace.sample(1);
        trace.sample(2);

        assertThat(trace.bytesPerOperation(0)).isNaN();
    }
}
