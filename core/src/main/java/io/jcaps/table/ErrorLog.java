/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.table;

import io.jcaps.host.Host;
import io.jcaps.layout.ErrorLogDescriptor;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.DistinctErrorLog;

/**
 * The error log of one attachment, in the region, where it outlives its writer. It gets memory with the first error. If
 * there is no memory, or the log is full, errors are not recorded. Any thread may call, also within a gate, because
 * errors are rare.
 */
public final class ErrorLog implements ErrorHandler
{
    private final Host host;
    private final int processIndex;
    private final long processIncarnation;
    private DistinctErrorLog log;
    private boolean isClosed;

    /**
     * @param host               of the region.
     * @param processIndex       of this process's entry.
     * @param processIncarnation of this process.
     */
    public ErrorLog(final Host host, final int processIndex, final long processIncarnation)
    {
        this.host = host;
        this.processIndex = processIndex;
        this.processIncarnation = processIncarnation;
    }

    /** Never throws: a failure to record must not hide the error. */
    @Override
    public synchronized void onError(final Throwable throwable)
    {
        try
        {
            // A forked child must not write into its parent's log.
            if (!isClosed && host.isOwnProcess())
            {
                if (null == log)
                {
                    log = open();
                }
                if (null != log)
                {
                    log.record(throwable);
                }
            }
        }
        catch (final Throwable ex)
        {
            // For example, no heap is left, or the exception cannot print itself: the log then lacks it. The caller
            // still reports the error in its own way.
        }
    }

    private DistinctErrorLog open()
    {
        final UnsafeBuffer part = host.errors(processIndex);
        if (null == part)
        {
            return null;
        }
        part.putInt(ErrorLogDescriptor.PID_OFFSET, host.self().ownPid());
        // [error-log] release: the records are zeros, and the pid is there. Pairs with [error-log] in ErrorRecord.
        // Without it the records of another process, now dead, could pass for this one's.
        part.putLongRelease(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET, processIncarnation);
        return new DistinctErrorLog(
            host.part(part, ErrorLogDescriptor.RECORDS_OFFSET, ErrorLogDescriptor.RECORDS_LENGTH),
            System::currentTimeMillis);
    }

    /** Ends all recording, before the process entry, and so the log, may be another process's. */
    public synchronized void close()
    {
        isClosed = true;
    }
}
