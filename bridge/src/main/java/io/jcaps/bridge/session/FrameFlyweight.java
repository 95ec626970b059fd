/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteOrder;

/**
 * A view of a frame, or of its first fragment, in the buffer that holds it: {@link FrameDescriptor}. Made once, wrapped
 * for each frame.
 */
public final class FrameFlyweight
{
    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);

    /**
     * @param source that has the frame.
     * @param index  of the header.
     * @param length of what is there, at least that of a header.
     */
    void wrap(final DirectBuffer source, final int index, final int length)
    {
        buffer.wrap(source, index, length);
    }

    /**
     * Writes a whole header.
     *
     * @param target to write to.
     * @param type   of the frame.
     * @param flags  of the frame.
     * @param link   number of the client, or 0.
     * @param id     as the type wants it.
     * @param length of the body in bytes.
     */
    public static void put(
        final MutableDirectBuffer target, final int type, final int flags, final int link, final long id,
        final int length)
    {
        target.putByte(FrameDescriptor.TYPE_OFFSET, (byte)type);
        target.putByte(FrameDescriptor.VERSION_OFFSET, (byte)FrameDescriptor.CURRENT_VERSION);
        target.putShort(FrameDescriptor.FLAGS_OFFSET, (short)flags, ORDER);
        target.putInt(FrameDescriptor.LINK_OFFSET, link, ORDER);
        target.putLong(FrameDescriptor.ID_OFFSET, id, ORDER);
        target.putInt(FrameDescriptor.LENGTH_OFFSET, length, ORDER);
        target.putInt(FrameDescriptor.SPARE_OFFSET, 0, ORDER);
    }

    int type()
    {
        return buffer.getByte(FrameDescriptor.TYPE_OFFSET) & 0xFF;
    }

    int version()
    {
        return buffer.getByte(FrameDescriptor.VERSION_OFFSET) & 0xFF;
    }

    int flags()
    {
        return buffer.getShort(FrameDescriptor.FLAGS_OFFSET, ORDER) & 0xFFFF;
    }

    int link()
    {
        return buffer.getInt(FrameDescriptor.LINK_OFFSET, ORDER);
    }

    long id()
    {
        return buffer.getLong(FrameDescriptor.ID_OFFSET, ORDER);
    }

    /** Length of the body in bytes, any number: it is input. */
    int length()
    {
        return buffer.getInt(FrameDescriptor.LENGTH_OFFSET, ORDER);
    }

    int bodyInt(final int offset)
    {
        return buffer.getInt(FrameDescriptor.HEADER_LENGTH + offset, ORDER);
    }

    long bodyLong(final int offset)
    {
        return buffer.getLong(FrameDescriptor.HEADER_LENGTH + offset, ORDER);
    }

    byte[] bodyBytes(final int offset, final int length)
    {
        final byte[] bytes = new byte[length];
        buffer.getBytes(FrameDescriptor.HEADER_LENGTH + offset, bytes);
        return bytes;
    }
}
