/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.file.LifeLocks;
import io.jcaps.shm.file.PrivateFile;
import io.jcaps.shm.file.RegionDirectory;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.ProcessInfo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Files of a region that no process needs: those of a creator that died before the region was complete, and, on
 * request, a region without living processes, with its lock file.
 * <p>
 * They are removed under the tables' lock, which a living creator holds, and relative to the open directory: nothing is
 * deleted elsewhere if another user replaces the directory in the meantime.
 */
public final class StaleFiles
{
    private static final long LOCK_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    private StaleFiles()
    {
    }

    /**
     * Finds stale files without removing them.
     *
     * @param region      path of the region's file, which need not be there.
     * @param access      which users share it, and so whose directory and files are trusted.
     * @param isUnusedToo whether a region without living processes counts; one of an earlier boot always does.
     * @return paths; empty if there are none.
     * @throws RegionException if the directory or the region cannot be read, or is another user's.
     */
    public static List<Path> find(final Path region, final Access access, final boolean isUnusedToo)
    {
        final Path path = region.toAbsolutePath();
        if (!isThere(path.getParent()))
        {
            return List.of();
        }
        try (RegionDirectory directory = open(path, access))
        {
            return List.copyOf(find(path, directory, isUnusedToo).keySet());
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "directory " + path.getParent() + " cannot be read: " + RegionDirectory.reason(ex), ex);
        }
    }

    /**
     * Removes what {@link #find} finds. A process that attaches while an unused region is removed gets an error, and
     * has to attach again.
     *
     * @param region      path of the region's file, which need not be there.
     * @param access      which users share it, and so whose directory and files are trusted.
     * @param isUnusedToo whether a region without living processes is removed; one of an earlier boot always is.
     * @return what was removed.
     * @throws RegionException if another process holds the tables' lock all the time, a file cannot be removed, or the
     *                         region is another user's.
     */
    public static List<Path> remove(final Path region, final Access access, final boolean isUnusedToo)
    {
        final Path path = region.toAbsolutePath();
        if (!isThere(path.getParent()))
        {
            return List.of();
        }
        final Path lockPath = lockPath(path);
        try (RegionDirectory directory = open(path, access))
        {
            return find(path, directory, isUnusedToo).isEmpty() ? List.of() :
                remove(path, lockPath, directory, isUnusedToo);
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "files of " + path + " cannot be removed: " + RegionDirectory.reason(ex), ex);
        }
    }

    private static List<Path> remove(
        final Path path, final Path lockPath, final RegionDirectory directory, final boolean isUnusedToo)
        throws IOException
    {
        final FileStat lockFile = FileStat.of(lockPath);
        if (null == lockFile)
        {
            return List.of();
        }
        directory.checkFile(lockFile, lockPath);
        try (LifeLocks locks = LifeLocks.open(lockPath))
        {
            if (null == locks || !locks.file().isSameFile(lockFile))
            {
                // Without a lock file, a living creator may be using the files that look stale.
                return List.of();
            }
            if (!locks.lockTables(LOCK_TIMEOUT_NS))
            {
                throw new RegionException("nothing was removed: the tables' lock on " + lockPath +
                    " was not free for " + LOCK_TIMEOUT_NS + " ns: is a process stopped?");
            }
            try
            {
                return locks.isAt(lockPath) ? removeLocked(path, directory, locks, isUnusedToo) : List.of();
            }
            finally
            {
                locks.unlockTables();
            }
        }
    }

    private static List<Path> removeLocked(
        final Path path, final RegionDirectory directory, final LifeLocks locks, final boolean isUnusedToo)
        throws IOException
    {
        // Searched again, under the lock: no process can enter a region now.
        final Map<Path, FileStat> files = find(path, directory, isUnusedToo);
        final boolean isAnyoneAlive = locks.isAnyoneAlive();
        final List<Path> removed = new ArrayList<>();
        // The lock file is the last of them: a region without it could not be joined.
        for (final Map.Entry<Path, FileStat> file : files.entrySet())
        {
            final Path name = file.getKey().getFileName();
            final boolean isPrivate = null == file.getValue();
            if (isPrivate ? PrivateFile.removeLeft(directory.hold(), name) :
                !isAnyoneAlive && directory.hold().delete(name, file.getValue()))
            {
                removed.add(file.getKey());
            }
            else if (!isPrivate)
            {
                // Another file is there now: its lock file stays with it.
                break;
            }
        }
        return removed;
    }

    /** Paths, in the order of their removal, with the file that must be there, or null for a creator's private ones. */
    private static Map<Path, FileStat> find(
        final Path path, final RegionDirectory directory, final boolean isUnusedToo) throws IOException
    {
        final Map<Path, FileStat> files = new LinkedHashMap<>();
        final FileStat lockFile = FileStat.of(lockPath(path));
        if (null == lockFile)
        {
            return files;
        }
        final Pattern privateName = PrivateFile.directoryName(path);
        for (final Path name : directory.hold().names((each) -> privateName.matcher(each).matches()))
        {
            final PosixFileAttributes found = directory.hold().attributes(name);
            if (null != found && (found.isRegularFile() || found.isDirectory()))
            {
                files.put(path.resolveSibling(name), null);
            }
        }
        if (null != FileStat.of(path))
        {
            try (RegionView view = RegionView.openIn(path, directory))
            {
                final boolean isUnused = null == view.lifeProblem() &&
                    view.look(0).processes().stream().allMatch((process) -> Life.DEAD == process.life());
                if (isUnused && (isUnusedToo || !view.isOfThisBoot()))
                {
                    files.put(path, view.file());
                    files.put(lockPath(path), lockFile);
                }
            }
        }
        return files;
    }

    private static RegionDirectory open(final Path path, final Access access)
    {
        return RegionDirectory.open(path.getParent(), access, false, ProcessInfo.find().self().euid());
    }

    private static boolean isThere(final Path directory)
    {
        return null != directory && Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    }

    private static Path lockPath(final Path path)
    {
        return path.resolveSibling(path.getFileName() + RegionConfig.LOCK_SUFFIX);
    }
}
