/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Claim;
import org.agrona.DirectBuffer;

/**
 * Takes the body of one message, fragment by fragment, into the memory that was claimed for it.
 */
abstract class Receiver
{
    final Claim claim = new Claim();

    final void append(final int position, final DirectBuffer buffer, final int offset, final int length)
    {
        claim.buffer().putBytes(position, buffer, offset, length);
    }

    /** Called after the last fragment. */
    abstract void end();
}
