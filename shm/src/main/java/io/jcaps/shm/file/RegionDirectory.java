/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.file;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.TrustedPath;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The directory of a region. A user who can write to it can replace the region or its lock file, so its mode protects
 * the region's users from all others. A user who can write to a directory above it can replace it, so those are
 * checked, too.
 */
public final class RegionDirectory implements AutoCloseable
{
    private final Path path;
    private final FileStat stat;
    private final Access access;
    private final int euid;
    private HeldDirectory held;

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
     * @param access          which users share the region.
     * @param createIfMissing whether to create it, and those above it, with the mode of the access. Created directories
     *                        stay, even if a later step fails: they are empty and the caller's own.
     * @param euid            the caller's effective uid.
     * @return the directory, checked.
     * @throws RegionException if it is missing, or other users than those of the access can change it; the message says
     *                         what to do.
     */
    public static RegionDirectory open(
        final Path path, final Access access, final boolean createIfMissing, final int euid)
    {
        try
        {
            FileStat stat = FileStat.of(path);
            if (null == stat && createIfMissing)
            {
                create(path, access, euid);
                stat = FileStat.of(path);
            }
            if (null == stat)
            {
                throw new RegionException("no region: there is no directory " + path);
            }
            final RegionDirectory directory = new RegionDirectory(path, stat, access, euid);
            directory.check();
            if (!directory.isAtPath())
            {
                throw new IOException("it was replaced while it was checked");
            }
            return directory;
        }
        catch (final IOException ex)
        {
            throw new RegionException("directory " + path + " cannot be used or made: " + reason(ex) +
                ": use a directory of your own such as /dev/shm/jcaps-<user>/", ex);
        }
    }

    /**
     * Checks that a file in the directory belongs to a user who may have created it.
     *
     * @param file what was found.
     * @param path of the file.
     * @throws RegionException if it is no regular file, or another user's.
     */
    public void checkFile(final FileStat file, final Path path)
    {
        RegionChannel.checkRegularFile(file, path);
        final boolean isTrusted = euid == file.uid() || 0 == file.uid() || stat.uid() == file.uid() ||
            (isGroupWritable() && stat.gid() == file.gid());
        if (!isTrusted)
        {
            throw new RegionException("another user's file: " + path + " belongs to uid " +
                Credentials.idText(file.uid()) + " (mode " + file.modeText() + "), expected " +
                Credentials.idText(euid) + ", 0, or the directory's owner " + Credentials.idText(stat.uid()) +
                ": remove it, or use another path");
        }
    }

    /**
     * Opens the directory, at the first call. An attachment to an existing region does not need this, so the directory
     * need not be readable for it.
     *
     * @return the directory that was checked, open until this is closed.
     * @throws IOException if it cannot be read, or another one is at its path by now.
     */
    public HeldDirectory hold() throws IOException
    {
        if (null == held)
        {
            final HeldDirectory opened = HeldDirectory.open(path);
            if (!stat.isSameFile(opened.stat()))
            {
                opened.close();
                throw new IOException("directory " + path + " was replaced after it was checked");
            }
            held = opened;
        }
        return held;
    }

    /**
     * Creates a file under a private name.
     *
     * @param region path of the region that it belongs to.
     * @return the file, with the mode of the access, and the directory's group where a group shares the region.
     * @throws IOException if that cannot be done; then nothing is left.
     */
    PrivateFile createFile(final Path region) throws IOException
    {
        final PrivateFile file = PrivateFile.create(hold(), region, euid);
        boolean isDone = false;
        try
        {
            file.setMode(access, Access.GROUP == access ? held.view().readAttributes().group() : null);
            isDone = true;
            return file;
        }
        catch (final IOException ex)
        {
            if (Access.GROUP != access || ex instanceof NoSuchFileException)
            {
                throw ex;
            }
            throw new RegionException("a file in " + path + " cannot be given to the directory's group " +
                stat.gid() + ": be a member of that group, or change the directory's", ex);
        }
        finally
        {
            if (!isDone)
            {
                file.close();
                file.channel().close();
            }
        }
    }

    /**
     * @return whether the directory that was checked is at its path.
     * @throws IOException if the operating system does not say.
     */
    boolean isAtPath() throws IOException
    {
        return stat.isSameFile(FileStat.of(path));
    }

    /** Closes the directory. A second call does nothing. */
    @Override
    public void close()
    {
        if (null != held)
        {
            held.close();
            held = null;
        }
    }

