/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.host.Credentials;
import io.jcaps.layout.RegionException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Used where there is no {@code /proc}: reports the pid and the effective uid, and nothing about other processes. So a
 * peer's credentials are {@link Credentials#UNKNOWN}, no process is in any group, and a client can connect only to
 * services with {@code WORLD} (R6).
 */
public final class PortableProcessInfo implements ProcessInfo
{
    /** {@inheritDoc} */
    @Override
    public Credentials self()
    {
        final int euid = euid();
        return new Credentials(ownPid(), euid, euid, Credentials.NOBODY, Credentials.NOBODY, new int[0]);
    }

    /**
     * {@inheritDoc}
     * <p>
     * The JDK caches this pid, so a fork is not detected; without {@code /proc} Java has no other way to ask.
     */
    @Override
    public int ownPid()
    {
        return (int)ProcessHandle.current().pid();
    }

    /** {@inheritDoc} */
    @Override
    public long startTicks()
    {
        return 0;
    }

    /** {@inheritDoc} */
    @Override
    public UUID bootId()
    {
        return null;
    }

    /** {@inheritDoc} */
    @Override
    public LockTable lockTable()
    {
        return LockTable.NONE;
    }

    /** {@inheritDoc} */
    @Override
    public boolean showsOwnNamespace()
    {
        return false;
    }

    /** {@inheritDoc} */
    @Override
    public boolean hasMachineIds()
    {
        return true;
    }

    /** {@inheritDoc} */
    @Override
    public int followedPid(final int pidfd)
    {
        return NO_HOLDER;
    }

    /** {@inheritDoc} */
    @Override
    public Credentials credentials(final int pid)
    {
        return null;
    }

    private static int euid()
    {
        // A new file belongs to the effective user; its group may be the directory's, so that says nothing.
        try
        {
            final Path file = Files.createTempFile("jcaps-", ".uid");
            try
            {
                return FileStat.of(file).uid();
            }
            finally
            {
                Files.deleteIfExists(file);
            }
        }
        catch (final IOException ex)
        {
            throw new RegionException("who runs this process is not known: there is no /proc, and no file can be " +
                "made in " + System.getProperty("java.io.tmpdir") + ": mount /proc, or set java.io.tmpdir", ex);
        }
    }
}
