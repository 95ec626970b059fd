/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The directory that a region lies in. Whoever can write to it can put another file in the place of the region or of
 * its lock file, and cut the region short while it is mapped; so its mode is what protects the users from all others.
 */
final class RegionDirectory
{
    private final Path path;
    private final FileStat stat;
    private final Access access;
    private final int euid;

    private RegionDirectory(final Path path, final FileStat stat, final Access access, final int euid)
    {
        this.path = path;
        this.stat = stat;
        this.access = access;
        this.euid = euid;
    }

    /**
     * Finds and checks the directory.
     *
     * @param path            of the directory.
     * @param access          who shares the region.
     * @param createIfMissing whether to make it, and those above it, with the mode that the access says. What was made
     *                        stays, whatever fails later: it is empty and the caller's own.
     * @param euid            the caller's effective uid.
     * @return the directory, fit for use.
     * @throws RegionException if it is not there, or not fit.
     */
    static RegionDirectory open(
        final Path path, final Access access, final boolean createIfMissing, final int euid)
    {
        try
        {
            FileStat stat = FileStat.of(path);
            if (null == stat && createIfMissing)
            {
                create(path, access);
                stat = FileStat.of(path);
            }
            if (null == stat)
            {
                throw new RegionException("no region: there is no directory " + path);
            }
            final RegionDirectory directory = new RegionDirectory(path, stat, access, euid);
            directory.check();
            return directory;
        }
        catch (final IOException ex)
        {
            throw new RegionException("directory " + path + " cannot be used or made: " + reason(ex) +
                ": use a directory of your own such as /dev/shm/jcaps-<user>/", ex);
        }
    }

    /**
     * Checks that a file in the directory is of those who may have made it.
     *
     * @param file what was found.
     * @param path of the file.
     * @throws RegionException if it is no regular file, or somebody else's.
     */
    void checkFile(final FileStat file, final Path path)
    {
        if (!file.isRegularFile())
        {
            throw new RegionException("not a region: " + path + " is " + file.typeName() +
                ", a region is a regular file: remove it, or use another path");
        }
        final boolean isTrusted = euid == file.uid() || 0 == file.uid() || stat.uid() == file.uid() ||
            (isGroupWritable() && stat.gid() == file.gid());
        if (!isTrusted)
        {
            throw new RegionException("somebody else's file: " + path + " belongs to uid " + file.uid() +
                " (mode " + file.modeText() + "), expected " + euid + ", 0, or the directory's owner " + stat.uid() +
                ": remove it, or use another path");
        }
    }

    /**
     * Gives a file that was made under a private name its mode, and its group where a group shares the region.
     *
     * @param file path of the file.
     * @throws IOException if that cannot be done.
     */
    void setMode(final Path file) throws IOException
    {
        if (Access.GROUP == access && FileStat.of(file).gid() != stat.gid())
        {
            try
            {
                Files.setAttribute(file, "unix:gid", stat.gid());
            }
            catch (final IOException ex)
            {
                throw new RegionException("a file in " + path + " cannot be given to the directory's group " +
                    stat.gid() + ": be a member of that group, or change the directory's", ex);
            }
        }
        // The mode that a file is created with is masked by the umask; this one is not.
        Files.setPosixFilePermissions(file, access.filePermissions());
    }

    /**
     * @return path of the directory.
     */
    Path path()
    {
        return path;
    }

    /**
     * @param ex what happened to a file.
     * @return text for people.
     */
    static String reason(final IOException ex)
    {
        return ex instanceof AccessDeniedException ? "permission denied" : ex.toString();
    }

    private boolean isGroupWritable()
    {
        return 0 != (stat.mode() & FileStat.GROUP_WRITE);
    }

    private void check()
    {
        if (!stat.isDirectory())
        {
            throw new RegionException("not a directory: " + path + " is " + stat.typeName() +
                ", which is not followed: use a directory of your own such as /dev/shm/jcaps-<user>/");
        }
        if (Access.PRIVATE == access && euid != stat.uid() && 0 != stat.uid())
        {
            throw new RegionException("somebody else's directory: " + path + " belongs to uid " + stat.uid() +
                " (mode " + stat.modeText() + "), expected " + euid + " or 0: use a directory of your own (system " +
                "property " + RegionConfig.REGION_PROPERTY + "), or set access to GROUP or WORLD to trust that user");
        }
        if (0 != (stat.mode() & FileStat.OTHER_WRITE))
        {
            throw new RegionException("directory is writable by everybody: " + path + " has mode " + stat.modeText() +
                ": use a directory of your own such as /dev/shm/jcaps-<user>/");
        }
        if (isGroupWritable() && Access.GROUP != access)
        {
            throw new RegionException("directory is writable by its group: " + path + " has mode " +
                stat.modeText() + ", gid " + stat.gid() + ": use one that is not, or set access to GROUP");
        }
    }

    private static void create(final Path path, final Access access) throws IOException
    {
        final Deque<Path> missing = new ArrayDeque<>();
        for (Path each = path; null != each && null == FileStat.of(each); each = each.getParent())
        {
            missing.push(each);
        }
        for (final Path each : missing)
        {
            try
            {
                // At first for the owner alone; then exactly as it should be, whatever the umask made of it.
                Files.createDirectory(
                    each, PosixFilePermissions.asFileAttribute(Access.PRIVATE.directoryPermissions()));
                Files.setPosixFilePermissions(each, access.directoryPermissions());
            }
            catch (final FileAlreadyExistsException ex)
            {
                // Another was faster: its mode is checked like that of any directory that was there.
                continue;
            }
        }
    }
}
