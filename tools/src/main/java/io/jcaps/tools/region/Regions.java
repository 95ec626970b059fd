/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.RegionView;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds regions by the first bytes of their files, in the usual directories. Any thread may call.
 */
public final class Regions
{
    /** Most files of one search, so that a directory with a million files does not delay it. */
    private static final int MAX_FILES = 20_000;
    private static final Path MEMORY = Path.of("/dev/shm");

    private Regions()
    {
    }

    /**
     * @return directories that usually contain regions: /dev/shm, that for temporary files, and the default region's.
     */
    public static List<Path> usualPlaces()
    {
        final Set<Path> places = new LinkedHashSet<>();
        places.add(MEMORY);
        places.add(Path.of(System.getProperty("java.io.tmpdir")));
        final Path parent = new RegionConfig().path().toAbsolutePath().getParent();
        if (null != parent)
        {
            places.add(parent);
        }
        return new ArrayList<>(places);
    }

    /**
     * @param places     directories; their subdirectories whose names begin with {@code jcaps} are searched, too, and
     *                   under /dev/shm all subdirectories.
     * @param isAllUsers whether to look at files and directories of other users than the caller and root.
     * @param unreadable receives the directories that may not be read.
     * @return files that begin as regions do, sorted.
     */
    public static Set<Path> find(
        final Collection<Path> places, final boolean isAllUsers, final Collection<Path> unreadable)
    {
        final Set<Path> found = new TreeSet<>();
        final int[] left = {MAX_FILES};
        for (final Path place : places)
        {
            for (final Path file : list(place, left, unreadable))
            {
                if (!isAllUsers && !isTrusted(file))
                {
                    continue;
                }
                if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                {
                    addRegion(file, found);
                }
                else if (MEMORY.equals(place) || file.getFileName().toString().startsWith("jcaps"))
                {
                    list(file, left, unreadable).stream().filter((each) -> isAllUsers || isTrusted(each))
                        .forEach((each) -> addRegion(each, found));
                }
            }
        }
        return found;
    }

    /**
     * @return the caller's effective uid; -1 if it is not known.
     */
    public static int euid()
    {
        return uid(Path.of("/proc/self"));
    }

    /** Whether a file is the caller's or root's. */
    private static boolean isTrusted(final Path file)
    {
        final int uid = uid(file, LinkOption.NOFOLLOW_LINKS);
        return 0 == uid || uid >= 0 && euid() == uid;
    }

    private static int uid(final Path file, final LinkOption... options)
    {
        try
        {
            return (Integer)Files.getAttribute(file, "unix:uid", options);
        }
        catch (final IOException | UnsupportedOperationException ex)
        {
            return -1;
        }
    }

    /**
     * @return regions of the caller and of root, in the usual places, that have a living process.
     */
    static List<Path> inUse()
    {
        final List<Path> inUse = new ArrayList<>();
        for (final Path path : find(usualPlaces(), false, new ArrayList<>()))
        {
            try (RegionView view = RegionView.open(path))
            {
                if (view.look(0).count(Life.ALIVE) > 0)
                {
                    inUse.add(path);
                }
            }
            catch (final RegionException ignore)
            {
                // It was removed in the meantime, or has another version: not usable.
            }
        }
        return inUse;
    }

    private static List<Path> list(final Path directory, final int[] left, final Collection<Path> unreadable)
    {
        final List<Path> files = new ArrayList<>();
        // Opened by the dot in it: an open of a named pipe, which another user could have put there, would wait.
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory.resolve(".")))
        {
            for (final Path name : names)
            {
                if (0 == left[0])
                {
                    break;
                }
                left[0]--;
                files.add(directory.resolve(name.getFileName()));
            }
        }
        catch (final IOException | DirectoryIteratorException ex)
        {
            if (Files.exists(directory))
            {
                unreadable.add(directory);
            }
        }
        return files;
    }

    private static void addRegion(final Path file, final Set<Path> found)
    {
        final String name = file.getFileName().toString();
        // Never opens a lock file: closing it would drop the locks that this process may hold on it.
        if (name.endsWith(".lock") || name.endsWith(".tmp") ||
            !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(file))
        {
            return;
        }
        if (RegionView.isRegion(file))
        {
            found.add(file);
        }
    }
}
