/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;

/**
 * Length and flags in the halves that one side of a link writes. They are stored only where they differ from what the
 * side wrote there last, which it knows by heart: the fewer stores meet a peer that pulls at the line, the better. A
 * link's halves are zero when it is opened. One thread at a time.
 */
final class DescriptorWriter
{
    private final AtomicBuffer link;
    private final long[] written;

    DescriptorWriter(final AtomicBuffer link, final int slotCount)
    {
        this.link = link;
        written = new long[slotCount];
    }

    /**
     * Plain: the release of the half's id comes behind it. If the writer dies in between, nothing was published.
     *
     * @param slot       index of the slot.
     * @param halfOffset offset of the half in the link.
     * @param length     of the payload in bytes.
     * @param flags      of the half.
     */
    void write(final int slot, final int halfOffset, final int length, final int flags)
    {
        final long descriptor = SlotDescriptor.lengthAndFlags(length, flags);
        if (written[slot] != descriptor)
        {
            written[slot] = descriptor;
            link.putLong(halfOffset + SlotDescriptor.LENGTH_OFFSET, descriptor);
        }
    }
}
