/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * One entry of the process table: 256 bytes. An entry stands for one attachment.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  INCARNATION         the process, last          release, pairs with acquire in ProcessEntry
 *     8     8  START_TICKS         the process                plain, before INCARNATION
 *    16     4  PID                 the process                plain, before INCARNATION
 *    20     4  UID                 the process                plain, before INCARNATION
 *    24     4  EUID                the process                plain, before INCARNATION
 *    28     4  GID                 the process                plain, before INCARNATION
 *    32     4  GROUP_COUNT         the process                plain, before INCARNATION
 *    36     4  spare
 *    40    64  GROUPS              the process                plain, before INCARNATION
 * </pre>
 * INCARNATION 0 is a free entry. Whoever finds the entry's process dead sets it to 0, under the tables' lock. What an
 * entry says of its process is shown to people; who a peer really is, the operating system says.
 */
public final class ProcessDescriptor
{
    /** Most groups that are kept: the original's {@code CAPS_MAXGROUPS} (R22). */
    public static final int MAX_GROUP_COUNT = 16;

    public static final int INCARNATION_OFFSET = 0;
    public static final int START_TICKS_OFFSET = INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int PID_OFFSET = START_TICKS_OFFSET + SIZE_OF_LONG;
    public static final int UID_OFFSET = PID_OFFSET + SIZE_OF_INT;
    public static final int EUID_OFFSET = UID_OFFSET + SIZE_OF_INT;
    public static final int GID_OFFSET = EUID_OFFSET + SIZE_OF_INT;
    public static final int GROUP_COUNT_OFFSET = GID_OFFSET + SIZE_OF_INT;
    public static final int GROUPS_OFFSET = GROUP_COUNT_OFFSET + 2 * SIZE_OF_INT;

    /** Length of an entry in bytes. */
    public static final int ENTRY_LENGTH = 256;

    private ProcessDescriptor()
    {
    }
}
