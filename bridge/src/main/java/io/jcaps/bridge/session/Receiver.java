/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import org.agrona.DirectBuffer;

/**
 * Takes the body of one message, fragment by fragment.
 */
interface Receiver
{
    void append(int position, DirectBuffer buffer, int offset, int length);

    /** Called after the last fragment. */
    void end();
}
