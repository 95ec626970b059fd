/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Memory that runs an action before each store: the death of the storing process, or an action of its peer. A copy of
 * many bytes is one store. If wanted, it also runs an action before each load of a number.
 */
public final class SteppingBuffer extends UnsafeBuffer
{
    private final Runnable beforeStore;
    private final Runnable beforeLoad;

    /**
     * @param whole       memory.
     * @param offset      in it, in bytes.
     * @param length      in bytes.
     * @param beforeStore what happens before each store.
     */
    public SteppingBuffer(final DirectBuffer whole, final int offset, final int length, final Runnable beforeStore)
    {
        this(whole, offset, length, beforeStore, null);
    }

    /**
     * @param whole       memory.
     * @param offset      in it, in bytes.
     * @param length      in bytes.
     * @param beforeStore what happens before each store.
     * @param beforeLoad  what happens before each load of a number; null for nothing.
     */
    public SteppingBuffer(
        final DirectBuffer whole,
        final int offset,
        final int length,
        final Runnable beforeStore,
        final Runnable beforeLoad)
    {
        super(whole, offset, length);
        this.beforeStore = beforeStore;
        this.beforeLoad = beforeLoad;
    }

    private void beforeLoad()
    {
        if (null != beforeLoad)
        {
            beforeLoad.run();
        }
    }

    /**
     * @param offset in bytes.
     * @param length in bytes.
     * @return part of this memory, with the same actions.
     */
    public SteppingBuffer part(final int offset, final int length)
    {
        return new SteppingBuffer(this, offset, length, beforeStore, beforeLoad);
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
    public void putIntOpaque(final int index, final int value)
    {
        beforeStore.run();
        super.putIntOpaque(index, value);
    }

    @Override
    public boolean compareAndSetInt(final int index, final int expectedValue, final int updateValue)
    {
        beforeStore.run();
        return super.compareAndSetInt(index, expectedValue, updateValue);
    }

    @Override
    public int getAndSetInt(final int index, final int value)
    {
        beforeStore.run();
        return super.getAndSetInt(index, value);
    }

    @Override
    public int getAndAddInt(final int index, final int delta)
    {
        beforeStore.run();
        return super.getAndAddInt(index, delta);
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
    public void putLongOpaque(final int index, final long value)
    {
        beforeStore.run();
        super.putLongOpaque(index, value);
    }

    @Override
    public boolean compareAndSetLong(final int index, final long expectedValue, final long updateValue)
    {
        beforeStore.run();
        return super.compareAndSetLong(index, expectedValue, updateValue);
    }

    @Override
    public long getAndSetLong(final int index, final long value)
    {
        beforeStore.run();
        return super.getAndSetLong(index, value);
    }

    @Override
    public long getAndAddLong(final int index, final long delta)
    {
        beforeStore.run();
        return super.getAndAddLong(index, delta);
    }

    @Override
    public void putByte(final int index, final byte value)
    {
        beforeStore.run();
        super.putByte(index, value);
    }

    @Override
    public void putBytes(final int index, final DirectBuffer srcBuffer, final int srcIndex, final int length)
    {
        beforeStore.run();
        super.putBytes(index, srcBuffer, srcIndex, length);
    }

    @Override
    public void putBytes(final int index, final byte[] src, final int offset, final int length)
    {
        beforeStore.run();
        super.putBytes(index, src, offset, length);
    }

    @Override
    public int putStringWithoutLengthAscii(final int index, final String value)
    {
        beforeStore.run();
        return super.putStringWithoutLengthAscii(index, value);
    }

    @Override
    public void setMemory(final int index, final int length, final byte value)
    {
        beforeStore.run();
        super.setMemory(index, length, value);
    }

    @Override
    public int getInt(final int index)
    {
        beforeLoad();
        return super.getInt(index);
    }

    @Override
    public int getIntVolatile(final int index)
    {
        beforeLoad();
        return super.getIntVolatile(index);
    }

    @Override
    public int getIntAcquire(final int index)
    {
        beforeLoad();
        return super.getIntAcquire(index);
    }

    @Override
    public int getIntOpaque(final int index)
    {
        beforeLoad();
        return super.getIntOpaque(index);
    }

    @Override
    public long getLong(final int index)
    {
        beforeLoad();
        return super.getLong(index);
    }

    @Override
    public long getLongVolatile(final int index)
    {
        beforeLoad();
        return super.getLongVolatile(index);
    }

    @Override
    public long getLongAcquire(final int index)
    {
        beforeLoad();
        return super.getLongAcquire(index);
    }

    @Override
    public long getLongOpaque(final int index)
    {
        beforeLoad();
        return super.getLongOpaque(index);
    }
}
