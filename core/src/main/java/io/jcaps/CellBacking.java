/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;

/**
 * How far the cells that one side of a link writes have memory behind them. Only that side needs to know: what another
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
}
