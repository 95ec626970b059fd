/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import org.agrona.DirectBuffer;

/**
 * Sends a session's frames to the other end: in order, each at most once, and none after a lost one.
 */
@FunctionalInterface
public interface Wire
{
    /**
     * Sends a frame. Both parts are copied before it returns.
     *
     * @param header of {@link FrameDescriptor#HEADER_LENGTH} bytes.
     * @param body   that begins with the frame's.
     * @param length of the body in bytes.
     * @return whether it was accepted; if not, no byte of it was, and the caller tries again later.
     */
    boolean send(DirectBuffer header, DirectBuffer body, int length);
}
