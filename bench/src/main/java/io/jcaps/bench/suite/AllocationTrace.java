/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.sun.management.ThreadMXBean;

import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Samples of the heap that the current thread has allocated; taking them allocates nothing. One thread.
 */
final class AllocationTrace
{
    private static final int SAMPLE_COUNT = 4096;
    private static final int PART_COUNT = 16;
    /** With fewer parts, a single allocation may be in half of them. */
    private static final int MIN_PART_COUNT = 4;
    /** Looked up once: each look-up takes some 800 bytes itself. */
    private static final ThreadMXBean THREADS = (ThreadMXBean)ManagementFactory.getThreadMXBean();

    private final long[] operations = new long[SAMPLE_COUNT];
    private final long[] bytes = new long[SAMPLE_COUNT];
    private int sampleCount;
    private long nextOperation;
    private long interval = 1;

    /**
     * Takes a sample if one is due.
     *
     * @param operationCount operations done so far.
     */
    void sample(final long operationCount)
    {
        if (operationCount < nextOperation)
        {
            return;
        }
        if (SAMPLE_COUNT == sampleCount)
        {
            thinOut();
        }
        operations[sampleCount] = operationCount;
        bytes[sampleCount++] = THREADS.getCurrentThreadAllocatedBytes();
        nextOperation = operationCount + interval;
    }

    /**
     * Bytes that an operation allocates: the median of up to 16 parts of the samples. So a single allocation does not
     * count, such as that of a class which is loaded when a peer stalls first; repeated allocations do.
     *
     * @param firstOperation first operation that counts.
     * @return bytes for each operation; NaN if there were too few to tell.
     */
    double bytesPerOperation(final long firstOperation)
    {
        final int found = Arrays.binarySearch(operations, 0, sampleCount, firstOperation);
        final int first = found < 0 ? -found - 1 : found;
        final int intervalCount = sampleCount - 1 - first;
        if (intervalCount < MIN_PART_COUNT)
        {
            return Double.NaN;
        }
        final double[] parts = new double[Math.min(PART_COUNT, intervalCount)];
        for (int i = 0; i < parts.length; i++)
        {
            final int from = first + intervalCount * i / parts.length;
            final int to = first + intervalCount * (i + 1) / parts.length;
            parts[i] = (double)(bytes[to] - bytes[from]) / (operations[to] - operations[from]);
        }
        Arrays.sort(parts);
        return parts[parts.length / 2];
    }

    /**
     * The same for the second half of the operations, as a server does not know when its client begins to measure.
     *
     * @return bytes for each operation of the second half; NaN if there were too few to tell.
     */
    double bytesPerOperationOfSecondHalf()
    {
        return bytesPerOperation(sampleCount > 0 ? operations[sampleCount - 1] / 2 : 0);
    }

    private void thinOut()
    {
        for (int i = 0; i < SAMPLE_COUNT / 2; i++)
        {
            operations[i] = operations[2 * i];
            bytes[i] = bytes[2 * i];
        }
        sampleCount = SAMPLE_COUNT / 2;
        interval = 2 * Math.max(interval, operations[1] - operations[0]);
    }
}
