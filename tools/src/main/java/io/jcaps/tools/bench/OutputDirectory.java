/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.report.BenchReport;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The directory for results: checked before anything is measured to be writable and without other results.
 */
final class OutputDirectory
{
    private final Path path;
    private final boolean isMade;

    private OutputDirectory(final Path path, final boolean isMade)
    {
        this.path = path;
        this.isMade = isMade;
    }

    /**
     * @param path of a directory; made if it is missing.
     * @return the directory.
     * @throws IOException if it cannot be written to, or has results already; the message says which.
     */
    static OutputDirectory open(final Path path) throws IOException
    {
        if (Files.exists(path.resolve(BenchReport.RESULTS_FILE)))
        {
            throw new IOException("has results already, which are kept: " + path.resolve(BenchReport.RESULTS_FILE) +
                "; name another directory, or move them");
        }
        return openResumed(path);
    }

    /**
     * @param path of a directory, which may have results; made if it is missing.
     * @return the directory.
     * @throws IOException if it cannot be written to.
     */
    static OutputDirectory openResumed(final Path path) throws IOException
    {
        final boolean isMade = Files.notExists(path);
        try
        {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, "writable", null));
        }
        catch (final FileAlreadyExistsException ex)
        {
            throw new IOException("is not a directory: " + ex.getMessage(), ex);
        }
        catch (final IOException ex)
        {
            throw new IOException("cannot be written to: " + path + ": " + ex, ex);
        }
        return new OutputDirectory(path.toAbsolutePath().normalize(), isMade);
    }

    Path path()
    {
        return path;
    }

    /** Removes the directory if it is empty. */
    void deleteIfMade()
    {
        try
        {
            if (isMade)
            {
                Files.deleteIfExists(path);
            }
        }
        catch (final IOException ignore)
        {
            // It is not empty, or cannot be deleted: it stays.
        }
    }
}
