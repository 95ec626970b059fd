/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.ProcessView;
import io.jcaps.shm.inspect.RegionSnapshot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Finds processes of a region that are stopped by SIGSTOP, Ctrl-Z or a debugger: they are alive (B2), and their peers
 * wait. Any thread may call.
 */
final class StoppedProcess
{
    // Of proc(5)'s stat, after the name in parentheses: the state is the third field of the line, the start the 22nd.
    private static final int STATE_INDEX = 0;
    private static final int START_INDEX = 22 - 3;

    private StoppedProcess()
    {
    }

    /** The stopped processes of a region. */
    static List<ProcessView> of(final RegionSnapshot snapshot)
    {
        return snapshot.processes().stream().filter(StoppedProcess::is).collect(Collectors.toList());
    }

    /** Whether the operating system reports a process as stopped; false if it is not visible to this process. */
    static boolean is(final ProcessView process)
    {
        if (Life.ALIVE != process.life() || process.pid() <= 0)
        {
            return false;
        }
        try
        {
            final byte[] stat = Files.readAllBytes(Path.of("/proc", Integer.toString(process.pid()), "stat"));
            return isStopped(new String(stat, StandardCharsets.ISO_8859_1), process.startTicks());
        }
        catch (final IOException ex)
        {
            return false;
        }
    }

    /**
     * @param stat       content of /proc/pid/stat.
     * @param startTicks of the expected process: in another pid namespace, another process may have the pid.
     */
    static boolean isStopped(final String stat, final long startTicks)
    {
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ");
        return fields.length > START_INDEX && "Tt".contains(fields[STATE_INDEX]) &&
            fields[START_INDEX].equals(Long.toString(startTicks));
    }
}
