/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.Credentials;

import java.util.UUID;

/**
 * What the operating system says of processes, this one and others. Any thread may call.
 */
interface ProcessInfo
{
    /** Answer of {@link #lockHolder}: no process is shown to hold the lock. */
    int NO_HOLDER = -1;

    /**
     * @return the best that this system has.
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
     * @return what tells one run of the operating system from the next; null if not known.
     */
    UUID bootId();

    /**
     * @param lockFile file that is locked.
     * @param position of the locked byte.
     * @return pid of the process that has it locked for itself alone, or {@link #NO_HOLDER}: nobody, or one that is
     *         not visible from here.
     */
    int lockHolder(FileStat lockFile, long position);

    /**
     * @param pidfd descriptor of this process that refers to another one.
     * @return the pid of that by which this interface knows it, or {@link #NO_HOLDER}.
     */
    int followedPid(int pidfd);

    /**
     * @param pid of a process.
     * @return its credentials, null if it is gone or not visible.
     */
    Credentials credentials(int pid);
}
