/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringTokenizer;
import java.util.UUID;

/**
 * What Linux reports about processes in {@code /proc}. All pids are those of the pid namespace that {@code /proc} was
 * mounted for, so they agree with each other.
 * <p>
 * {@code com.sun.security.auth.module.UnixSystem} is not used: it returns uid 0 for a uid without a name.
 */
public final class ProcFs implements ProcessInfo
{
    // All but -1: mapped to themselves outside of user namespaces.
    private static final long ID_COUNT = 0xFFFF_FFFFL;
    private static final int SETTING_LENGTH = 64;
    // More than the kernel gives at once.
    private static final int PIECE_LENGTH = 64 * 1024;

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
    public static ProcFs find()
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

    /** {@inheritDoc} */
    @Override
    public LockTable lockTable()
    {
        final File locks = root.resolve("locks").toFile();
        final ByteArrayOutputStream lines = new ByteArrayOutputStream();
        final byte[] piece = new byte[PIECE_LENGTH];
        int pieceCount = 0;
        // A stream, as its reads are system calls that an interrupt does not end.
        try (FileInputStream input = new FileInputStream(locks))
        {
            for (int length; (length = input.read(piece)) > 0; pieceCount++)
            {
                lines.write(piece, 0, length);
            }
        }
        catch (final IOException ex)
        {
            return locks.canRead() ? null : LockTable.NONE;
        }
        return new LockTable(lines.toString(StandardCharsets.ISO_8859_1), pieceCount <= 1);
    }

    /** {@inheritDoc} */
    @Override
    public boolean showsOwnNamespace()
    {
        for (final String line : read("self/status").split("\n"))
        {
            // From the pid namespace of /proc down to the process's own. Not there before Linux 4.1.
            if (line.startsWith("NSpid:"))
            {
                return 1 == ids(line).length;
            }
        }
        return true;
    }

    /** {@inheritDoc} */
    @Override
    public boolean hasMachineIds()
    {
        return ID_COUNT == mappedCount(readOrNull("self/uid_map"), 0) &&
            ID_COUNT == mappedCount(readOrNull("self/gid_map"), 0);
    }

    /** {@inheritDoc} */
    @Override
    public boolean isUnknownUser(final int uid)
    {
        return isUnmapped(uid, "uid");
    }

    /** {@inheritDoc} */
    @Override
    public int followedPid(final int pidfd)
    {
        // Of this thread: self shows no descriptors any more once the main thread has ended.
        final String info = readOrNull("thread-self/fdinfo/" + pidfd);
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
        try
        {
            final Credentials credentials = parseAttested(readText(pid + "/status"));
            return isUnmapped(credentials.euid(), "uid") || isUnmapped(credentials.egid(), "gid") ?
                Credentials.UNKNOWN : credentials;
        }
        catch (final NoSuchFileException | AccessDeniedException ex)
        {
            return null;
        }
        catch (final IOException ex)
        {
            // No descriptor or memory for it just now, or the process ended while it was read.
            return Credentials.UNDETERMINED;
        }
    }

    /**
     * @param status text of {@code /proc/<pid>/status}.
     * @return the credentials in it.
     */
    static Credentials parseStatus(final String status)
    {
        return parse(status, false);
    }

    /**
     * Of another process. A lock survives {@code exec}, so a process that holds one and executes a set-uid program has
     * ids of two users. Such a process counts as no user's.
     *
     * @param status text of {@code /proc/<pid>/status}.
     * @return the credentials in it, all but the pids unknown unless its real, effective, saved and file system ids
     * agree.
     */
    static Credentials parseAttested(final String status)
    {
        return parse(status, true);
    }

    private static Credentials parse(final String status, final boolean mustAgree)
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
        if (mustAgree && !(areEqual(uids) && areEqual(gids)))
        {
            return new Credentials(pid, ownPid, Credentials.NOBODY, Credentials.NOBODY, Credentials.NOBODY,
                Credentials.NOBODY, new int[0]);
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

    /**
     * Whether an id of a process or of a file is not mapped in this user namespace: the kernel shows the overflow id
     * for each such id.
     */
    private boolean isUnmapped(final int id, final String kind)
    {
        return Integer.toString(id).equals(readSetting("sys/kernel/overflow" + kind)) &&
            0 == mappedCount(readOrNull("self/" + kind + "_map"), Integer.toUnsignedLong(id));
    }

    /**
     * @param map text of a map of ids, a line of which is first id inside, first id outside, count; null where there
     *            are no user namespaces.
     * @param id  to look for.
     * @return length of the range in which the id is; 0 if it is in none.
     */
    static long mappedCount(final String map, final long id)
    {
        if (null == map)
        {
            return ID_COUNT;
        }
        for (final String line : map.split("\n"))
        {
            final StringTokenizer fields = new StringTokenizer(line);
            if (3 == fields.countTokens())
            {
                final long first = Long.parseLong(fields.nextToken());
                fields.nextToken();
                final long count = Long.parseLong(fields.nextToken());
                if (id >= first && id - first < count)
                {
                    return count;
                }
            }
        }
        return 0;
    }

    private static boolean areEqual(final int[] ids)
    {
        return Arrays.stream(ids).allMatch((id) -> ids[0] == id);
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
            return readText(name);
        }
        catch (final IOException ex)
        {
            return null;
        }
    }

    /** Reads a setting of the kernel, which one read returns as a whole; null if there is none. */
    private String readSetting(final String name)
    {
        final byte[] text = new byte[SETTING_LENGTH];
        try (FileInputStream input = new FileInputStream(root.resolve(name).toFile()))
        {
            return new String(text, 0, Math.max(0, input.read(text)), StandardCharsets.ISO_8859_1).trim();
        }
        catch (final IOException ex)
        {
            return null;
        }
    }

    private String readText(final String name) throws IOException
    {
        // readAllBytes is among the reads that an interrupt does not end. Names can be in any encoding.
        return new String(Files.readAllBytes(root.resolve(name)), StandardCharsets.ISO_8859_1);
    }
}
