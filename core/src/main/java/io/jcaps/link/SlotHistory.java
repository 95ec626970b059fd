/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.SlotDescriptor;

/**
 * The slots of the last 256 messages of one direction, by number: a receiver predicts the next slot from them. In the
 * heap only; used within the gate of a port.
 */
final class SlotHistory
{
    /** Number of messages that are remembered: twice as many as can be in progress. */
    static final int LENGTH = 2 * SlotDescriptor.MAX_SLOT_COUNT;

    private static final int MASK = LENGTH - 1;

    private final byte[] slots = new byte[LENGTH];
    private final long[] numbers;

    /**
     * Starts as if each slot had been used once, in order, before message 0: clients first use the slots in that order.
     *
     * @param slotCount of the link.
     */
    SlotHistory(final int slotCount)
    {
        numbers = new long[slotCount];
        for (int slot = 0; slot < slotCount; slot++)
        {
            add((long)slot - slotCount, slot);
        }
    }

    /**
     * @param number of the message, one more than that of the message before.
     * @param slot   that it used.
     */
    void add(final long number, final int slot)
    {
        slots[(int)number & MASK] = (byte)slot;
        numbers[slot] = number;
    }

    /**
     * @param number of one of the last {@link #LENGTH} messages.
     * @return slot that it used; for an older number, that of a later message.
     */
    int slot(final long number)
    {
        return slots[(int)number & MASK];
    }

    /**
     * @param slot index of a slot.
     * @return number of the last message that used it.
     */
    long number(final int slot)
    {
        return numbers[slot];
    }
}
