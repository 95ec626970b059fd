/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;

import java.util.UUID;

/**
 * What the operating system reports about processes, this one and others. Any thread may call.
 */
public interface ProcessInfo
{
    /** Instead of a pid: no process. */
    int NO_HOLDER = -1;
    /** Instead of a pid: a process that is not visible from here. */
    int HIDDEN = -2;
    /** Instead of a pid: it could not be found out, for a cause that may pass. */
    int UNDETERMINED = -3;

    /**
     * @return the implementation for this system.
     */
    static ProcessInfo find()
    {
        final ProcFs procFs = ProcFs.find();
        return null != procFs ? procFs : new PortableProcessInfo();
    }

    /**
     * @return credentials of this process as they are now (R22).
     */
    Credentials self();

    /**
     * @return pid of this process, asked of the operating system at each call: a forked child gets its own (R27).
     */
    int ownPid();

    /**
     * @return start of this process in ticks since boot; 0 if not known.
     */
    long startTicks();

    /**
     * @return identity of the operating system's current boot; null if not known.
     */
    UUID bootId();

    /**
     * @return the system's table of file locks as it is now; {@link LockTable#NONE} if there is none, null if it could
     * not be read just now.
     */
    LockTable lockTable();

    /**
     * @return whether the pids here are those of this process's own pid namespace, as system calls use them.
     */
    boolean showsOwnNamespace();

    /**
     * @return whether ids of users and groups are the machine's here: this process is in no user namespace of its own.
     */
    boolean hasMachineIds();

    /**
     * @param uid of a file, as {@code stat} shows it.
     * @return whether it is the overflow uid, which stands for all users that this process's user namespace does not
     * map.
     */
    default boolean isUnknownUser(final int uid)
    {
        return false;
    }

    /**
     * @param pidfd descriptor of this process that refers to another one.
     * @return pid of that process, as this interface uses pids, or {@link #NO_HOLDER}.
     */
    int followedPid(int pidfd);

    /**
     * @param pid of a process.
     * @return its credentials, with all ids of users and groups unknown unless the real, effective, saved and file
     * system ones agree; null if it is gone or not visible, {@link Credentials#UNKNOWN} if it is of a user that
     * this process's user namespace does not have, {@link Credentials#UNDETERMINED} if they could not be read just now.
     */
    Credentials credentials(int pid);
}
