/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import com.sun.management.ThreadMXBean;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.management.ManagementFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * That a warm client allocates nothing, in round trips with a service in another JVM.
 */
@Timeout(300)
class AllocationIT
{
    private static final int WARM_UP_COUNT = 200_000;
    private static final int BATCH_COUNT = 20_000;
    /** The compiler may come late and finish a batch's code within it; from then on there is nothing any more. */
    private static final int BATCH_LIMIT = 20;

    @ParameterizedTest
    @CsvSource({
        "32, false, SPIN, true",
        "32, true, GET, true",
        "32, false, BLOCK, false",
        "4096, true, SPIN, false",
    })
    void shouldAllocateNothing(
        final int length, final boolean inPlace, final WaitMode waitMode, final boolean singleThreaded)
    {
        final RoundTripOptions options = new RoundTripOptions()
            .length(length).inPlace(inPlace).waitMode(waitMode).singleThreaded(singleThreaded);
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final long threadId = Thread.currentThread().getId();
        final Histogram histogram = Report.histogram();
        long least = Long.MAX_VALUE;
        try (EchoPair pair = new EchoPair(options))
        {
            final RoundTripClient client = new RoundTripClient(pair.port(), options);
            client.measure(WARM_UP_COUNT, histogram);
            for (int i = 0; i < BATCH_LIMIT && least > 0; i++)
            {
                final long before = threads.getThreadAllocatedBytes(threadId);
                client.measure(BATCH_COUNT, histogram);
                least = Math.min(least, threads.getThreadAllocatedBytes(threadId) - before);
            }
            pair.end(client.messageCount());
        }

        assertThat(least).isZero();
    }
}
