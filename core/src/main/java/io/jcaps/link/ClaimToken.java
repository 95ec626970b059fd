/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import org.agrona.DirectBuffer;

import java.lang.ref.WeakReference;

/**
 * A claim as a link refers to it. The program may drop a claim without spending it. Once neither the claim nor its
 * buffer is reachable, no thread can write through it any more. Made once for each claim. Any thread may call.
 */
public final class ClaimToken extends WeakReference<Object>
{
    private final WeakReference<DirectBuffer> buffer;

    /**
     * @param claim  the claim.
     * @param buffer through which the program writes.
     */
    public ClaimToken(final Object claim, final DirectBuffer buffer)
    {
        super(claim);
        this.buffer = new WeakReference<>(buffer);
    }

    boolean isDropped()
    {
        return null == get() && null == buffer.get();
    }
}
