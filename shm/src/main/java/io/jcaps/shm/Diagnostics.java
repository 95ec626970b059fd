/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

/**
 * What of the operating system this library can use in this virtual machine: for people who look for a reason. Any
 * thread may call.
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
     * @return why waiting threads cannot sleep on a futex; null if they can.
     */
    public static String futexProblem()
    {
        return Futex.open(
            new RegionConfig().futex(), System.getProperty("os.name"), System.getProperty("os.arch")).reason();
    }

    /**
     * @return why the kernel cannot tell of a process's end, so that it is looked for every 30 ms; null if it can.
     */
    public static String processEndProblem()
    {
        final String problem = NativeCalls.load();
        return null != problem ? problem : ProcessEnds.canFollow((int)ProcessHandle.current().pid());
    }
}
