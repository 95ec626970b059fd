/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.agrona.IoUtil;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A temporary directory, under {@code /dev/shm} if there is one, deleted when this is closed.
 */
public final class MemoryDirectory implements AutoCloseable
{
    private final Path directory;
    private final Thread shutdownHook = new Thread(this::delete);

    /**
     * Creates the directory.
     */
    public MemoryDirectory()
    {
        final Path memory = Path.of("/dev/shm");
        try
        {
            directory = Files.isDirectory(memory) ?
                Files.createTempDirectory(memory, "jcaps-bench-") : Files.createTempDirectory("jcaps-bench-");
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot make a directory in " + memory, ex);
        }
        // A measurement is often ended by Ctrl-C.
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    /**
     * @return path of the directory.
     */
    public Path path()
    {
        return directory;
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
            // The shutdown has begun: the hook runs, and finds nothing to delete.
        }
    }

    private void delete()
    {
        IoUtil.delete(directory.toFile(), true);
    }
}
