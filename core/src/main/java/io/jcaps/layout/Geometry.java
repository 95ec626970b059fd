/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import org.agrona.BitUtil;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Counts and lengths of a region's structures, and the offsets that follow from them. Immutable.
 * <pre>
 *    header | processes | ports | link directory | (to a page) | link 0 | link 1 | ... | error log 0 | ...
 * </pre>
 * Header and tables are mapped as one buffer, and each link and error log as a buffer of its own. Offsets of table
 * entries count from the start of the region, offsets within a link from the start of the link.
 *
 * @param processCount attachments at a time, 1 to 4,096.
 * @param portCount    services, clients and wait sets at a time, 2 to 65,536.
 * @param linkCount    clients at a time, 1 to 16,384.
 * @param slotCount    messages in progress per client, 1 to 128 (R14).
 * @param messageLimit longest message in bytes, 0 to 131,072 (R12).
 */
public record Geometry(int processCount, int portCount, int linkCount, int slotCount, int messageLimit)
{
    /** Longest message in bytes that any region allows: the original's 128 KB (R12). */
    public static final int MAX_MESSAGE_LIMIT = 131_072;
    /** The default geometry; only pages that were used take memory. */
    public static final Geometry DEFAULT =
        new Geometry(256, 512, 256, SlotDescriptor.MAX_SLOT_COUNT, MAX_MESSAGE_LIMIT);

    /** Most processes, ports and links that a region may have. */
    public static final int MAX_PROCESS_COUNT = 4_096;
    public static final int MAX_PORT_COUNT = 65_536;
    public static final int MAX_LINK_COUNT = 16_384;
    /** Alignment of the parts in bytes; the machine's page may be longer. */
    public static final int PAGE_LENGTH = 4_096;
    /** Bytes of a cache line. */
    public static final int LINE_LENGTH = 64;

    /**
     * Checks every count and length.
     *
     * @throws IllegalArgumentException if one is out of its range.
     */
    public Geometry
    {
        checkRange("processCount", processCount, 1, MAX_PROCESS_COUNT);
        checkRange("portCount", portCount, 2, MAX_PORT_COUNT);
        checkRange("linkCount", linkCount, 1, MAX_LINK_COUNT);
        checkRange("slotCount", slotCount, 1, SlotDescriptor.MAX_SLOT_COUNT);
        checkRange("messageLimit", messageLimit, 0, MAX_MESSAGE_LIMIT);
    }

    private static void checkRange(final String name, final int value, final int min, final int max)
    {
        if (value < min || value > max)
        {
            throw new IllegalArgumentException(
                name + " must be from " + min + " to " + max + ": " + name + "=" + value);
        }
    }

    /**
     * @param processIndex of the entry.
     * @return its offset from the start of the region.
     */
    public int processOffset(final int processIndex)
    {
        return RegionDescriptor.HEADER_LENGTH + processIndex * ProcessDescriptor.ENTRY_LENGTH;
    }

    /**
     * @param portIndex of the entry.
     * @return its offset from the start of the region.
     */
    public int portOffset(final int portIndex)
    {
        return processOffset(processCount) + portIndex * PortDescriptor.ENTRY_LENGTH;
    }

    /**
     * @param portIndex any number.
     * @return whether an entry of the port table has that index.
     */
    public boolean hasPort(final int portIndex)
    {
        return portIndex >= 0 && portIndex < portCount;
    }

    /**
     * @param linkIndex of the entry in the link directory.
     * @return its offset from the start of the region.
     */
    public int linkEntryOffset(final int linkIndex)
    {
        return portOffset(portCount) + linkIndex * LinkEntryDescriptor.ENTRY_LENGTH;
    }

    /**
     * @return length in bytes of header and tables, a multiple of the page.
     */
    public int tablesLength()
    {
        return BitUtil.align(linkEntryOffset(linkCount), PAGE_LENGTH);
    }

    /**
     * @param linkIndex of the link.
     * @return offset of its body from the start of the region, a multiple of the page.
     */
    public long linkOffset(final int linkIndex)
    {
        return tablesLength() + (long)linkIndex * linkLength();
    }

    /**
     * @param processIndex of the process's entry.
     * @return offset of its error log from the start of the region, a multiple of the page.
     */
    public long errorLogOffset(final int processIndex)
    {
        return linkOffset(linkCount) + (long)processIndex * ErrorLogDescriptor.LOG_LENGTH;
    }

    /**
     * @return length in bytes of the region file.
     */
    public long fileLength()
    {
        return errorLogOffset(processCount);
    }

    /**
     * @return bytes of records in either ring of a link, a power of two.
     */
    public int ringCapacity()
    {
        final int recordCount =
            Math.max(LinkDescriptor.MIN_RECORD_COUNT, LinkDescriptor.RECORDS_PER_SLOT * slotCount);
        return BitUtil.findNextPositivePowerOfTwo(recordCount) * LinkDescriptor.RECORD_LENGTH;
    }

    /**
     * @return length in bytes of either ring with its trailer.
     */
    public int ringLength()
    {
        return ringCapacity() + RingBufferDescriptor.TRAILER_LENGTH;
    }

    /**
     * @return offset of the reply ring in a link.
     */
    public int replyRingOffset()
    {
        return LinkDescriptor.REQUEST_RING_OFFSET + ringLength();
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its request half in a link.
     */
    public int requestHalfOffset(final int slotIndex)
    {
        return replyRingOffset() + ringLength() + slotIndex * SlotDescriptor.HALF_LENGTH;
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its reply half in a link.
     */
    public int replyHalfOffset(final int slotIndex)
    {
        return requestHalfOffset(slotCount) + LinkDescriptor.REPLY_HALVES_SHIFT +
            slotIndex * SlotDescriptor.HALF_LENGTH;
    }

    /**
     * @return bytes of a link before its cells: each message uses them, whatever its length.
     */
    public int linkHeadLength()
    {
        return BitUtil.align(replyHalfOffset(slotCount), PAGE_LENGTH);
    }

    /**
     * The distance of two cells is two cache lines more than their length: if it were a power of two, all cells would
     * fall on the same cache sets.
     *
     * @return bytes from the start of one cell to that of the next.
     */
    public int cellStride()
    {
        return BitUtil.align(messageLimit, LINE_LENGTH) + 2 * LINE_LENGTH;
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its request cell in a link.
     */
    public int requestCellOffset(final int slotIndex)
    {
        return linkHeadLength() + LinkDescriptor.REQUEST_CELLS_SHIFT + slotIndex * cellStride();
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its reply cell in a link.
     */
    public int replyCellOffset(final int slotIndex)
    {
        return BitUtil.align(requestCellOffset(slotCount), PAGE_LENGTH) + LinkDescriptor.REPLY_CELLS_SHIFT +
            slotIndex * cellStride();
    }

    /**
     * @return length in bytes of a link, a multiple of the page; at most about 34 MB.
     */
    public int linkLength()
    {
        return BitUtil.align(replyCellOffset(slotCount), PAGE_LENGTH);
    }
}
