/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Memory that lets something happen before each store: the death of who stores, or what its peer does just then.
 */
final class SteppingBuffer extends UnsafeBuffer
{
    private final Runnable beforeStore;

    SteppingBuffer(final DirectBuffer whole, final int offset, final int length, final Runnable beforeStore)
    {
        super(whole, offset, length);
        this.beforeStore = beforeStore;
    }

    SteppingBuffer part(final int offset, final int length)
    {
        return new SteppingBuffer(this, offset, length, beforeStore);
    }

    @Override
    public void putInt(final int index, final int value)
    {
        beforeStore.run();
        super.putInt(index, value);
    }

    @Override
    public void putIntVolatile(final int index, final int value)
    {
        beforeStore.run();
        super.putIntVolatile(index, value);
    }

    @Override
    public void putIntRelease(final int index, final int value)
    {
        beforeStore.run();
        super.putIntRelease(index, value);
    }

    @Override
    public void putIntOrdered(final int index, final int value)
    {
        beforeStore.run();
        super.putIntOrdered(index, value);
    }

    @Override
    public void putLong(final int index, final long value)
    {
        beforeStore.run();
        super.putLong(index, value);
    }

    @Override
    public void putLongVolatile(final int index, final long value)
    {
        beforeStore.run();
        super.putLongVolatile(index, value);
    }

    @Override
    public void putLongRelease(final int index, final long value)
    {
        beforeStore.run();
        super.putLongRelease(index, value);
    }

    @Override
    public void putLongOrdered(final int index, final long value)
    {
        beforeStore.run();
        super.putLongOrdered(index, value);
    }

    @Override
    public void putBytes(final int index, final DirectBuffer source, final int sourceIndex, final int length)
    {
        beforeStore.run();
        super.putBytes(index, source, sourceIndex, length);
    }
}
