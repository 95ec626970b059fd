/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Files of a region that nobody needs: those that a creator left who died while he made it, and, if that is wanted, a
 * region in which nobody lives, with its lock file.
 * <p>
 * They are removed under the tables' lock, by which a living creator shows himself.
 */
public final class StaleFiles
{
    private static final long LOCK_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(5);

    private StaleFiles()
    {
    }

    /**
     * Finds them, and leaves them where they are.
     *
     * @param region      path of the region's file, which need not be there.
     * @param isUnusedToo whether a region counts in which nobody lives; one of an earlier boot always does.
     * @return paths; empty if there are none.
     * @throws RegionException if the directory or the region cannot be read.
     */
    public static List<Path> find(final Path region, final boolean isUnusedToo)
    {
        final Path path = region.toAbsolutePath();
        try
        {
            final List<Path> files = privateFiles(path);
            files.addAll(unusedFiles(path, isUnusedToo));
            return files;
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "directory " + path.getParent() + " cannot be read: " + RegionDirectory.reason(ex), ex);
        }
    }

    /**
     * Removes what {@link #find} finds. Who attaches in the very moment in which an unused region is removed, notices
     * and has to attach anew.
     *
     * @param region      path of the region's file, which need not be there.
     * @param isUnusedToo whether a region is removed in which nobody lives; one of an earlier boot always is.
     * @return what was removed.
     * @throws RegionException if another process holds the tables' lock all the time, or a file cannot be removed.
     */
    public static List<Path> remove(final Path region, final boolean isUnusedToo)
    {
        final Path path = region.toAbsolutePath();
        final Path lockPath = lockPath(path);
        if (find(path, isUnusedToo).isEmpty())
        {
            return List.of();
        }
        try (LifeLocks locks = LifeLocks.open(lockPath))
        {
            if (null == locks)
            {
                // Without a lock file a creator may be at work on the very files that look like left ones.
                return List.of();
            }
            if (!locks.lockTables(LOCK_TIMEOUT_NS))
            {
                throw new RegionException("nothing was removed: the tables' lock on " + lockPath +
                    " was not free for " + LOCK_TIMEOUT_NS + " ns: is a process stopped?");
            }
            try
            {
                return locks.isAt(lockPath) ? removeLocked(path, locks, isUnusedToo) : List.of();
            }
            finally
            {
                locks.unlockTables();
            }
        }
        catch (final IOException ex)
        {
            throw new RegionException(
                "files of " + path + " cannot be removed: " + RegionDirectory.reason(ex), ex);
        }
    }

    private static List<Path> removeLocked(final Path path, final LifeLocks locks, final boolean isUnusedToo)
        throws IOException
    {
        final List<Path> files = privateFiles(path);
        // Looked at anew, under the lock: nobody can enter a region now.
        if (!locks.isAnyoneAlive())
        {
            files.addAll(unusedFiles(path, isUnusedToo));
        }
        final List<Path> removed = new ArrayList<>();
        // The lock file is the last of them: a region without it could not be joined.
        for (final Path file : files)
        {
            if (Files.deleteIfExists(file))
            {
                removed.add(file);
            }
        }
        return removed;
    }

    private static List<Path> privateFiles(final Path path) throws IOException
    {
        final Pattern name = RegionOpener.privateName(path);
        final List<Path> files = new ArrayList<>();
        if (null == path.getParent() || !Files.isDirectory(path.getParent()) || null == FileStat.of(lockPath(path)))
        {
            return files;
        }
        try (DirectoryStream<Path> names = Files.newDirectoryStream(
            path.getParent(), (file) -> name.matcher(file.getFileName().toString()).matches()))
        {
            for (final Path file : names)
            {
                final FileStat stat = FileStat.of(file);
                if (null != stat && stat.isRegularFile())
                {
                    files.add(file);
                }
            }
        }
        files.sort(null);
        return files;
    }

    private static List<Path> unusedFiles(final Path path, final boolean isUnusedToo) throws IOException
    {
        final List<Path> files = new ArrayList<>();
        if (null == FileStat.of(path))
        {
            return files;
        }
        try (RegionView view = RegionView.open(path))
        {
            final boolean isUnused = null == view.lifeProblem() &&
                view.look(0).processes().stream().allMatch((process) -> Life.DEAD == process.life());
            if (isUnused && (isUnusedToo || !view.isOfThisBoot()))
            {
                files.add(path);
                files.add(lockPath(path));
            }
        }
        return files;
    }

    private static Path lockPath(final Path path)
    {
        return path.resolveSibling(path.getFileName() + RegionConfig.LOCK_SUFFIX);
    }
}
