/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/**
 * What {@code lstat} returns for a path: a symbolic link is seen as such and never followed. Immutable.
 *
 * @param mode  type and permission bits.
 * @param uid   of the owner.
 * @param gid   of the group.
 * @param dev   device, as in {@code st_dev}.
 * @param ino   inode number.
 * @param nlink names that the file has.
 * @param key   the same object as {@link java.nio.file.attribute.BasicFileAttributes#fileKey()}; null if not known.
 */
public record FileStat(int mode, int uid, int gid, long dev, long ino, int nlink, Object key)
{
    public static final int GROUP_WRITE = 0020;
    public static final int OTHER_WRITE = 0002;

    private static final int STICKY = 01000;
    private static final int TYPE_MASK = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int SYMBOLIC_LINK = 0120000;
    private static final int PERMISSION_MASK = 07777;

    /**
     * Creates the attributes of a file that does not exist, for tests.
     *
     * @param mode  type and permission bits.
     * @param uid   of the owner.
     * @param gid   of the group.
     * @param dev   device, as in {@code st_dev}.
     * @param ino   inode number.
     * @param nlink names that the file has.
     */
    FileStat(final int mode, final int uid, final int gid, final long dev, final long ino, final int nlink)
    {
        this(mode, uid, gid, dev, ino, nlink, null);
    }

    /**
     * @param path to look at.
     * @return null if nothing is there.
     * @throws IOException if the operating system does not report it.
     */
    public static FileStat of(final Path path) throws IOException
    {
        return read(path, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * @param path to look at; a link is followed.
     * @return what it leads to; null if nothing is there.
     * @throws IOException if the operating system does not report it.
     */
    public static FileStat ofTarget(final Path path) throws IOException
    {
        return read(path);
    }

    private static FileStat read(final Path path, final LinkOption... options) throws IOException
    {
        final Map<String, Object> found;
        try
        {
            found = Files.readAttributes(path, "unix:mode,uid,gid,dev,ino,nlink,fileKey", options);
        }
        catch (final NoSuchFileException ex)
        {
            return null;
        }
        return new FileStat((Integer)found.get("mode"), (Integer)found.get("uid"), (Integer)found.get("gid"),
            (Long)found.get("dev"), (Long)found.get("ino"), (Integer)found.get("nlink"),
            found.get("fileKey"));
    }

    public boolean isDirectory()
    {
        return DIRECTORY == (mode & TYPE_MASK);
    }

    public boolean isSymbolicLink()
    {
        return SYMBOLIC_LINK == (mode & TYPE_MASK);
    }

    /**
     * @return whether entries of this directory can be renamed and removed by their owners alone.
     */
    public boolean isSticky()
    {
        return 0 != (mode & STICKY);
    }

    public boolean isRegularFile()
    {
        return REGULAR == (mode & TYPE_MASK);
    }

    /**
     * Whether this is the same file. An inode number is reused once its file is removed and closed, so the result is
     * reliable only while one of the two files exists.
     *
     * @param other or null.
     * @return true if device and inode are the same.
     */
    public boolean isSameFile(final FileStat other)
    {
        return null != other && dev == other.dev && ino == other.ino;
    }

    /**
     * @return name of the file's type, for people.
     */
    public String typeName()
    {
        return switch (mode & TYPE_MASK)
        {
            case DIRECTORY -> "a directory";
            case REGULAR -> "a regular file";
            case SYMBOLIC_LINK -> "a symbolic link";
            default -> "neither file, directory nor link";
        };
    }

    /**
     * @return permission bits in octal, for people.
     */
    public String modeText()
    {
        return String.format("%04o", mode & PERMISSION_MASK);
    }

    /**
     * @return uid and gid, for people.
     */
    public String ownerText()
    {
        return "uid " + Credentials.idText(uid) + ", gid " + Credentials.idText(gid);
    }

    /**
     * The device number as {@code /proc/locks} writes it, taken apart as glibc's {@code gnu_dev_major} does.
     *
     * @return major and minor number in hexadecimal.
     */
    public String deviceText()
    {
        final long major = (dev >>> 8 & 0xfffL) | (dev >>> 32 & ~0xfffL);
        final long minor = (dev & 0xffL) | (dev >>> 12 & 0xffffff00L);
        return String.format("%02x:%02x", major, minor);
    }
}
