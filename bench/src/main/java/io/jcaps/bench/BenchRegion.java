/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.shm.RegionConfig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory of its own, in memory if there is {@code /dev/shm}, deleted when it is closed.
 */
final class BenchRegion implements AutoCloseable
{
    /** Enough for one service and a client, with as many and as long messages as any region allows. */
    static final Geometry GEOMETRY =
        new Geometry(8, 16, 4, SlotDescriptor.MAX_SLOT_COUNT, Geometry.MAX_MESSAGE_LIMIT);

    private final Path directory;
    private final Thread shutdownHook = new Thread(this::delete);

    BenchRegion()
    {
        final Path memory = Path.of("/dev/shm");
        try
        {
            directory = Files.isDirectory(memory) ?
                Files.createTempDirectory(memory, "jcaps-bench-") : Files.createTempDirectory("jcaps-bench-");
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot make a directory for the region", ex);
        }
        // A measurement is often ended from the keyboard.
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    Path path()
    {
        return directory.resolve("region");
    }

    RegionConfig config()
    {
        return new RegionConfig().path(path()).geometry(GEOMETRY);
    }

    @Override
    public void close()
    {
        delete();
        try
        {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        }
        catch (final IllegalStateException ex)
        {
            // It is running already, and finds nothing left to do.
        }
    }

    private void delete()
    {
        if (!Files.isDirectory(directory))
        {
            return;
        }
        try
        {
            final List<Path> files;
            try (Stream<Path> stream = Files.list(directory))
            {
                files = stream.toList();
            }
            for (final Path file : files)
            {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot delete " + directory, ex);
        }
    }
}
