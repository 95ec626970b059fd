/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The directory that a command and its children work in, and that nothing is left of.
 */
public final class WorkDirectory
{
    private WorkDirectory()
    {
    }

    /**
     * Makes one, for its owner alone.
     *
     * @param parent that it is made in; null for memory if there is such a directory, else that for temporary files.
     * @param prefix of its name.
     * @return its path, absolute.
     * @throws IOException if it cannot be made there.
     */
    public static Path make(final Path parent, final String prefix) throws IOException
    {
        final Path memory = Path.of("/dev/shm");
        final Path usual = Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        // Its mode is 0700.
        return Files.createTempDirectory(null == parent ? usual : parent.toAbsolutePath(), prefix);
    }

    /**
     * Removes a directory and what is in it, as far as that can be done.
     *
     * @param directory that may have gone already.
     * @return whether it is gone.
     */
    public static boolean remove(final Path directory)
    {
        try (Stream<Path> walk = Files.walk(directory))
        {
            final List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
            for (final Path each : deepestFirst)
            {
                Files.deleteIfExists(each);
            }
        }
        catch (final IOException | UncheckedIOException ignore)
        {
            // Told by the result.
        }
        return !Files.exists(directory);
    }
}
