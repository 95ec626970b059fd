/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import org.agrona.DirectBuffer;

/**
 * Where a session's frames go: in order, each once or not at all, and none after one that was lost.
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
