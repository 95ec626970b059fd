/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;

/**
 * The header of a region: the first 4,096 bytes of the file, little endian. The tables follow it, then the links.
 * <pre>
 *    at  size  field               written by                 ordering
 *     0     8  MAGIC               creator                    plain, before LAYOUT_VERSION
 *     8     4  LAYOUT_VERSION      creator, last              release, pairs with acquire in RegionHeader.read
 *    12     4  CHECKSUM            creator                    plain, before LAYOUT_VERSION
 *    16     8  REGION_ID           creator, random            plain, before LAYOUT_VERSION; places the life locks
 *    24    16  BOOT_ID             creator                    plain, before LAYOUT_VERSION
 *    40     8  FILE_LENGTH         creator, bytes             plain, before LAYOUT_VERSION
 *    48     4  PROCESS_COUNT       creator                    plain, before LAYOUT_VERSION
 *    52     4  PORT_COUNT          creator                    plain, before LAYOUT_VERSION
 *    56     4  LINK_COUNT          creator                    plain, before LAYOUT_VERSION
 *    60     4  SLOT_COUNT          creator                    plain, before LAYOUT_VERSION
 *    64     4  MESSAGE_LIMIT       creator, bytes             plain, before LAYOUT_VERSION
 *    68     4  HALF_LENGTH         creator, bytes             plain, before LAYOUT_VERSION
 *    72     4  CELL_STRIDE         creator, bytes             plain, before LAYOUT_VERSION
 *    76     4  RING_CAPACITY       creator, bytes             plain, before LAYOUT_VERSION
 *    80     8  CREATED_AT_MS       creator, since 1970        plain, before LAYOUT_VERSION; information only
 *    88     8  LOCK_INODE          creator                    plain, before the region can be found; 0 if there is none
 *   128     8  NEXT_INCARNATION    holder of the tables' lock plain
 *   136     4  REGISTRATIONS       holder of the tables' lock release, pairs with acquire in Registry [registered]
 *   256     8  NEXT_LEASE          any client                 atomic add
 * </pre>
 * REGION_ID distinguishes a region from the next one at the same path. It also decides which bytes of the lock file are
 * the life locks of this region: {@link ProcessDescriptor#lifePosition}.
 * <p>
 * NEXT_LEASE is one of the few words with several writers. An atomic add cannot be left half done. If a client dies
 * after it took a number, that number is never used.
 */
public final class RegionDescriptor
{
    /** "JCAPS-R1" read as a little-endian long: a machine of the other byte order reads another number. */
    public static final long MAGIC = 0x31_52_2D_53_50_41_43_4AL;
    /** Version of the layout, not of the library: raised with each change of any descriptor in this package. */
    public static final int LAYOUT_VERSION = 2;

    public static final int MAGIC_OFFSET = 0;
    public static final int LAYOUT_VERSION_OFFSET = MAGIC_OFFSET + SIZE_OF_LONG;
    public static final int CHECKSUM_OFFSET = LAYOUT_VERSION_OFFSET + SIZE_OF_INT;
    public static final int REGION_ID_OFFSET = CHECKSUM_OFFSET + SIZE_OF_INT;
    public static final int BOOT_ID_OFFSET = REGION_ID_OFFSET + SIZE_OF_LONG;
    public static final int FILE_LENGTH_OFFSET = BOOT_ID_OFFSET + 2 * SIZE_OF_LONG;
    public static final int PROCESS_COUNT_OFFSET = FILE_LENGTH_OFFSET + SIZE_OF_LONG;
    public static final int PORT_COUNT_OFFSET = PROCESS_COUNT_OFFSET + SIZE_OF_INT;
    public static final int LINK_COUNT_OFFSET = PORT_COUNT_OFFSET + SIZE_OF_INT;
    public static final int SLOT_COUNT_OFFSET = LINK_COUNT_OFFSET + SIZE_OF_INT;
    public static final int MESSAGE_LIMIT_OFFSET = SLOT_COUNT_OFFSET + SIZE_OF_INT;
    public static final int HALF_LENGTH_OFFSET = MESSAGE_LIMIT_OFFSET + SIZE_OF_INT;
    public static final int CELL_STRIDE_OFFSET = HALF_LENGTH_OFFSET + SIZE_OF_INT;
    public static final int RING_CAPACITY_OFFSET = CELL_STRIDE_OFFSET + SIZE_OF_INT;
    public static final int CREATED_AT_MS_OFFSET = RING_CAPACITY_OFFSET + SIZE_OF_INT;
    public static final int LOCK_INODE_OFFSET = CREATED_AT_MS_OFFSET + SIZE_OF_LONG;
    /** Bytes that CHECKSUM covers: REGION_ID up to and including CREATED_AT_MS. */
    public static final int CHECKED_LENGTH = CREATED_AT_MS_OFFSET + SIZE_OF_LONG - REGION_ID_OFFSET;

    public static final int NEXT_INCARNATION_OFFSET = 128;
    public static final int REGISTRATIONS_OFFSET = NEXT_INCARNATION_OFFSET + SIZE_OF_LONG;
    public static final int NEXT_LEASE_OFFSET = 256;

    /** Length of the header in bytes. */
    public static final int HEADER_LENGTH = 4096;

    private RegionDescriptor()
    {
    }
}