    /**
     * @return path of the directory.
     */
    Path path()
    {
        return path;
    }

    /**
     * @param ex that an operation on a file threw.
     * @return text for people.
     */
    public static String reason(final IOException ex)
    {
        return ex instanceof AccessDeniedException ? "permission denied" : ex.toString();
    }

    private boolean isGroupWritable()
    {
        return 0 != (stat.mode() & FileStat.GROUP_WRITE);
    }

    private void check() throws IOException
    {
        if (!stat.isDirectory())
        {
            throw new RegionException("not a directory: " + path + " is " + stat.typeName() +
                ", which is not followed: use a directory of your own such as /dev/shm/jcaps-<user>/");
        }
        if (Access.PRIVATE == access && euid != stat.uid() && 0 != stat.uid())
        {
            throw new RegionException("another user's directory: " + path + " belongs to uid " +
                Credentials.idText(stat.uid()) + " (mode " + stat.modeText() + "), expected " +
                Credentials.idText(euid) + " or 0: use a directory of your own (system " +
                "property " + RegionConfig.REGION_PROPERTY + "), or set access to GROUP or WORLD to trust that user");
        }
        final String problem = null == path.getParent() ? null : TrustedPath.problemOfWhole(path.getParent(), euid,
            Access.PRIVATE == access ? TrustedPath.NONE : stat.uid(),
            Access.GROUP == access ? stat.gid() : TrustedPath.NONE);
        if (null != problem)
        {
            throw new RegionException("a directory above can be changed by others: " + problem + ", so they could " +
                "put another directory in the place of " + path + ": use a directory of your own such as " +
                "/dev/shm/jcaps-<user>/, or have one mounted there");
        }
        if (0 != (stat.mode() & FileStat.OTHER_WRITE))
        {
            throw new RegionException("directory is writable by everybody: " + path + " has mode " + stat.modeText() +
                ": make one in it that is not (mkdir -m 0700, or -m 2770 for a group)" + (stat.isSticky() ? "" :
                " and mount that alone, in a pod by subPath, since without a sticky bit others can replace it") +
                "; or use one of your own such as /dev/shm/jcaps-<user>/");
        }
        if (isGroupWritable() && Access.GROUP != access)
        {
            throw new RegionException("directory is writable by its group: " + path + " has mode " +
                stat.modeText() + ", gid " + Credentials.idText(stat.gid()) +
                ": use one that is not, or set access to GROUP");
        }
    }

    private static void create(final Path path, final Access access, final int euid) throws IOException
    {
        final Deque<Path> missing = new ArrayDeque<>();
        for (Path each = path; null != each && null == FileStat.of(each); each = each.getParent())
        {
            missing.push(each);
        }
        final Deque<Path> made = new ArrayDeque<>();
        for (final Path each : missing)
        {
            // Another user may have created the directory above just now, as a link to a directory of this user. Or
            // that user could put another directory of this user in the place of this one, and its new mode would open
            // it to others.
            checkMaking(path, TrustedPath.problemOfWhole(each.toAbsolutePath().getParent(), euid));
            try
            {
                // First for the owner alone.
                Files.createDirectory(
                    each, PosixFilePermissions.asFileAttribute(Access.PRIVATE.directoryPermissions()));
                made.push(each);
            }
            catch (final FileAlreadyExistsException ex)
            {
                // Another was faster: its mode is checked like that of any directory that was there.
                continue;
            }
        }
        // The innermost first: as long as only its owner can write to a directory, no other user can replace those in
        // it.
        for (final Path each : made)
        {
            setMode(each, access, euid);
        }
    }

    private static void checkMaking(final Path path, final String problem)
    {
        if (null != problem)
        {
            throw new RegionException("a directory above can be changed by others: " + problem + ", so they could " +
                "put another directory in the place of " + path + " before its mode is set: make it yourself (mkdir " +
                "-m 2770 for a group), or use a directory of your own such as /dev/shm/jcaps-<user>/");
        }
    }

    /** Sets the mode of a created directory, independent of the umask. */
    private static void setMode(final Path made, final Access access, final int euid) throws IOException
    {
        try (HeldDirectory directory = HeldDirectory.open(made))
        {
            if (euid != directory.stat().uid())
            {
                throw new IOException("directory " + made + " was replaced by one of uid " + directory.stat().uid());
            }
            directory.view().setPermissions(access.directoryPermissions());
        }
    }
}
