/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import org.agrona.IoUtil;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The directory of one bridge, {@code caps-bridge-PID-N}: its status, the buffers of a media driver of its own, and a
 * file that the bridge holds a lock of while it lives.
 */
public final class BridgeDirectory implements AutoCloseable
{
    /** Name of the file that is replaced once a second: a line of the whole bridge, then one for each of its peers. */
    public static final String STATUS = "status";
    /** Name of the file that is locked. */
    public static final String LOCK = "lock";

    private final Path path;
    private final FileChannel lock;

    BridgeDirectory() throws IOException
    {
        path = create();
        lock = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock.lock();
    }

    /**
     * @return where the directories of all bridges of this machine are.
     */
    public static Path parent()
    {
        final Path memory = Path.of("/dev/shm");
        return Files.isDirectory(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static Path create() throws IOException
    {
        for (int i = 0;; i++)
        {
            final Path path = parent().resolve("caps-bridge-" + ProcessHandle.current().pid() + '-' + i);
            try
            {
                return Files.createDirectory(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            catch (final FileAlreadyExistsException ignore)
            {
                // The name is in use by another bridge of this process, or left by a dead process of the same pid.
                continue;
            }
        }
    }

    String driver()
    {
        return path.resolve("driver").toString();
    }

    /** Replaces the status file in one step: a reader sees the old text or the new one. */
    Path write(final String status) throws IOException
    {
        final Path next = path.resolve("next");
        Files.writeString(next, status);
        return Files.move(next, path.resolve(STATUS), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException
    {
        IoUtil.delete(path.toFile(), true);
        lock.close();
    }
}
