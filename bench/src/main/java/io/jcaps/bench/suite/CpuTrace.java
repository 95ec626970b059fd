/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.sun.management.OperatingSystemMXBean;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;

/** CPU time of this JVM between the probes of a cell. Used by the thread that measures. */
final class CpuTrace
{
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final List<Part> parts = new ArrayList<>();
    private long startNs;
    private long startCpuNs;
    private long startHelperNs;

    /** Ends a part: the CPU time since the last probe. */
    void beforeProbe()
    {
        parts.add(new Part(
            System.nanoTime() - startNs, SYSTEM.getProcessCpuTime() - startCpuNs, helperNs() - startHelperNs));
    }

    void afterProbe()
    {
        startHelperNs = helperNs();
        startCpuNs = SYSTEM.getProcessCpuTime();
        startNs = System.nanoTime();
    }

    /**
     * @return CPU time before each probe; the first part has no meaning.
     */
    List<Part> parts()
    {
        return List.copyOf(parts);
    }

    /** CPU time of the other Java threads; compilers and collectors are not among them. */
    private static long helperNs()
    {
        final long own = Thread.currentThread().getId();
        long sum = 0;
        for (final long id : THREADS.getAllThreadIds())
        {
            sum += own == id ? 0 : Math.max(0, THREADS.getThreadCpuTime(id));
        }
        return sum;
    }

    /**
     * CPU time between two probes.
     *
     * @param wallNs   elapsed nanoseconds.
     * @param cpuNs    CPU time of all threads.
     * @param helperNs CPU time of the Java threads other than the one that measures.
     */
    record Part(long wallNs, long cpuNs, long helperNs)
    {
    }
}
