/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.host.Host;

import java.util.function.IntUnaryOperator;

import static io.jcaps.layout.SlotDescriptor.INLINE_CAPACITY;

/**
 * How far the cells that one side of a link writes are backed by memory. Only that side needs to know this. Parts that
 * a former user of the link has backed are backed again, which costs time but no memory.
 */
final class CellBacking
{
    private final Host host;
    private final int linkIndex;
    private final int[] backedLengths;

    CellBacking(final Host host, final int linkIndex, final int slotCount)
    {
        this.host = host;
        this.linkIndex = linkIndex;
        backedLengths = new int[slotCount];
    }

    /**
     * Makes sure that a cell has memory for a payload. Does nothing if it had a payload of that length before.
     *
     * @return false if the region has no memory left; nothing was changed then.
     */
    boolean ensure(final int slot, final int cellOffset, final int length)
    {
        final int backedLength = backedLengths[slot];
        if (length > backedLength)
        {
            if (!host.back(linkIndex, cellOffset + backedLength, length - backedLength))
            {
                return false;
            }
            backedLengths[slot] = length;
        }
        return true;
    }

    /**
     * Makes sure that each of this side's cells has memory for a payload, and maps all pages of the link that have
     * memory; the peer's cells may have some.
     *
     * @return false if the region has no memory left; some cells may have theirs.
     */
    boolean prefault(final int length, final IntUnaryOperator ownCellOffset, final IntUnaryOperator peerCellOffset)
    {
        host.touch(linkIndex, 0, host.header().geometry().linkHeadLength());
        if (length > INLINE_CAPACITY)
        {
            for (int slot = 0; slot < backedLengths.length; slot++)
            {
                final int cellOffset = ownCellOffset.applyAsInt(slot);
                if (!ensure(slot, cellOffset, length))
                {
                    return false;
                }
                host.touch(linkIndex, cellOffset, length);
                host.touch(linkIndex, peerCellOffset.applyAsInt(slot), length);
            }
        }
        return true;
    }
}
