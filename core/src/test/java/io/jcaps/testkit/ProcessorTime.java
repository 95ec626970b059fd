/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import com.sun.management.OperatingSystemMXBean;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Processor time that this process and its descendants have used, without the calling thread, and the time for which
 * they have waited for a processor.
 */
final class ProcessorTime implements Work
{
    /** Of utime, stime, cutime and cstime, after the command's name. */
    private static final int FIRST_TIME_FIELD = 11;
    private static final int TIME_FIELD_COUNT = 4;
    /** Of the times in /proc, whatever the kernel's own ticks are. */
    private static final long NS_PER_TICK = 10_000_000;

    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();
    /** By pid: what a child had used when it was last seen still counts after it has ended. */
    private final Map<Long, Long> children = new HashMap<>();
    /** By the number of a thread: what it had waited when it was last seen. */
    private final Map<String, Long> threads = new HashMap<>();

    /** Grows, except for what children used that came and went between two calls. */
    @Override
    public long usedNs()
    {
        ProcessHandle.current().descendants().forEach(
            (child) -> children.merge(child.pid(), usedNs(child), Math::max));
        final long own = system.getProcessCpuTime() - ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        return own + children.values().stream().mapToLong(Long::longValue).sum();
    }

    /** 0 where the kernel keeps no such account. */
    @Override
    public long waitedNs()
    {
        addWaits(ProcessHandle.current().pid());
        ProcessHandle.current().descendants().forEach((child) -> addWaits(child.pid()));
        return threads.values().stream().mapToLong(Long::longValue).sum();
    }

    private void addWaits(final long pid)
    {
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task")))
        {
            for (final Path task : tasks)
            {
                // Time on a processor, time in a run queue, number of turns.
                final String[] fields = Files.readString(task.resolve("schedstat")).split(" ");
                threads.merge(task.getFileName().toString(), Long.parseLong(fields[1]), Math::max);
            }
        }
        catch (final IOException | DirectoryIteratorException ex)
        {
            // It has ended, or there is no such account.
        }
    }

    /**
     * With what its own children had used when they ended: a compiler's processes come and go between two calls, and
     * only the make that started them is seen.
     */
    private static long usedNs(final ProcessHandle child)
    {
        try
        {
            // A command's name can hold any byte, also the bracket that ends it.
            final String stat = Files.readString(
                Path.of("/proc", Long.toString(child.pid()), "stat"), StandardCharsets.ISO_8859_1);
            final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long ticks = 0;
            for (int i = FIRST_TIME_FIELD; i < FIRST_TIME_FIELD + TIME_FIELD_COUNT; i++)
            {
                ticks += Long.parseLong(fields[i]);
            }
            return ticks * NS_PER_TICK;
        }
        catch (final IOException ex)
        {
            // It has ended, or there is no /proc.
            return child.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
        }
    }
}
