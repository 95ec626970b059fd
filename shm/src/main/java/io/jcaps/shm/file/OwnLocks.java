/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.os.FileStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.function.Predicate;

/**
 * Which locks this process holds on a file: {@code /proc/self/fdinfo} lists with a descriptor, in one piece, the locks
 * that were taken through its open file. So all descriptors of the file are looked at; another library of the process
 * can have some. It takes no lock and closes no descriptor of the file, so it cannot drop one. Where {@code /proc} is
 * not there, nothing is known. Not thread safe.
 */
final class OwnLocks
{
    static final int NO_DESCRIPTOR = -1;

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Path INFOS = Path.of("/proc/self/fdinfo");

    private final FileStat file;
    // A descriptor of the file when it was looked for; null if none is known.
    private String descriptor;

    OwnLocks(final FileStat file)
    {
        this.file = file;
    }

    /**
     * @param position of the byte.
     * @return false if the kernel lists no lock of this process on that byte.
     */
    boolean mayHold(final long position)
    {
        try
        {
            // The number may be another file's by now, or none's: only a lock that is listed is taken at its word.
            return null != descriptor && isListed(info(descriptor), position) ||
                find((info) -> isListed(info, position));
        }
        catch (final IOException ex)
        {
            return true;
        }
    }

    /**
     * @return whether this process holds any POSIX lock on the file; false also where that is never known.
     * @throws IOException if it cannot be found out just now, for want of a descriptor for instance.
     */
    boolean holdsAny() throws IOException
    {
        try
        {
            return find((info) -> null != nameIn(info));
        }
        catch (final NoSuchFileException | AccessDeniedException ex)
        {
            return false;
        }
    }

    /**
     * @return {@code major:minor:inode} as the kernel names the file in its lists of locks; null if this process holds
     * no POSIX lock on it, or that is not known.
     */
    String name()
    {
        try
        {
            return find((info) -> null != nameIn(info)) ? nameIn(info(descriptor)) : null;
        }
        catch (final IOException ex)
        {
            return null;
        }
    }

    /**
     * @return a descriptor of the file that this process has open, or {@link #NO_DESCRIPTOR}. It may be anybody's in
     * this process; when it is closed, this process's locks on the file are gone.
     */
    int descriptor()
    {
        try
        {
            return null != descriptor && isCurrent() || find((info) -> true) ?
                Integer.parseInt(descriptor) : NO_DESCRIPTOR;
        }
        catch (final IOException ex)
        {
            return NO_DESCRIPTOR;
        }
    }

    /**
     * @return whether the descriptor that was last found is still one of the file.
     */
    boolean isCurrent()
    {
        try
        {
            return isFile(DESCRIPTORS.resolve(descriptor));
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    /** Finds a descriptor of the file with such information; false if this process has none open. */
    private boolean find(final Predicate<String> isWanted) throws IOException
    {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS))
        {
            for (final Path found : descriptors)
            {
                try
                {
                    if (isFile(found) && isWanted.test(info(found.getFileName().toString())))
                    {
                        descriptor = found.getFileName().toString();
                        return true;
                    }
                }
                catch (final NoSuchFileException ex)
                {
                    // Closed in the meantime, or a name that is gone: a lock file that was removed is still open.
                    continue;
                }
            }
            return false;
        }
    }

    private boolean isFile(final Path link) throws IOException
    {
        final Map<String, Object> stat = Files.readAttributes(link, "unix:dev,ino");
        return stat.get("dev").equals(file.dev()) && stat.get("ino").equals(file.ino());
    }

    private static String info(final String descriptor) throws IOException
    {
        try
        {
            return new String(Files.readAllBytes(INFOS.resolve(descriptor)), StandardCharsets.ISO_8859_1);
        }
        catch (final NoSuchFileException ex)
        {
            return "";
        }
    }

    /**
     * @param info text of a descriptor's information.
     * @return how its lines of POSIX locks name the file; null if there are none.
     */
    static String nameIn(final String info)
    {
        for (final String line : info.split("\n"))
        {
            final String[] fields = line.trim().split("[ \t]+");
            if (9 == fields.length && "lock:".equals(fields[0]) && "POSIX".equals(fields[2]))
            {
                return fields[6];
            }
        }
        return null;
    }

    /**
     * @param info     text of a descriptor's information. The line of a lock is
     *                 {@code lock: number: POSIX ADVISORY WRITE pid major:minor:inode first last}.
     * @param position of the byte. The kernel joins a process's locks on neighbouring bytes to one line.
     * @return whether a lock for writing covers the byte.
     */
    static boolean isListed(final String info, final long position)
    {
        for (final String line : info.split("\n"))
        {
            final StringTokenizer fields = new StringTokenizer(line);
            if (9 == fields.countTokens() && "lock:".equals(fields.nextToken()))
            {
                fields.nextToken();
                final boolean isPosix = "POSIX".equals(fields.nextToken());
                fields.nextToken();
                final boolean isWrite = "WRITE".equals(fields.nextToken());
                fields.nextToken();
                fields.nextToken();
                final long first = Long.parseLong(fields.nextToken());
                final String last = fields.nextToken();
                if (isPosix && isWrite && first <= position &&
                    ("EOF".equals(last) || position <= Long.parseLong(last)))
                {
                    return true;
                }
            }
        }
        return false;
    }
}
