/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import com.sun.management.OperatingSystemMXBean;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * Processor time that this process and its descendants have used, without the thread that asks.
 */
final class ProcessorTime
{
    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
    /** By pid: what a child had used when it was last seen still counts after it has ended. */
    private final Map<Long, Long> children = new HashMap<>();

    /**
     * @return nanoseconds; grows, except for what descendants used that came and went between two calls.
     */
    long totalNs()
    {
        ProcessHandle.current().descendants().forEach((child) -> child.info().totalCpuDuration().ifPresent(
            (duration) -> children.merge(child.pid(), duration.toNanos(), Math::max)));
        final long own = system.getProcessCpuTime() - ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        return own + children.values().stream().mapToLong(Long::longValue).sum();
    }
}
