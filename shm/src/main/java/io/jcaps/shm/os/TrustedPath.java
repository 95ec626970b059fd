/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * Checks each directory and each symbolic link on the way to a directory, as OpenSSH does for its keys: a user who can
 * rename an entry of one of them can redirect the rest of the path, whatever the mode of the last directory. Any thread
 * may call.
 */
public final class TrustedPath
{
    /** Instead of an id: none is trusted. */
    public static final int NONE = -1;

    // As in Linux.
    private static final int MAX_LINKS = 40;

    private final int euid;
    private final int trustedUid;
    private final int trustedGid;
    private final boolean mayBeMissing;

    private TrustedPath(final int euid, final int trustedUid, final int trustedGid, final boolean mayBeMissing)
    {
        this.euid = euid;
        this.trustedUid = trustedUid;
        this.trustedGid = trustedGid;
        this.mayBeMissing = mayBeMissing;
    }

    /**
     * Finds which other user can change where a path leads.
     *
     * @param path       of a directory, absolute. Missing parts are not checked.
     * @param euid       the caller's effective uid, which is trusted, as root is.
     * @param trustedUid another user who is trusted, or {@link #NONE}.
     * @param trustedGid a group whose members are trusted, or {@link #NONE}.
     * @return null if only trusted users can; otherwise a text for people: which directory or link others can change.
     * @throws IOException if the operating system does not say.
     */
    public static String problem(final Path path, final int euid, final int trustedUid, final int trustedGid)
        throws IOException
    {
        return new TrustedPath(euid, trustedUid, trustedGid, true).problem(path.toAbsolutePath());
    }

    /**
     * As {@link #problem(Path, int, int, int)}, for an existing directory: other users can create missing parts in a
     * directory such as {@code /dev/shm}, so only a complete path stays as it was found.
     *
     * @param path of a directory.
     * @param euid the caller's effective uid; only that user and root are trusted.
     * @return null if only trusted users can change where the path leads, else which directory or link others can.
     * @throws NoSuchFileException if a part of it is missing.
     * @throws IOException         if the operating system does not say.
     */
    public static String problemOfWhole(final Path path, final int euid) throws IOException
    {
        return problemOfWhole(path, euid, NONE, NONE);
    }

    /**
     * As {@link #problemOfWhole(Path, int)}, with others who are trusted.
     *
     * @param path       of a directory.
     * @param euid       the caller's effective uid, which is trusted, as root is.
     * @param trustedUid another user who is trusted, or {@link #NONE}.
     * @param trustedGid a group whose members are trusted, or {@link #NONE}.
     * @return null if only trusted users can change where the path leads, else which directory or link others can.
     * @throws NoSuchFileException if a part of it is missing.
     * @throws IOException         if the operating system does not say.
     */
    public static String problemOfWhole(final Path path, final int euid, final int trustedUid, final int trustedGid)
        throws IOException
    {
        return new TrustedPath(euid, trustedUid, trustedGid, false).problem(path.toAbsolutePath());
    }

    private String problem(final Path path) throws IOException
    {
        final Deque<Path> names = new ArrayDeque<>();
        push(path, names);
        final Path root = path.getRoot();
        String problem = problem(root, FileStat.of(root));
        Path at = root;
        int linkCount = 0;
        while (null == problem && !names.isEmpty())
        {
            final Path name = names.pop();
            if ("..".equals(name.toString()))
            {
                // The checked part contains no link any more, so this is its parent directory.
                at = null == at.getParent() ? at : at.getParent();
                continue;
            }
            final Path next = at.resolve(name);
            final FileStat stat = FileStat.of(next);
            if (null == stat)
            {
                if (!mayBeMissing)
                {
                    throw new NoSuchFileException(next.toString());
                }
                return null;
            }
            problem = problem(next, stat);
            if (!stat.isSymbolicLink())
            {
                at = next;
            }
            else if (++linkCount > MAX_LINKS)
            {
                throw new FileSystemLoopException(path.toString());
            }
            else
            {
                final Path target = Files.readSymbolicLink(next);
                at = target.isAbsolute() ? root : at;
                push(target, names);
            }
        }
        return problem;
    }

    private static void push(final Path path, final Deque<Path> names)
    {
        final List<Path> reversed = new ArrayList<>();
        for (final Iterator<Path> each = path.iterator(); each.hasNext();)
        {
            reversed.add(0, each.next());
        }
        for (final Path name : reversed)
        {
            if (!".".equals(name.toString()) && !name.toString().isEmpty())
            {
                names.push(name);
            }
        }
    }

    private String problem(final Path path, final FileStat stat)
    {
        if (0 != stat.uid() && euid != stat.uid() && (NONE == trustedUid || trustedUid != stat.uid()) &&
            // The machine's root is such a user in a namespace that does not map it.
            !ProcessInfo.find().isUnknownUser(stat.uid()))
        {
            return path + " belongs to uid " + Credentials.idText(stat.uid());
        }
        // The mode of a link says nothing. In a sticky directory an entry is renamed by its owner alone, who is checked
        // next.
        if (stat.isSymbolicLink() || stat.isSticky())
        {
            return null;
        }
        if (0 != (stat.mode() & FileStat.OTHER_WRITE))
        {
            return path + " has mode " + stat.modeText() + ", writable by everybody";
        }
        if (0 != (stat.mode() & FileStat.GROUP_WRITE) && (NONE == trustedGid || trustedGid != stat.gid()))
        {
            return path + " has mode " + stat.modeText() + ", writable by gid " + Credentials.idText(stat.gid());
        }
        return null;
    }
}
