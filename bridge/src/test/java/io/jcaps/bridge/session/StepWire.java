/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayDeque;

/**
 * One direction of a session that is stepped: keeps what was sent until it is delivered, in fragments as a transport
 * cuts them.
 */
final class StepWire implements Wire
{
    final ArrayDeque<byte[]> frames = new ArrayDeque<>();
    /** Frames that fit; 0 is back pressure. */
    int capacity = Integer.MAX_VALUE;
    /** What is sent is lost, and so is what was under way. */
    boolean isCut;
    int fragmentLength = 1_376;
    /** How long a frame is under way, by the test's clock. */
    long delayNs;
    long nowNs;
    /** Fragments that are still delivered, by both directions together, before both are cut; null if all are. */
    int[] budget;
    private final ArrayDeque<Long> sentNs = new ArrayDeque<>();

    @Override
    public boolean send(final DirectBuffer header, final DirectBuffer body, final int length)
    {
        if (frames.size() >= capacity)
        {
            return false;
        }
        final byte[] frame = new byte[FrameDescriptor.HEADER_LENGTH + length];
        header.getBytes(0, frame, 0, FrameDescriptor.HEADER_LENGTH);
        body.getBytes(0, frame, FrameDescriptor.HEADER_LENGTH, length);
        if (!isCut)
        {
            frames.add(frame);
            sentNs.add(nowNs);
        }
        return true;
    }

    void cut()
    {
        isCut = true;
        frames.clear();
        sentNs.clear();
    }

    int deliver(final Session session)
    {
        int count = 0;
        while (!frames.isEmpty() && nowNs - sentNs.peek() >= delayNs)
        {
            sentNs.poll();
            deliver(session, frames.poll());
            count++;
        }
        return count;
    }

    void deliver(final Session session, final byte[] frame)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        int offset = 0;
        do
        {
            if (null != budget && budget[0]-- <= 0)
            {
                cut();
                return;
            }
            final int length = Math.min(fragmentLength, frame.length - offset);
            session.onFragment(buffer, offset, length, 0 == offset, offset + length == frame.length);
            offset += length;
        }
        while (offset < frame.length);
    }

    static byte[] frame(final int type, final int flags, final int link, final long id, final byte... body)
    {
        final byte[] frame = new byte[FrameDescriptor.HEADER_LENGTH + body.length];
        FrameFlyweight.put(new UnsafeBuffer(frame), type, flags, link, id, body.length);
        System.arraycopy(body, 0, frame, FrameDescriptor.HEADER_LENGTH, body.length);
        return frame;
    }
}
