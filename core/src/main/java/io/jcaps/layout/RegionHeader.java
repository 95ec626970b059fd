/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.UUID;
import java.util.zip.CRC32;

import static io.jcaps.layout.RegionDescriptor.*;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

/**
 * The header of a region, written once by its creator and checked by each process that attaches. Immutable.
 *
 * @param geometry    counts and lengths.
 * @param regionId    random: distinguishes a region from the next one at the same path.
 * @param bootId      of the operating system when the region was made.
 * @param createdAtMs milliseconds since 1970; information only.
 */
public record RegionHeader(Geometry geometry, long regionId, UUID bootId, long createdAtMs)
{
    /**
     * Writes the header into a new region and publishes it. A creator that dies before the last store leaves layout
     * version 0, which no process treats as a region.
     *
     * @param tables header and tables, all zero.
     */
    public void write(final AtomicBuffer tables)
    {
        tables.putLong(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        tables.putLong(REGION_ID_OFFSET, regionId);
        tables.putLong(BOOT_ID_OFFSET, bootId.getMostSignificantBits());
        tables.putLong(BOOT_ID_OFFSET + Long.BYTES, bootId.getLeastSignificantBits());
        tables.putLong(FILE_LENGTH_OFFSET, geometry.fileLength());
        tables.putInt(PROCESS_COUNT_OFFSET, geometry.processCount());
        tables.putInt(PORT_COUNT_OFFSET, geometry.portCount());
        tables.putInt(LINK_COUNT_OFFSET, geometry.linkCount());
        tables.putInt(SLOT_COUNT_OFFSET, geometry.slotCount());
        tables.putInt(MESSAGE_LIMIT_OFFSET, geometry.messageLimit());
        tables.putInt(HALF_LENGTH_OFFSET, SlotDescriptor.HALF_LENGTH);
        tables.putInt(CELL_STRIDE_OFFSET, geometry.cellStride());
        tables.putInt(RING_CAPACITY_OFFSET, geometry.ringCapacity());
        tables.putLong(CREATED_AT_MS_OFFSET, createdAtMs);
        tables.putInt(CHECKSUM_OFFSET, checksum(tables));
        tables.putLong(NEXT_INCARNATION_OFFSET, 1);
        tables.putLong(NEXT_LEASE_OFFSET, 1);
        // [region] release: a process that reads the version reads a finished header. Pairs with [region] in read().
        tables.putIntRelease(LAYOUT_VERSION_OFFSET, LAYOUT_VERSION);
    }

    /**
     * Reads and checks a header. Each value is compared with the one that this library would have written for the same
     * counts.
     *
     * @param header     at least the first {@link RegionDescriptor#HEADER_LENGTH} bytes of the region.
     * @param fileLength present length of the file in bytes.
     * @param place      of the region, for the message.
     * @return the header.
     * @throws RegionException if this is no region, or not one that this version of the library can use.
     */
    public static RegionHeader read(final AtomicBuffer header, final long fileLength, final String place)
    {
        if (header.capacity() < HEADER_LENGTH || fileLength < HEADER_LENGTH)
        {
            throw new RegionException("not a region: " + place + " is " + fileLength +
                " bytes long, and a region's header alone is " + HEADER_LENGTH);
        }

        // A copy, so that the bytes that are used are those that were checked. The version is read first, because it
        // was stored last.
        // [region] acquire: pairs with [region] in write().
        final int layoutVersion = header.getIntAcquire(LAYOUT_VERSION_OFFSET);
        final UnsafeBuffer copy = new UnsafeBuffer(new byte[HEADER_LENGTH]);
        header.getBytes(0, copy, 0, HEADER_LENGTH);

        final long magic = copy.getLong(MAGIC_OFFSET);
        if (Long.reverseBytes(MAGIC) == magic)
        {
            throw new RegionException(
                "region of a machine with another byte order: " + place + ": remove it, or use another path");
        }
        if (MAGIC != magic)
        {
            throw new RegionException(String.format(
                "not a region: %s begins with 0x%016x instead of 0x%016x: use another path", place, magic, MAGIC));
        }
        if (LAYOUT_VERSION != layoutVersion)
        {
            throw new RegionException("region of layout version " + layoutVersion + ", this library uses " +
                LAYOUT_VERSION + ": " + place + ": use the same library in all processes, or another path");
        }
        final int checksum = checksum(copy);
        if (checksum != copy.getInt(CHECKSUM_OFFSET))
        {
            throw new RegionException(String.format(
                "corrupt region: %s: the header's checksum is 0x%08x, and 0x%08x is stored: remove it when no " +
                "process uses it", place, checksum, copy.getInt(CHECKSUM_OFFSET)));
        }

        final Geometry geometry;
        try
        {
            geometry = new Geometry(copy.getInt(PROCESS_COUNT_OFFSET), copy.getInt(PORT_COUNT_OFFSET),
                copy.getInt(LINK_COUNT_OFFSET), copy.getInt(SLOT_COUNT_OFFSET), copy.getInt(MESSAGE_LIMIT_OFFSET));
        }
        catch (final IllegalArgumentException ex)
        {
            throw new RegionException("corrupt region: " + place + ": " + ex.getMessage(), ex);
        }
        checkEqual(place, "halfLength", copy.getInt(HALF_LENGTH_OFFSET), SlotDescriptor.HALF_LENGTH);
        checkEqual(place, "cellStride", copy.getInt(CELL_STRIDE_OFFSET), geometry.cellStride());
        checkEqual(place, "ringCapacity", copy.getInt(RING_CAPACITY_OFFSET), geometry.ringCapacity());
        checkEqual(place, "fileLength", copy.getLong(FILE_LENGTH_OFFSET), geometry.fileLength());
        if (fileLength < geometry.fileLength())
        {
            throw new RegionException("truncated region: " + place + " is " + fileLength +
                " bytes long, and its header requires " + geometry.fileLength() +
                ": remove it when no process uses it");
        }

        return new RegionHeader(geometry, copy.getLong(REGION_ID_OFFSET),
            new UUID(copy.getLong(BOOT_ID_OFFSET), copy.getLong(BOOT_ID_OFFSET + Long.BYTES)),
            copy.getLong(CREATED_AT_MS_OFFSET));
    }

    /**
     * The inode number of the lock file, whose locks prove which processes are in a region. By the locks of another
     * file at its path, all of them would seem dead. The number stays the same as long as any process has that file
     * open.
     *
     * @param header of the region.
     * @return 0 if the region has no such file.
     */
    public static long lockInode(final AtomicBuffer header)
    {
        return header.getLong(LOCK_INODE_OFFSET);
    }

    /**
     * Stores the inode number of the lock file; by the creator, before others can find the region.
     *
     * @param header of the region.
     * @param inode  number of the file.
     */
    public static void lockInode(final AtomicBuffer header, final long inode)
    {
        header.putLong(LOCK_INODE_OFFSET, inode);
    }

    private static void checkEqual(final String place, final String name, final long found, final long expected)
    {
        if (found != expected)
        {
            throw new RegionException("region of another geometry: " + place + ": " + name + " is " + found +
                ", this library uses " + expected + ": use the same library in all processes, or another path");
        }
    }

    private static int checksum(final DirectBuffer header)
    {
        // Over a copy in the heap: a checksum intrinsic on a mapping that lost its pages terminates the JVM.
        final byte[] checked = new byte[CHECKED_LENGTH];
        header.getBytes(REGION_ID_OFFSET, checked);
        final CRC32 crc = new CRC32();
        crc.update(checked);
        return (int)crc.getValue();
    }
}
