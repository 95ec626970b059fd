/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Life;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionView;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds regions by what their files begin with, in the places where they usually lie. Any thread may call.
 */
public final class Regions
{
    /** Somebody's directory of a million files must not keep a user waiting. */
    private static final int MAX_FILES = 20_000;
    private static final Path MEMORY = Path.of("/dev/shm");

    private Regions()
    {
    }

    /**
     * @return directories where regions usually lie: memory, that for temporary files, and the default region's.
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
     * @param places   directories; those in them whose names begin with {@code jcaps} are searched, too, and in memory
     *                 all of them.
     * @param unreadable gets the directories that may not be read.
     * @return files that begin as regions do, sorted.
     */
    public static Set<Path> find(final Collection<Path> places, final Collection<Path> unreadable)
    {
        final Set<Path> found = new TreeSet<>();
        for (final Path place : places)
        {
            for (final Path file : list(place, unreadable))
            {
                if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                {
                    addRegion(file, found);
                }
                else if (MEMORY.equals(place) || file.getFileName().toString().startsWith("jcaps"))
                {
                    list(file, unreadable).forEach((each) -> addRegion(each, found));
                }
            }
        }
        return found;
    }

    /**
     * @return regions in the usual places that somebody lives in.
     */
    static List<Path> inUse()
    {
        final List<Path> inUse = new ArrayList<>();
        for (final Path path : find(usualPlaces(), new ArrayList<>()))
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
                // Gone meanwhile, or of another version: not to be used.
            }
        }
        return inUse;
    }

    private static List<Path> list(final Path directory, final Collection<Path> unreadable)
    {
        final List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory))
        {
            for (final Path name : names)
            {
                if (files.size() == MAX_FILES)
                {
                    break;
                }
                files.add(name);
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
        // A lock file is never opened here: closing it would drop the locks that this process may hold on it.
        if (name.endsWith(".lock") || name.endsWith(".tmp") ||
            !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(file))
        {
            return;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))
        {
            final ByteBuffer magic = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            if (Long.BYTES == channel.read(magic, RegionDescriptor.MAGIC_OFFSET) &&
                RegionDescriptor.MAGIC == magic.getLong(0))
            {
                found.add(file);
            }
        }
        catch (final IOException ignore)
        {
            // Not for this user, or gone.
        }
    }
}
