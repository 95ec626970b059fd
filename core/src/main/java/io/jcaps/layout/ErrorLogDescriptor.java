/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.concurrent.errors.DistinctErrorLog;

import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The error log of one process: 32 KiB after the links, one for each entry of the process table. Agrona's log numbers
 * its records in the heap of its writer, so processes cannot share one.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  PROCESS_INCARNATION the process                release, after PID; pairs with acquire in ErrorRecord
 *     8     4  PID                 the process                plain, before PROCESS_INCARNATION
 *    12    52  spare
 *    64     .  records             the process                {@link DistinctErrorLog}
 * </pre>
 * A log without an error yet takes no memory, and its PROCESS_INCARNATION is 0. If an earlier process of the same entry
 * had errors, they can be read until the present process has one: its first error fills the whole log with zeros
 * before. A process that dies at any step leaves a log without its last record, or without any.
 */
public final class ErrorLogDescriptor
{
    public static final int PROCESS_INCARNATION_OFFSET = 0;
    public static final int PID_OFFSET = PROCESS_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int RECORDS_OFFSET = 64;

    // One record, as Agrona lays it out.
    public static final int RECORD_LENGTH_OFFSET = DistinctErrorLog.LENGTH_OFFSET;
    public static final int COUNT_OFFSET = DistinctErrorLog.OBSERVATION_COUNT_OFFSET;
    public static final int LAST_AT_MS_OFFSET = DistinctErrorLog.LAST_OBSERVATION_TIMESTAMP_OFFSET;
    public static final int FIRST_AT_MS_OFFSET = DistinctErrorLog.FIRST_OBSERVATION_TIMESTAMP_OFFSET;
    public static final int TEXT_OFFSET = DistinctErrorLog.ENCODED_ERROR_OFFSET;
    public static final int RECORD_ALIGNMENT = DistinctErrorLog.RECORD_ALIGNMENT;

    /** Length of a log in bytes, a multiple of the page: enough for about ten errors with their stack traces. */
    public static final int LOG_LENGTH = 32 * 1024;
    /** Length of the part for records in bytes. */
    public static final int RECORDS_LENGTH = LOG_LENGTH - RECORDS_OFFSET;

    private ErrorLogDescriptor()
    {
    }
}
