/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

import static io.jcaps.layout.SlotDescriptor.*;

/**
 * Offsets of the slots' halves and payloads in a link: those of {@link Geometry}, kept for the hot path. Immutable.
 */
public final class SlotTable
{
    /** Offset of a payload that does not exist. */
    public static final int NOWHERE = -1;

    private final int messageLimit;
    private final int requestHalvesOffset;
    private final int replyHalvesOffset;
    private final int requestCellsOffset;
    private final int replyCellsOffset;
    private final int cellStride;

    /**
     * @param geometry of the region.
     */
    public SlotTable(final Geometry geometry)
    {
        messageLimit = geometry.messageLimit();
        requestHalvesOffset = geometry.requestHalfOffset(0);
        replyHalvesOffset = geometry.replyHalfOffset(0);
        requestCellsOffset = geometry.requestCellOffset(0);
        replyCellsOffset = geometry.replyCellOffset(0);
        cellStride = geometry.cellStride();
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its request half in a link.
     */
    public int requestHalfOffset(final int slotIndex)
    {
        return requestHalvesOffset + slotIndex * HALF_LENGTH;
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its reply half in a link.
     */
    public int replyHalfOffset(final int slotIndex)
    {
        return replyHalvesOffset + slotIndex * HALF_LENGTH;
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its request cell in a link.
     */
    public int requestCellOffset(final int slotIndex)
    {
        return requestCellsOffset + slotIndex * cellStride;
    }

    /**
     * @param slotIndex of the slot.
     * @return offset of its reply cell in a link.
     */
    public int replyCellOffset(final int slotIndex)
    {
        return replyCellsOffset + slotIndex * cellStride;
    }

    /**
     * FLAGS of a half, which show whether the payload is in the slot's cell.
     *
     * @param length of the payload in bytes, as claimed.
     * @return 0 or {@link SlotDescriptor#FLAG_IN_CELL}.
     */
    public static int flags(final int length)
    {
        return length <= INLINE_CAPACITY ? 0 : FLAG_IN_CELL;
    }

    /**
     * Offset of a request's payload.
     *
     * @param slotIndex of the slot.
     * @param flags     of its descriptor; input, if another wrote it.
     * @param length    in bytes; input, if another wrote it.
     * @return offset in the link; {@link #NOWHERE} if no payload can have that length there.
     */
    public int requestPayloadOffset(final int slotIndex, final int flags, final int length)
    {
        if ((flags & FLAG_IN_CELL) == 0)
        {
            return isInline(length) ? requestHalfOffset(slotIndex) + INLINE_OFFSET : NOWHERE;
        }
        return isInCell(length) ? requestCellOffset(slotIndex) : NOWHERE;
    }

    /**
     * Offset of a reply's payload.
     *
     * @param slotIndex of the slot.
     * @param flags     of its descriptor; input, if another wrote it.
     * @param length    in bytes; input, if another wrote it.
     * @return offset in the link; {@link #NOWHERE} if no payload can have that length there.
     */
    public int replyPayloadOffset(final int slotIndex, final int flags, final int length)
    {
        if ((flags & FLAG_IN_CELL) == 0)
        {
            return isInline(length) ? replyHalfOffset(slotIndex) + INLINE_OFFSET : NOWHERE;
        }
        return isInCell(length) ? replyCellOffset(slotIndex) : NOWHERE;
    }

    private boolean isInline(final int length)
    {
        return length >= 0 && length <= INLINE_CAPACITY && length <= messageLimit;
    }

    private boolean isInCell(final int length)
    {
        return length >= 0 && length <= messageLimit;
    }
}
