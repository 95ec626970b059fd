/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.Access;
import io.jcaps.shm.AgronaVersion;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.file.LockHolders;
import io.jcaps.shm.file.RegionDirectory;
import io.jcaps.shm.os.FileStat;
import io.jcaps.shm.os.Futex;
import io.jcaps.shm.os.LockTable;
import io.jcaps.shm.os.NativeCalls;
import io.jcaps.shm.os.ProcessEnds;
import io.jcaps.shm.os.ProcessInfo;

import java.nio.file.Path;
import java.util.List;

/**
 * Reports which features of the operating system this library can use in this JVM, and if not, why. Any thread may
 * call.
 */
public final class Diagnostics
{
    private Diagnostics()
    {
    }

    /**
     * @return why Agrona's buffers do not work, and what to do; null if they do.
     */
    public static String bufferProblem()
    {
        try
        {
            ShmHost.checkUnsafeBuffer();
            return null;
        }
        catch (final RuntimeException ex)
        {
            return ex.getMessage();
        }
    }

    /**
     * @return which Agrona was found that is too old, and what to do; null if it is not.
     */
    public static String agronaProblem()
    {
        try
        {
            AgronaVersion.check();
            return null;
        }
        catch (final RegionException ex)
        {
            return ex.getMessage();
        }
    }

    /**
     * @return why waiting threads cannot sleep on a futex; null if they can.
     */
    public static String futexProblem()
    {
        return Futex.open(
            new RegionConfig().futex(), System.getProperty("os.name"), System.getProperty("os.arch")).reason();
    }

    /**
     * @return why the kernel cannot report a process's end, so that the library looks every 30 ms; null if it can.
     */
    public static String processEndProblem()
    {
        final String problem = NativeCalls.load();
        return null != problem ? problem : ProcessEnds.canFollow((int)ProcessHandle.current().pid());
    }

    /**
     * @param region path of a region's file, which need not be there.
     * @param access which users share it.
     * @return why its directory, which is there, is not used, and what to do; null if it is used.
     */
    public static String directoryProblem(final Path region, final Access access)
    {
        try (RegionDirectory directory = RegionDirectory.open(
            region.toAbsolutePath().getParent(), access, false, ProcessInfo.find().self().euid()))
        {
            return null;
        }
        catch (final RegionException ex)
        {
            return ex.getMessage();
        }
    }

    /**
     * Counts the living processes of a region that are not visible to this one, such as those in another container's
     * pid namespace. Their credentials are unknown here.
     *
     * @param view     of the region.
     * @param snapshot that it took.
     * @return number of them; 0 if that cannot be found out.
     */
    public static int hiddenProcesses(final RegionView view, final RegionSnapshot snapshot)
    {
        final FileStat lockFile = view.lockFile();
        final ProcessInfo processInfo = ProcessInfo.find();
        final LockTable table = processInfo.lockTable();
        if (null == view.locks() || null == lockFile)
        {
            return 0;
        }
        final List<LockTable.Lock> listed = null == table ? List.of() : table.lifeLocks(lockFile);
        // Where the table lists none, it may be empty or missing: the kernel is asked as an attachment asks it.
        final LockHolders holders = new LockHolders(null == futexProblem(), processInfo, view.locks());
        int hidden = 0;
        for (final ProcessView process : snapshot.processes())
        {
            if (Life.ALIVE == process.life())
            {
                final long position = ProcessDescriptor.lifePosition(view.header().regionId(), process.index());
                final boolean isHidden = ProcessInfo.NO_HOLDER == LockTable.holder(listed, position) &&
                    ProcessInfo.HIDDEN == holders.applyAsInt(position);
                hidden += isHidden ? 1 : 0;
            }
        }
        return hidden;
    }
}
