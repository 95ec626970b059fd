/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The resources of a process that is never killed: private memory, file descriptors and threads, as the operating
 * system counts them. One thread.
 */
final class ProcessUse
{
    private static final long KB = 1_024;
    private static final long MB = 1_024 * KB;
    private static final long ALLOWED_MEMORY_GROWTH = 6 * MB;
    private static final double ALLOWED_MEMORY_FRACTION = 0.05;
    private static final int ALLOWED_DESCRIPTORS_GROWTH = 4;
    private static final int ALLOWED_THREADS_GROWTH = 2;

    private final Path directory;
    private final Flatness memory;
    private final Flatness descriptors;
    private final Flatness threads;

    ProcessUse(final String name, final long pid)
    {
        directory = Path.of("/proc", Long.toString(pid));
        memory = new Flatness(name + ", anonymous RSS", "MB", MB,
            ALLOWED_MEMORY_GROWTH, ALLOWED_MEMORY_FRACTION);
        descriptors = new Flatness(name + ", file descriptors", "", 1, ALLOWED_DESCRIPTORS_GROWTH, 0);
        threads = new Flatness(name + ", threads", "", 1, ALLOWED_THREADS_GROWTH, 0);
    }

    void sample()
    {
        try (Stream<Path> open = Files.list(directory.resolve("fd")))
        {
            final List<String> status = Files.readAllLines(directory.resolve("status"));
            // Without mapped files, such as the region and the program's jars: the region's file is checked separately.
            memory.add(field(status, "RssAnon:") * KB);
            threads.add(field(status, "Threads:"));
            descriptors.add(open.count());
        }
        catch (final IOException ignore)
        {
            // No /proc: without samples there is no judgement.
        }
    }

    List<Flatness> all()
    {
        return List.of(memory, descriptors, threads);
    }

    private static long field(final List<String> status, final String name)
    {
        for (final String line : status)
        {
            if (line.startsWith(name))
            {
                return Long.parseLong(line.substring(name.length()).trim().split("\\s+")[0]);
            }
        }
        return 0;
    }
}
