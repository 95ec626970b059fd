/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.host.Host;

import java.util.function.IntUnaryOperator;

import static io.jcaps.layout.SlotDescriptor.INLINE_CAPACITY;

/**
 * How far the cells that one side of a link writes are backed by memory. Only that side needs to know: what another
 * user of the link backed before is backed again, which costs time but no memory.
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
     * Makes sure of memory for a payload; a cell that had one as long before needs nothing.
     *
     * @return false if the region finds none; nothing was changed then.
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
     * Makes sure of memory for a payload in each slot, and has all pages of the link mapped that have memory: the
     * peer's cells may, too.
     *
     * @return false if the region finds no more; the slots before that have theirs.
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
