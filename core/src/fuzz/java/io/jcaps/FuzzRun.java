/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import com.sun.management.ThreadMXBean;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One run of a fuzz test: its seed, what it counted, and a watch over each call that it makes. A call may take so much
 * time of its thread's own, however busy the machine is, and so much memory; one that does not return fails the test
 * with the stack that it hangs in.
 * <p>
 * A run again: {@code -Dcaps.test.seed=<seed>}; a longer one: {@code -Dfuzz.iterations=<count>}.
 */
final class FuzzRun
{
    private static final long CALL_LIMIT_NS = 50_000_000;
    private static final long CALL_LIMIT_BYTES = 128 * 1024;
    /** Classes are loaded and code is compiled in the first calls. */
    private static final int WARM_UP_COUNT = 1_000;
    private static final int WARM_UP_FACTOR = 20;
    /** And whenever a call does something for the first time, as to fail. A garbage number asks for more than that. */
    private static final long LOADING_LIMIT_BYTES = 2 * 1024 * 1024;
    private static final long LOADING_LIMIT_NS = 1_000_000_000;
    private static final int LOADING_LIMIT_COUNT = 20;
    private static final long HANG_LIMIT_NS = 5_000_000_000L;
    private static final long LOOK_INTERVAL_MS = 50;

    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    private final Map<String, long[]> counts = new TreeMap<>();
    private final String name;
    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final int iterationCount;
    private volatile int iteration;
    private volatile long callCount;
    private volatile String call = "";
    private volatile Throwable failure;
    private long maxCallBytes;
    private int loadingCount;
    private long iterationCpuNs;

    FuzzRun(final String name, final int iterationCount)
    {
        this.name = name;
        this.iterationCount = Integer.getInteger("fuzz.iterations", iterationCount);
    }

    Random random()
    {
        return random;
    }

    int iterationCount()
    {
        return iterationCount;
    }

    void count(final String kind)
    {
        count(kind, 1);
    }

    void count(final String kind, final long increment)
    {
        counts.computeIfAbsent(kind, (key) -> new long[1])[0] += increment;
    }

    long counted(final String kind)
    {
        final long[] count = counts.get(kind);
        return null == count ? 0 : count[0];
    }

    /** Fails for each kind of result that never came: what is not met is not tested. */
    void checkMet(final String... kinds)
    {
        final Object[] missing = Arrays.stream(kinds).filter((kind) -> 0 == counted(kind)).toArray();
        if (missing.length > 0)
        {
            throw new AssertionError("never met: " + Arrays.toString(missing) + ", " + this);
        }
    }

    int callInt(final String call, final IntSupplier body)
    {
        return (int)callLong(call, body::getAsInt);
    }

    long callLong(final String call, final LongSupplier body)
    {
        begin(call);
        final long startNs = System.nanoTime();
        final long startBytes = threads.getCurrentThreadAllocatedBytes();
        try
        {
            return body.getAsLong();
        }
        finally
        {
            end(startBytes, startNs);
        }
    }

    <T> T call(final String call, final Supplier<T> body)
    {
        begin(call);
        final long startNs = System.nanoTime();
        final long startBytes = threads.getCurrentThreadAllocatedBytes();
        try
        {
            return body.get();
        }
        finally
        {
            end(startBytes, startNs);
        }
    }

    private void begin(final String call)
    {
        this.call = call;
        callCount++;
    }

    private void end(final long startBytes, final long startNs)
    {
        final long bytes = threads.getCurrentThreadAllocatedBytes() - startBytes;
        final long ns = System.nanoTime() - startNs;
        final int factor = iteration < WARM_UP_COUNT ? WARM_UP_FACTOR : 1;
        if (bytes > factor * CALL_LIMIT_BYTES)
        {
            if (bytes > LOADING_LIMIT_BYTES || ++loadingCount > LOADING_LIMIT_COUNT)
            {
                fail(call + " allocated " + bytes + " bytes");
            }
        }
        else if (1 == factor)
        {
            maxCallBytes = Math.max(maxCallBytes, bytes);
        }
        // A thread has no more of its own time than passed for all. Its own time is asked for once in an iteration, as
        // that is a system call; what comes before the call in it is some microseconds.
        if (ns > CALL_LIMIT_NS)
        {
            final long cpuNs = threads.getCurrentThreadCpuTime() - iterationCpuNs;
            if (cpuNs > factor * CALL_LIMIT_NS &&
                (cpuNs > LOADING_LIMIT_NS || ++loadingCount > LOADING_LIMIT_COUNT))
            {
                fail(call + " took " + cpuNs + " ns of its thread's time");
            }
        }
        call = "";
        callCount++;
    }

    private void fail(final String message)
    {
        if (null == failure)
        {
            failure = new AssertionError(message);
        }
    }

    /** Runs all iterations, and prints what was counted. */
    void run(final IntConsumer body)
    {
        final Thread thread = new Thread(() -> iterate(body), name);
        thread.setDaemon(true);
        final long startNs = System.nanoTime();
        thread.start();
        watch(thread);
        System.out.printf("%s: %,d ms, %s%n", name, (System.nanoTime() - startNs) / 1_000_000, this);
        if (null != failure)
        {
            throw new AssertionError("seed=" + seed + ", iteration=" + iteration + ", call=" + call, failure);
        }
    }

    private void iterate(final IntConsumer body)
    {
        try
        {
            for (int i = 0; i < iterationCount && null == failure; i++)
            {
                iteration = i;
                iterationCpuNs = threads.getCurrentThreadCpuTime();
                body.accept(i);
            }
        }
        catch (final Throwable ex)
        {
            failure = ex;
        }
    }

    private void watch(final Thread thread)
    {
        long seenCall = -1;
        long seenCpuNs = 0;
        try
        {
            while (thread.isAlive())
            {
                final long callCount = this.callCount;
                final long cpuNs = threads.getThreadCpuTime(thread.getId());
                if (callCount != seenCall)
                {
                    seenCall = callCount;
                    seenCpuNs = cpuNs;
                }
                else if (cpuNs - seenCpuNs > HANG_LIMIT_NS)
                {
                    final AssertionError hang = new AssertionError("hangs: " + call);
                    hang.setStackTrace(thread.getStackTrace());
                    failure = hang;
                    return;
                }
                thread.join(LOOK_INTERVAL_MS);
            }
        }
        catch (final InterruptedException ex)
        {
            final AssertionError interrupted = new AssertionError("interrupted in: " + call);
            interrupted.setStackTrace(thread.getStackTrace());
            failure = interrupted;
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString()
    {
        final StringBuilder builder = new StringBuilder("seed=").append(seed).append(", iterations=")
            .append(iterationCount).append(", most bytes in a call=").append(maxCallBytes);
        builder.append(", calls that loaded classes=").append(loadingCount);
        counts.forEach((kind, count) -> builder.append(String.format("%n    %,12d  %s", count[0], kind)));
        return builder.toString();
    }
}
