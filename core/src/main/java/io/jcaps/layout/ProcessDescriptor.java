/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One entry of the process table: 256 bytes. Each attachment has an entry.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  INCARNATION         the process; a survivor    release, last; pairs with acquire in ProcessEntry
 *     8     8  START_TICKS         the process                plain, before INCARNATION
 *    16     4  PID                 the process                plain, before INCARNATION
 *    20     4  UID                 the process                plain, before INCARNATION
 *    24     4  EUID                the process                plain, before INCARNATION
 *    28     4  GID                 the process                plain, before INCARNATION
 *    32     4  GROUP_COUNT         the process                plain, before INCARNATION
 *    36     4  LIBRARY             the process                plain, before INCARNATION; which library it uses
 *    40    64  GROUPS              the process                plain, before INCARNATION
 * </pre>
 * The process of an entry holds a lock, its <em>life lock</em>, on one byte of the lock file beside the region: byte
 * {@link #lifePosition ((REGION_ID mod 2^46) + 1) x 65,536 + index of the entry}. Byte 0 is the tables' lock. Regions
 * that have followed each other at one path share a lock file, but not their bytes: a process in the new region cannot
 * hold the byte of one that died in the old.
 * <p>
 * INCARNATION 0 means that the entry is free. A process sets it to 0 when it leaves; for a dead process, a survivor
 * does so under the tables' lock. The ids in an entry are for display: the operating system reports the identity of a
 * peer (R22).
 */
public final class ProcessDescriptor
{
    /** Most groups that an entry keeps: the original's {@code CAPS_MAXGROUPS} (R22). */
    public static final int MAX_GROUP_COUNT = 16;

    /** LIBRARY: this library, in a JVM. */
    public static final int LIBRARY_JAVA = 0;
    /** LIBRARY: libcaps, in a C program. */
    public static final int LIBRARY_C = 1;

    public static final int INCARNATION_OFFSET = 0;
    public static final int START_TICKS_OFFSET = INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int PID_OFFSET = START_TICKS_OFFSET + SIZE_OF_LONG;
    public static final int UID_OFFSET = PID_OFFSET + SIZE_OF_INT;
    public static final int EUID_OFFSET = UID_OFFSET + SIZE_OF_INT;
    public static final int GID_OFFSET = EUID_OFFSET + SIZE_OF_INT;
    public static final int GROUP_COUNT_OFFSET = GID_OFFSET + SIZE_OF_INT;
    public static final int LIBRARY_OFFSET = GROUP_COUNT_OFFSET + SIZE_OF_INT;
    public static final int GROUPS_OFFSET = LIBRARY_OFFSET + SIZE_OF_INT;

    /** Length of an entry in bytes. */
    public static final int ENTRY_LENGTH = 256;

    /** Position in the lock file of the byte that is the lock of the tables. */
    public static final long TABLES_POSITION = 0;
    /** Lowest position in the lock file that can be a life lock. */
    public static final long MIN_LIFE_POSITION = 1L << 16;

    /** Bits of REGION_ID that choose the bytes. */
    public static final long REGION_ID_MASK = (1L << 46) - 1;

    private ProcessDescriptor()
    {
    }

    /**
     * Position of an entry's life lock in the lock file: ((regionId mod 2^46) + 1) x 65,536 + processIndex.
     *
     * @param regionId     REGION_ID of the region, any value.
     * @param processIndex of the entry, 0 to 4,095.
     * @return position in bytes, {@link #MIN_LIFE_POSITION} to 2^62 + 4,095.
     */
    public static long lifePosition(final long regionId, final int processIndex)
    {
        return ((regionId & REGION_ID_MASK) + 1) * MIN_LIFE_POSITION + processIndex;
    }
}
