/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Memory that no access may leave, and in which each word is at a multiple of its length. An access that breaks this
 * throws an {@link Error}, so that it is not mistaken for a declared exception.
 */
public final class GuardBuffer extends UnsafeBuffer
{
    /** Thrown by an invalid access, which must not happen whatever the region contains. */
    public static final class Violation extends Error
    {
        private static final long serialVersionUID = 1L;

        Violation(final String message)
        {
            super(message);
        }
    }

    /**
     * @param whole  memory.
     * @param offset in it, in bytes.
     * @param length in bytes.
     */
    public GuardBuffer(final DirectBuffer whole, final int offset, final int length)
    {
        super(whole, offset, length);
    }

    private void check(final int index, final int size)
    {
        checkRange(index, size);
        if ((addressOffset() + index & size - 1) != 0)
        {
            throw new Violation("not aligned: index=" + index + ", size=" + size);
        }
    }

    private void checkRange(final int index, final int length)
    {
        if (index < 0 || length < 0 || index > capacity() - length)
        {
            throw new Violation("out of bounds: index=" + index + ", length=" + length + ", capacity=" + capacity());
        }
    }

    @Override
    public int getInt(final int index)
    {
        check(index, Integer.BYTES);
        return super.getInt(index);
    }

    @Override
    public int getIntAcquire(final int index)
    {
        check(index, Integer.BYTES);
        return super.getIntAcquire(index);
    }

    @Override
    public int getIntVolatile(final int index)
    {
        check(index, Integer.BYTES);
        return super.getIntVolatile(index);
    }

    @Override
    public int getIntOpaque(final int index)
    {
        check(index, Integer.BYTES);
        return super.getIntOpaque(index);
    }

    @Override
    public void putInt(final int index, final int value)
    {
        check(index, Integer.BYTES);
        super.putInt(index, value);
    }

    @Override
    public void putIntRelease(final int index, final int value)
    {
        check(index, Integer.BYTES);
        super.putIntRelease(index, value);
    }

    @Override
    public void putIntVolatile(final int index, final int value)
    {
        check(index, Integer.BYTES);
        super.putIntVolatile(index, value);
    }

    @Override
    public int getAndAddInt(final int index, final int delta)
    {
        check(index, Integer.BYTES);
        return super.getAndAddInt(index, delta);
    }

    @Override
    public boolean compareAndSetInt(final int index, final int expectedValue, final int updateValue)
    {
        check(index, Integer.BYTES);
        return super.compareAndSetInt(index, expectedValue, updateValue);
    }

    @Override
    public long getLong(final int index)
    {
        check(index, Long.BYTES);
        return super.getLong(index);
    }

    @Override
    public long getLongAcquire(final int index)
    {
        check(index, Long.BYTES);
        return super.getLongAcquire(index);
    }

    @Override
    public long getLongVolatile(final int index)
    {
        check(index, Long.BYTES);
        return super.getLongVolatile(index);
    }

    @Override
    public long getLongOpaque(final int index)
    {
        check(index, Long.BYTES);
        return super.getLongOpaque(index);
    }

    @Override
    public void putLong(final int index, final long value)
    {
        check(index, Long.BYTES);
        super.putLong(index, value);
    }

    @Override
    public void putLongRelease(final int index, final long value)
    {
        check(index, Long.BYTES);
        super.putLongRelease(index, value);
    }

    @Override
    public void putLongVolatile(final int index, final long value)
    {
        check(index, Long.BYTES);
        super.putLongVolatile(index, value);
    }

    @Override
    public long getAndAddLong(final int index, final long delta)
    {
        check(index, Long.BYTES);
        return super.getAndAddLong(index, delta);
    }

    @Override
    public boolean compareAndSetLong(final int index, final long expectedValue, final long updateValue)
    {
        check(index, Long.BYTES);
        return super.compareAndSetLong(index, expectedValue, updateValue);
    }

    @Override
    public void putBytes(final int index, final DirectBuffer srcBuffer, final int srcIndex, final int length)
    {
        checkRange(index, length);
        super.putBytes(index, srcBuffer, srcIndex, length);
    }

    @Override
    public void getBytes(final int index, final MutableDirectBuffer dstBuffer, final int dstIndex, final int length)
    {
        checkRange(index, length);
        super.getBytes(index, dstBuffer, dstIndex, length);
    }

    @Override
    public String getStringWithoutLengthAscii(final int index, final int length)
    {
        checkRange(index, length);
        return super.getStringWithoutLengthAscii(index, length);
    }

    @Override
    public int putStringWithoutLengthAscii(final int index, final String value)
    {
        checkRange(index, value.length());
        return super.putStringWithoutLengthAscii(index, value);
    }

    @Override
    public void setMemory(final int index, final int length, final byte value)
    {
        checkRange(index, length);
        super.setMemory(index, length, value);
    }
}
