/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;

import java.util.UUID;

/** Forwards each call to the operating system: tests override what it should answer otherwise. */
public class ForwardingProcessInfo implements ProcessInfo
{
    private final ProcFs procFs = ProcFs.find();

    @Override
    public Credentials self()
    {
        return procFs.self();
    }

    @Override
    public int ownPid()
    {
        return procFs.ownPid();
    }

    @Override
    public long startTicks()
    {
        return procFs.startTicks();
    }

    @Override
    public UUID bootId()
    {
        return procFs.bootId();
    }

    @Override
    public LockTable lockTable()
    {
        return procFs.lockTable();
    }

    @Override
    public boolean showsOwnNamespace()
    {
        return procFs.showsOwnNamespace();
    }

    @Override
    public boolean hasMachineIds()
    {
        return procFs.hasMachineIds();
    }

    @Override
    public int followedPid(final int pidfd)
    {
        return procFs.followedPid(pidfd);
    }

    @Override
    public Credentials credentials(final int pid)
    {
        return procFs.credentials(pid);
    }
}
