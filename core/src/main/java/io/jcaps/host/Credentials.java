/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The identity of a process, as the operating system reports it (R22). Immutable.
 */
public final class Credentials
{
    /** Each user and group id of {@link #UNKNOWN}; no process has it. */
    public static final int NOBODY = -1;
    /** A process that the operating system does not show here, for example in a pid namespace that is not visible. */
    public static final Credentials UNKNOWN = new Credentials(0, NOBODY, NOBODY, NOBODY, NOBODY, new int[0]);

    /**
     * The operating system gave no reliable answer: ask again. A process that it never shows is {@link #UNKNOWN}.
     */
    public static final Credentials UNDETERMINED = new Credentials(0, NOBODY, NOBODY, NOBODY, NOBODY, new int[0]);

    private final int pid;
    private final int ownPid;
    private final int uid;
    private final int euid;
    private final int gid;
    private final int egid;
    private final int[] groups;

    /**
     * Makes the identity of a process that has the same process id for itself as for this process.
     *
     * @param pid    process id; 0 if it is not visible from here.
     * @param uid    real user id.
     * @param euid   effective user id.
     * @param gid    real group id.
     * @param egid   effective group id.
     * @param groups supplementary groups, copied; a process entry shows only the first 16.
     */
    public Credentials(
        final int pid, final int uid, final int euid, final int gid, final int egid, final int[] groups)
    {
        this(pid, pid, uid, euid, gid, egid, groups);
    }

    /**
     * @param pid    process id; 0 if it is not visible from here.
     * @param ownPid process id as the process itself sees it, perhaps in a pid namespace of its own.
     * @param uid    real user id.
     * @param euid   effective user id.
     * @param gid    real group id.
     * @param egid   effective group id.
     * @param groups supplementary groups, copied; a process entry shows only the first 16.
     */
    public Credentials(
        final int pid,
        final int ownPid,
        final int uid,
        final int euid,
        final int gid,
        final int egid,
        final int[] groups)
    {
        this.pid = pid;
        this.ownPid = ownPid;
        this.uid = uid;
        this.euid = euid;
        this.gid = gid;
        this.egid = egid;
        this.groups = groups.clone();
    }

    /**
     * @return process id; 0 if it is not visible from here.
     */
    public int pid()
    {
        return pid;
    }

    /**
     * @return process id as the process itself sees it; differs from {@link #pid()} if the process has a pid namespace
     * of its own.
     */
    public int ownPid()
    {
        return ownPid;
    }

    /**
     * @return real user id.
     */
    public int uid()
    {
        return uid;
    }

    /**
     * @return effective user id.
     */
    public int euid()
    {
        return euid;
    }

    /**
     * @return real group id.
     */
    public int gid()
    {
        return gid;
    }

    /**
     * @return effective group id.
     */
    public int egid()
    {
        return egid;
    }

    /**
     * @return number of all supplementary groups.
     */
    public int groupCount()
    {
        return groups.length;
    }

    /**
     * @return a copy of all supplementary groups.
     */
    public int[] groups()
    {
        return groups.clone();
    }

    /**
     * @param groupIndex 0 to {@link #groupCount()} - 1.
     * @return that supplementary group.
     */
    public int group(final int groupIndex)
    {
        return groups[groupIndex];
    }

    /**
     * Whether a group is the process's effective one or one of its supplementary ones.
     *
     * @param group id.
     * @return true if it is; false for {@link #NOBODY}.
     */
    public boolean isMember(final int group)
    {
        if (NOBODY == group)
        {
            return false;
        }
        if (egid == group)
        {
            return true;
        }
        for (final int member : groups)
        {
            if (member == group)
            {
                return true;
            }
        }
        return false;
    }

    /** {@inheritDoc} */
    @Override
    public String toString()
    {
        return "Credentials{pid=" + pid + ", uid=" + idText(uid) + ", euid=" + idText(euid) + ", gid=" + idText(gid) +
            ", egid=" + idText(egid) + ", groups=" +
            Arrays.stream(groups).mapToObj(Credentials::idText).collect(Collectors.joining(", ", "[", "]")) + '}';
    }

    /**
     * An id as the operating system prints it: unsigned, except {@code -1} for {@link #NOBODY}.
     *
     * @param id of a user or a group.
     * @return its text.
     */
    public static String idText(final int id)
    {
        return NOBODY == id ? "-1" : Integer.toUnsignedString(id);
    }
}
