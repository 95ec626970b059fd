/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.layout.Geometry;

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
        return find(file, file::equals, position, Long.MAX_VALUE);
    }

    /**
     * Of a byte whose position is random, as those of life locks are: so the inode and the position identify it, also
     * where the table names another device than {@code stat}.
     *
     * @param file     that is locked.
     * @param position of the byte.
     * @return as {@link #holder(String, long)}.
     */
    public int lifeHolder(final FileStat file, final long position)
    {
        final String inode = ':' + Long.toUnsignedString(file.ino());
        return find(inode, (name) -> name.endsWith(inode), position, Geometry.MAX_PROCESS_COUNT);
    }

    private int find(
        final String part, final Predicate<String> isFile, final long position, final long maxLength)
    {
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
            final long last = "EOF".equals(end) ? Long.MAX_VALUE : Long.parseLong(end);
            if (isPosix && isWrite && isThisFile && first <= position && position <= last && last - first <= maxLength)
            {
                final int holder = Integer.parseInt(pid);
                return holder > 0 ? holder : ProcessInfo.NO_HOLDER;
            }
        }
        return ProcessInfo.NO_HOLDER;
    }
}
