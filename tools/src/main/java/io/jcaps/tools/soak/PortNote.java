/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The state of one registration of a service, in a mapped file that survives the kill of its process. It is named after
 * its generation: the number of the process's life, and a count of registrations within it.
 */
final class PortNote implements AutoCloseable
{
    /** About to be registered, or registered. */
    static final int OPEN = 0;
    /** About to be closed. */
    static final int CLOSING = 1;
    /** Closed. */
    static final int CLOSED = 2;

    private static final int COUNT_BITS = 32;
    private static final String FILE_PREFIX = "port-";
    private static final int LENGTH = BitUtil.CACHE_LINE_LENGTH;

    private final MappedByteBuffer mapping;
    private final UnsafeBuffer buffer;

    private PortNote(final MappedByteBuffer mapping)
    {
        this.mapping = mapping;
        buffer = new UnsafeBuffer(mapping);
    }

    static PortNote create(final Path directory, final long generation)
    {
        return new PortNote(IoUtil.mapNewFile(file(directory, generation).toFile(), LENGTH));
    }

    /**
     * @return one of the states; {@link #OPEN} if the process was killed before it noted any.
     */
    static int read(final Path directory, final long generation) throws IOException
    {
        final Path file = file(directory, generation);
        if (!Files.exists(file) || Files.size(file) < LENGTH)
        {
            return OPEN;
        }
        try (PortNote note = new PortNote(IoUtil.mapExistingFile(file.toFile(), file.toString())))
        {
            return (int)note.buffer.getLongVolatile(0);
        }
    }

    static long generation(final int life, final int count)
    {
        return (long)life << COUNT_BITS | count;
    }

    /**
     * @param fileName of a file in the directory.
     * @return generation of the registration; -1 if it is another file.
     */
    static long generation(final String fileName)
    {
        return fileName.startsWith(FILE_PREFIX) ? Long.parseLong(fileName.substring(FILE_PREFIX.length())) : -1;
    }

    static void remove(final Path directory, final long generation) throws IOException
    {
        Files.deleteIfExists(file(directory, generation));
    }

    static int life(final long generation)
    {
        return (int)(generation >>> COUNT_BITS);
    }

    void state(final int state)
    {
        buffer.putLongVolatile(0, state);
    }

    @Override
    public void close()
    {
        IoUtil.unmap(mapping);
    }

    private static Path file(final Path directory, final long generation)
    {
        return directory.resolve(FILE_PREFIX + generation);
    }
}
