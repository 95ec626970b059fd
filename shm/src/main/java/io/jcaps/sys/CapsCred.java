/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.host.Credentials;
import io.jcaps.layout.ProcessDescriptor;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The credentials of a message's sender: the original's {@code struct caps_cred} (R22).
 */
public final class CapsCred
{
    /** Process id; 0 if it is not visible from here. */
    public int pid;
    /** Real user id; -1 if unknown. */
    public int uid;
    /** Effective user id; -1 if unknown. */
    public int euid;
    /** Real group id; -1 if unknown. */
    public int gid;
    /** Number of groups, 0 to 16. */
    public int ngroups;
    /** Supplementary groups, the first {@link #ngroups} of which count. */
    public int[] groups = new int[ProcessDescriptor.MAX_GROUP_COUNT];

    /**
     * Creates an object that {@link CapsSys#get} fills.
     */
    public CapsCred()
    {
    }

    void fill(final Credentials credentials)
    {
        pid = credentials.pid();
        uid = credentials.uid();
        euid = credentials.euid();
        gid = credentials.gid();
        ngroups = Math.min(credentials.groupCount(), ProcessDescriptor.MAX_GROUP_COUNT);
        if (null == groups || groups.length < ngroups)
        {
            groups = new int[ProcessDescriptor.MAX_GROUP_COUNT];
        }
        for (int i = 0; i < ngroups; i++)
        {
            groups[i] = credentials.group(i);
        }
    }

    /** {@inheritDoc} */
    @Override
    public String toString()
    {
        return "CapsCred{pid=" + pid + ", uid=" + Credentials.idText(uid) + ", euid=" +
            Credentials.idText(euid) + ", gid=" + Credentials.idText(gid) + ", groups=" +
            Arrays.stream(groups, 0, ngroups).mapToObj(Credentials::idText)
                .collect(Collectors.joining(", ", "[", "]")) + '}';
    }
}
