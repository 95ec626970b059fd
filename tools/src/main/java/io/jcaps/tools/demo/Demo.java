/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Attachment;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.Payload;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Constants that all processes of the demo share.
 */
final class Demo
{
    /** Client processes. */
    static final int CLIENT_COUNT = 2;
    /** Name that the service is registered under. */
    static final String SERVICE_NAME = "demo";
    /** Milliseconds from one report of progress to the next. */
    static final long PROGRESS_INTERVAL_MS = 100;

    // Only used pages take memory: at most about 40 MB with all messages in flight, less than the 64 MB of a
    // container's /dev/shm.
    private static final Geometry GEOMETRY = new Geometry(16, 32, 8, 128, Payload.MAX_LENGTH);

    private Demo()
    {
    }

    static Path regionFile(final Path directory)
    {
        return directory.resolve("region");
    }

    static Attachment attach(final Path regionFile)
    {
        return Caps.attach(new RegionConfig().path(regionFile).geometry(GEOMETRY));
    }

    static Path witnessFile(final Path directory, final long generation)
    {
        return directory.resolve("witness-" + generation);
    }

    /**
     * Microseconds since 1970: unlike {@link System#nanoTime()} the same in each process, on any system.
     */
    static long epochMicros()
    {
        final Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }
}
