/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.shm.os.FileStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.function.Predicate;

/**
 * Finds which locks this process holds on a file: {@code fdinfo} in {@code /proc} lists for a descriptor, in one piece,
 * the locks that were taken through its open file. So all descriptors of the file are read; another library of the
 * process can have some. It takes no lock and closes no descriptor of the file, so it cannot drop one. Where {@code
 * /proc} is not there, nothing is known. Not thread safe.
 * <p>
 * It reads {@code /proc/thread-self}: {@code /proc/self} shows no descriptors once the main thread has ended, as in a
 * program of another language that continues with a JVM in it.
 */
final class OwnLocks
{
    static final int NO_DESCRIPTOR = -1;

    private static final Path SELF = Path.of("/proc/thread-self");
    /** So many readings in a row without a lock prove that there is none. */
    private static final int AGREEING_READINGS = 2;
    private static final String FIRST_FIELD = "pos:";

    private final FileStat file;
    private final Path descriptors;
    private final Path infos;
    // A descriptor of the file when it was looked for; null if none is known.
    private String descriptor;

    OwnLocks(final FileStat file)
    {
        this(file, SELF);
    }

    /**
     * @param file    that the locks are on.
     * @param process directory in which the kernel, or a test in its place, shows this process.
     */
    OwnLocks(final FileStat file, final Path process)
    {
        this.file = file;
        descriptors = process.resolve("fd");
        infos = process.resolve("fdinfo");
    }

    /**
     * @param position of the byte.
     * @return false if the kernel lists no lock of this process on that byte, in two whole readings. Also true if that
     * cannot be found out.
     */
    boolean mayHold(final long position)
    {
        try
        {
            // The descriptor may be another file's by now, or closed: only a listed lock proves something.
            boolean isFound = null != descriptor && isListed(info(descriptor), position);
            for (int i = 0; i < AGREEING_READINGS && !isFound; i++)
            {
                isFound = find((info) -> isListed(info, position));
            }
            return isFound;
        }
        catch (final IOException ex)
        {
            return true;
        }
    }

    /**
     * @return whether this process holds any POSIX lock on the file; also false where that is never known.
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
            return isFile(descriptors.resolve(descriptor));
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    /** Finds a descriptor of the file with such information; false if this process has none open. */
    private boolean find(final Predicate<String> isWanted) throws IOException
    {
        boolean isAnyOpen = false;
        try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors))
        {
            for (final Path found : open)
            {
                isAnyOpen = true;
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
        }
        catch (final DirectoryIteratorException ex)
        {
            throw ex.getCause();
        }
        if (!isAnyOpen)
        {
            // The directory itself is open, so a list of none is no list of this process's.
            throw new IOException("no descriptors in " + descriptors);
        }
        return false;
    }

    private boolean isFile(final Path link) throws IOException
    {
        final Map<String, Object> stat = Files.readAttributes(link, "unix:dev,ino");
        return stat.get("dev").equals(file.dev()) && stat.get("ino").equals(file.ino());
    }

    private String info(final String descriptor) throws IOException
    {
        final String info;
        try
        {
            info = new String(Files.readAllBytes(infos.resolve(descriptor)), StandardCharsets.ISO_8859_1);
        }
        catch (final NoSuchFileException ex)
        {
            return "";
        }
        if (!info.startsWith(FIRST_FIELD) || !info.endsWith("\n"))
        {
            // A partial list proves nothing.
            throw new IOException("not whole: " + infos.resolve(descriptor));
        }
        return info;
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
