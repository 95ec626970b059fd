/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.BitUtil;
import org.agrona.concurrent.AtomicBuffer;

import java.util.ArrayList;
import java.util.List;

import static io.jcaps.layout.ErrorLogDescriptor.*;

/**
 * An error of one process of a region, with the number of times that it happened. Immutable.
 *
 * @param processIncarnation of the process, which may be gone.
 * @param pid                that the process reported itself.
 * @param count              number of times.
 * @param firstAtMs          first time, in milliseconds since 1970.
 * @param lastAtMs           last time, in milliseconds since 1970.
 * @param text               the exception with its stack trace.
 */
public record ErrorRecord(
    long processIncarnation, int pid, int count, long firstAtMs, long lastAtMs, String text)
{
    /**
     * Reads the error log of one process, which may write at the same time. The log is input, so each length is
     * checked; Agrona's own reader trusts them.
     *
     * @param log {@link ErrorLogDescriptor#LOG_LENGTH} bytes, mapped or copied.
     * @return its records, oldest first, up to the first invalid one; none if no process of that entry has had an
     * error.
     */
    public static List<ErrorRecord> read(final AtomicBuffer log)
    {
        final List<ErrorRecord> records = new ArrayList<>();
        // [error-log] acquire: the zeros and PID are there. Pairs with [error-log] in ErrorLog.
        final long processIncarnation = log.getLongAcquire(PROCESS_INCARNATION_OFFSET);
        if (0 == processIncarnation)
        {
            return records;
        }
        final int pid = log.getInt(PID_OFFSET);
        int offset = RECORDS_OFFSET;
        while (offset <= LOG_LENGTH - TEXT_OFFSET)
        {
            // Volatile: pairs with Agrona's release of the length, its last store of a new record.
            final int length = log.getIntVolatile(offset + RECORD_LENGTH_OFFSET);
            if (length < TEXT_OFFSET || length > LOG_LENGTH - offset)
            {
                break;
            }
            records.add(new ErrorRecord(processIncarnation, pid, log.getInt(offset + COUNT_OFFSET),
                log.getLong(offset + FIRST_AT_MS_OFFSET), log.getLong(offset + LAST_AT_MS_OFFSET),
                log.getStringWithoutLengthUtf8(offset + TEXT_OFFSET, length - TEXT_OFFSET)));
            offset += BitUtil.align(length, RECORD_ALIGNMENT);
        }
        return records;
    }
}
