/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.JvmRegistry;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The lock files that this JVM has open, whichever class loader the attachments come from ({@link JvmRegistry}). The
 * kernel drops all of a process's locks on a file when the process closes <em>any</em> descriptor of it. Another name
 * of such a file, such as a hard link, leads to the same locks: a file is identified by device and inode.
 * <p>
 * Any thread may call.
 */
final class LockFiles
{
    /** By {@link #key}, what {@link LifeLocks} shares; also the monitor for opening and closing the files. */
    static final Map<Object, Object> REGISTRY = JvmRegistry.find("locks");

    private static final Object STRAYS_KEY = "strays";
    private static final Path DESCRIPTORS = Path.of("/proc/thread-self/fd");

    private LockFiles()
    {
    }

    /** The same numbers for each path of the file: while a channel is open, its inode's number is not reused. */
    static String key(final FileStat file)
    {
        return key(file.dev(), file.ino());
    }

    private static String key(final Object dev, final Object ino)
    {
        return dev + ":" + ino;
    }

    /** Channels that must never be closed, nor be collected; under the monitor of the registry. */
    @SuppressWarnings("unchecked")
    static List<Object> strays()
    {
        return (List<Object>)REGISTRY.computeIfAbsent(STRAYS_KEY, (key) -> new ArrayList<>());
    }

    /**
     * Checks a file before it is opened and closed again.
     *
     * @param file that is found.
     * @param path of the file, for the message.
     * @throws RegionException if it is a lock file that this JVM has open: to close another descriptor of it would drop
     *                         this JVM's locks.
     */
    static void checkNotHeld(final FileStat file, final Path path)
    {
        synchronized (REGISTRY)
        {
            if (REGISTRY.containsKey(key(file)))
            {
                throw new RegionException("not a region: " + path + " is the lock file of a region that this program " +
                    "uses (inode " + file.ino() + ", " + file.nlink() + (1 == file.nlink() ? " name" : " names") +
                    "); to read it would end the program's locks: remove the name if it should not be there");
            }
        }
    }

    /**
     * Closes a file, unless that would drop locks of this JVM: then it stays open until the JVM ends.
     *
     * @param channel of the file.
     * @param file    which one it is; null if that is not known, because another file was at its path just after.
     * @throws IOException if it cannot be closed.
     */
    static void close(final FileChannel channel, final FileStat file) throws IOException
    {
        synchronized (REGISTRY)
        {
            if (!channel.isOpen())
            {
                return;
            }
            if (null == file ? isAnyOpenOnceMore() : REGISTRY.containsKey(key(file)))
            {
                strays().add(channel);
            }
            else
            {
                channel.close();
            }
        }
    }

    /** Whether this process has a lock file open by a descriptor other than the one of its locks. */
    private static boolean isAnyOpenOnceMore()
    {
        final int heldCount = REGISTRY.size() - (REGISTRY.containsKey(STRAYS_KEY) ? 1 : 0);
        if (0 == heldCount)
        {
            return false;
        }
        int openCount = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS))
        {
            for (final Path descriptor : descriptors)
            {
                openCount += isHeld(descriptor) ? 1 : 0;
            }
            return openCount > heldCount;
        }
        catch (final IOException ex)
        {
            // Not known: a descriptor that stays open is better than a lost lock.
            return true;
        }
    }

    private static boolean isHeld(final Path descriptor) throws IOException
    {
        try
        {
            final Map<String, Object> stat = Files.readAttributes(descriptor, "unix:dev,ino");
            return REGISTRY.containsKey(key(stat.get("dev"), stat.get("ino")));
        }
        catch (final NoSuchFileException ex)
        {
            // Closed in the meantime.
            return false;
        }
    }
}
