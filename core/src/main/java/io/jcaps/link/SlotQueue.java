/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.SlotDescriptor;

/**
 * A double-ended queue of slot indices. It has room for each slot once, so it never grows. In the heap only; used
 * within the gate of a port.
 */
final class SlotQueue
{
    private static final int MASK = SlotDescriptor.MAX_SLOT_COUNT - 1;

    private final byte[] slots = new byte[SlotDescriptor.MAX_SLOT_COUNT];
    private int head;
    private int size;

    int size()
    {
        return size;
    }

    void addLast(final int slot)
    {
        slots[(head + size++) & MASK] = (byte)slot;
    }

    /** The slot that is longest in the queue, which must not be empty. */
    int first()
    {
        return slots[head];
    }

    /** The slot that was added last to the queue, which must not be empty. */
    int last()
    {
        return slots[(head + size - 1) & MASK];
    }

    void removeFirst()
    {
        head = (head + 1) & MASK;
        size--;
    }

    void removeLast()
    {
        size--;
    }
}
