/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.layout.Geometry;

import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;
import java.util.function.Predicate;

/**
 * One reading of the kernel's table of all file locks. Each line is
 * {@code number: POSIX ADVISORY WRITE pid major:minor:inode first last}; that of a waiter has {@code ->} after the
 * number.
 *
 * @param lines   text of the table.
 * @param isWhole whether it was read in one piece. The kernel gives no more than a page at once; when a lock is
 *                released between two pieces, a line of another lock is skipped.
 */
public record LockTable(String lines, boolean isWhole)
{
    /** The system has no such table. */
    public static final LockTable NONE = new LockTable("", true);

    /**
     * @param file that is locked.
     * @return how the table names it, unless its file system gives {@code stat} another device number than the table,
     * as btrfs and overlayfs do.
     */
    public static String name(final FileStat file)
    {
        return file.deviceText() + ':' + Long.toUnsignedString(file.ino());
    }

    /**
     * @param file     {@code major:minor:inode} as the table writes it.
     * @param position of the byte. The kernel joins a process's locks on neighbouring bytes to one line.
     * @return pid of the holder of a write lock; {@link ProcessInfo#NO_HOLDER} if the table does not show one.
     */
    public int holder(final String file, final long position)
    {
        return holder(locks(file, file::equals), position);
    }

    /**
     * Finds the write locks of one byte on a file, as life locks are; read once for many positions. The positions are
     * random: so inode and position identify a lock, also where the table names another device than {@code stat}.
     *
     * @param file that is locked.
     * @return the locks, in the table's order; input.
     */
    public List<Lock> lifeLocks(final FileStat file)
    {
        final String inode = ':' + Long.toUnsignedString(file.ino());
        final List<Lock> locks = locks(inode, (name) -> name.endsWith(inode));
        locks.removeIf((lock) -> lock.last - lock.first > Geometry.MAX_PROCESS_COUNT);
        return locks;
    }

    /**
     * @param locks    of one file.
     * @param position of a byte.
     * @return pid of the holder of a lock on it; {@link ProcessInfo#NO_HOLDER} if none of them is.
     */
    public static int holder(final List<Lock> locks, final long position)
    {
        for (final Lock lock : locks)
        {
            if (lock.first <= position && position <= lock.last)
            {
                return lock.pid > 0 ? lock.pid : ProcessInfo.NO_HOLDER;
            }
        }
        return ProcessInfo.NO_HOLDER;
    }

    private List<Lock> locks(final String part, final Predicate<String> isFile)
    {
        final List<Lock> locks = new ArrayList<>();
        for (final String line : lines.split("\n"))
        {
            if (!line.contains(part))
            {
                continue;
            }
            final StringTokenizer fields = new StringTokenizer(line);
            if (8 != fields.countTokens())
            {
                continue;
            }
            fields.nextToken();
            final boolean isPosix = "POSIX".equals(fields.nextToken());
            fields.nextToken();
            final boolean isWrite = "WRITE".equals(fields.nextToken());
            final String pid = fields.nextToken();
            final boolean isThisFile = isFile.test(fields.nextToken());
            final long first = Long.parseLong(fields.nextToken());
            final String end = fields.nextToken();
            if (isPosix && isWrite && isThisFile)
            {
                locks.add(new Lock(Integer.parseInt(pid), first,
                    "EOF".equals(end) ? Long.MAX_VALUE : Long.parseLong(end)));
            }
        }
        return locks;
    }

    /**
     * A write lock.
     *
     * @param pid   of its holder; 0 or less if the holder is not in this process's pid namespace.
     * @param first byte.
     * @param last  byte.
     */
    public record Lock(int pid, long first, long last)
    {
    }
}
