/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringTokenizer;
import java.util.UUID;

/**
 * Linux's word on processes, from {@code /proc}. All pids are those of the pid namespace that {@code /proc} was mounted
 * for, so they agree with each other.
 * <p>
 * {@code com.sun.security.auth.module.UnixSystem} is not used: it answers uid 0 for a uid without a name.
 */
final class ProcFs implements ProcessInfo
{
    private final Path root;

    /**
     * @param root where the file system is mounted.
     */
    ProcFs(final Path root)
    {
        this.root = root;
    }

    /**
     * @return null where there is no {@code /proc} of Linux.
     */
    static ProcFs find()
    {
        final ProcFs procFs = new ProcFs(Path.of("/proc"));
        return null != procFs.readOrNull("self/status") && null != procFs.readOrNull("self/stat") ? procFs : null;
    }

    /** {@inheritDoc} */
    @Override
    public Credentials self()
    {
        return parseStatus(read("self/status"));
    }

    /** {@inheritDoc} */
    @Override
    public int ownPid()
    {
        try
        {
            return Integer.parseInt(Files.readSymbolicLink(root.resolve("self")).toString());
        }
        catch (final IOException ex)
        {
            throw new RegionException("own pid cannot be read from " + root.resolve("self"), ex);
        }
    }

    /** {@inheritDoc} */
    @Override
    public long startTicks()
    {
        return parseStartTicks(read("self/stat"));
    }

    /** {@inheritDoc} */
    @Override
    public UUID bootId()
    {
        final String text = readOrNull("sys/kernel/random/boot_id");
        return null == text ? null : UUID.fromString(text.trim());
    }

    /**
     * {@inheritDoc}
     * <p>
     * A long table comes in pieces, and a line can slip through between two of them: {@link #NO_HOLDER} proves nothing.
     */
    @Override
    public int lockHolder(final FileStat lockFile, final long position)
    {
        final String locks = readOrNull("locks");
        return null == locks ? NO_HOLDER :
            parseLocks(locks, lockFile.deviceText() + ':' + Long.toUnsignedString(lockFile.ino()), position);
    }

    /** {@inheritDoc} */
    @Override
    public int followedPid(final int pidfd)
    {
        final String info = readOrNull("self/fdinfo/" + pidfd);
        if (null != info)
        {
            for (final String line : info.split("\n"))
            {
                if (line.startsWith("Pid:"))
                {
                    final int pid = Integer.parseInt(line.substring(line.indexOf(':') + 1).trim());
                    return pid > 0 ? pid : NO_HOLDER;
                }
            }
        }
        return NO_HOLDER;
    }

    /** {@inheritDoc} */
    @Override
    public Credentials credentials(final int pid)
    {
        final String status = readOrNull(pid + "/status");
        return null == status ? null : parseStatus(status);
    }

    /**
     * Reads a table of locks. Each line is
     * {@code number: POSIX ADVISORY WRITE pid major:minor:inode first last}; that of a waiter has {@code ->} after the
     * number.
     *
     * @param locks    text of the table.
     * @param file     {@code major:minor:inode} as the table writes it.
     * @param position of the byte. The kernel joins a process's locks on neighbouring bytes to one line.
     * @return pid of the holder of a write lock, or {@link #NO_HOLDER}.
     */
    static int parseLocks(final String locks, final String file, final long position)
    {
        for (final String line : locks.split("\n"))
        {
            if (!line.contains(file))
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
            final boolean isFile = file.equals(fields.nextToken());
            final long first = Long.parseLong(fields.nextToken());
            final String last = fields.nextToken();
            if (isPosix && isWrite && isFile && first <= position &&
                ("EOF".equals(last) || position <= Long.parseLong(last)))
            {
                final int holder = Integer.parseInt(pid);
                return holder > 0 ? holder : NO_HOLDER;
            }
        }
        return NO_HOLDER;
    }

    /**
     * @param status text of {@code /proc/<pid>/status}.
     * @return the credentials in it.
     */
    static Credentials parseStatus(final String status)
    {
        int pid = 0;
        int ownPid = 0;
        int[] uids = null;
        int[] gids = null;
        int[] groups = new int[0];
        for (final String line : status.split("\n"))
        {
            // The name, the first line, is the process's own choice; the kernel escapes a line feed in it.
            if (line.startsWith("Pid:"))
            {
                pid = ids(line)[0];
                ownPid = pid;
            }
            else if (line.startsWith("NSpid:"))
            {
                // One for each namespace that it is in, its own the last. Not there before Linux 4.1.
                final int[] pids = ids(line);
                ownPid = pids[pids.length - 1];
            }
            else if (line.startsWith("Uid:"))
            {
                uids = ids(line);
            }
            else if (line.startsWith("Gid:"))
            {
                gids = ids(line);
            }
            else if (line.startsWith("Groups:"))
            {
                groups = ids(line);
            }
        }
        if (null == uids || null == gids || uids.length < 2 || gids.length < 2)
        {
            throw new RegionException("no credentials in /proc/" + pid + "/status: is this Linux?");
        }
        return new Credentials(pid, ownPid, uids[0], uids[1], gids[0], gids[1], groups);
    }

    /**
     * @param stat text of {@code /proc/<pid>/stat}.
     * @return field 22. The second field is the name in parentheses, which may hold blanks and parentheses itself.
     */
    static long parseStartTicks(final String stat)
    {
        final StringTokenizer fields = new StringTokenizer(stat.substring(stat.lastIndexOf(')') + 1));
        for (int field = 3; field < 22; field++)
        {
            fields.nextToken();
        }
        return Long.parseLong(fields.nextToken());
    }

    private static int[] ids(final String line)
    {
        final StringTokenizer fields = new StringTokenizer(line.substring(line.indexOf(':') + 1));
        final int[] ids = new int[fields.countTokens()];
        for (int i = 0; i < ids.length; i++)
        {
            ids[i] = Integer.parseUnsignedInt(fields.nextToken());
        }
        return ids;
    }

    private String read(final String name)
    {
        final String text = readOrNull(name);
        if (null == text)
        {
            throw new RegionException("cannot read " + root.resolve(name) + ": who this process is, is not known");
        }
        return text;
    }

    private String readOrNull(final String name)
    {
        try
        {
            // readAllBytes is among the reads that an interrupt does not end. Names can be in any encoding.
            return new String(Files.readAllBytes(root.resolve(name)), StandardCharsets.ISO_8859_1);
        }
        catch (final IOException ex)
        {
            return null;
        }
    }
}
