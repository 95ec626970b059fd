/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.BitUtil;
import org.agrona.MutableDirectBuffer;

import java.util.Random;

/**
 * Changes words of memory in the ways that faults and hostile peers do.
 */
public final class Mutator
{
    /** How a word is changed. */
    enum Kind
    {
        BIT_FLIP, RANDOM, BOUNDARY, NEIGHBOUR, NEGATIVE, BYTE_ORDER, SMALL, SWAP, COPY
    }

    private static final Kind[] KINDS = Kind.values();
    private static final long[] BOUNDARIES = {
        0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, -1L >>> 32, 1L << 55,
        1L << 56, 127, 128, 255, 256, 1 << 20};
    private static final int NEIGHBOURHOOD = 3;
    private static final int SMALL_LIMIT = 160;

    private final Random random;

    public Mutator(final Random random)
    {
        this.random = random;
    }

    /**
     * Changes one word, of four or eight bytes, at a place that is a multiple of its length.
     *
     * @param buffer with the word.
     * @param offset in bytes of the area that the word lies in, a multiple of 4.
     * @param length in bytes of that area, at least 4.
     * @return what was done.
     */
    public Kind mutate(final MutableDirectBuffer buffer, final int offset, final int length)
    {
        final Kind kind = KINDS[random.nextInt(KINDS.length)];
        if (length >= Long.BYTES && 0 == offset % Long.BYTES && random.nextBoolean())
        {
            mutateLong(kind, buffer, offset, length / Long.BYTES);
        }
        else
        {
            mutateInt(kind, buffer, offset, length / Integer.BYTES);
        }
        return kind;
    }

    private void mutateLong(final Kind kind, final MutableDirectBuffer buffer, final int offset, final int count)
    {
        final int index = offset + random.nextInt(count) * Long.BYTES;
        final int other = offset + random.nextInt(count) * Long.BYTES;
        final long old = buffer.getLong(index);
        switch (kind)
        {
            case BIT_FLIP -> buffer.putLong(index, old ^ 1L << random.nextInt(Long.SIZE));
            case BYTE_ORDER -> buffer.putLong(index, Long.reverseBytes(old));
            case SWAP ->
            {
                buffer.putLong(index, buffer.getLong(other));
                buffer.putLong(other, old);
            }
            case COPY -> buffer.putLong(index, buffer.getLong(other));
            default -> buffer.putLong(index, value(kind, old));
        }
    }

    private void mutateInt(final Kind kind, final MutableDirectBuffer buffer, final int offset, final int count)
    {
        final int index = offset + random.nextInt(count) * Integer.BYTES;
        final int other = offset + random.nextInt(count) * Integer.BYTES;
        final int old = buffer.getInt(index);
        switch (kind)
        {
            case BIT_FLIP -> buffer.putInt(index, old ^ 1 << random.nextInt(Integer.SIZE));
            case BYTE_ORDER -> buffer.putInt(index, Integer.reverseBytes(old));
            case SWAP ->
            {
                buffer.putInt(index, buffer.getInt(other));
                buffer.putInt(other, old);
            }
            case COPY -> buffer.putInt(index, buffer.getInt(other));
            default -> buffer.putInt(index, (int)value(kind, old));
        }
    }

    private long value(final Kind kind, final long old)
    {
        return switch (kind)
        {
            case RANDOM -> random.nextLong();
            case BOUNDARY -> BOUNDARIES[random.nextInt(BOUNDARIES.length)];
            case NEIGHBOUR -> old + random.nextInt(2 * NEIGHBOURHOOD + 1) - NEIGHBOURHOOD;
            case NEGATIVE -> -old;
            case SMALL -> random.nextInt(SMALL_LIMIT);
            default -> throw new IllegalArgumentException(kind.name());
        };
    }

    /**
     * One of the words that stand for the limits of what can be.
     *
     * @return a number of any size.
     */
    long boundary()
    {
        return BOUNDARIES[random.nextInt(BOUNDARIES.length)];
    }

    /**
     * A length that a file can be found with instead of its own.
     *
     * @param length in bytes that it has.
     * @return mostly less, often by pages or powers of two, sometimes more or nonsense.
     */
    long truncated(final long length)
    {
        return switch (random.nextInt(6))
        {
            case 0 -> random.nextInt((int)length);
            case 1 -> length - 1;
            case 2 -> BitUtil.align(random.nextInt((int)length), 4096);
            case 3 -> length / 2;
            case 4 -> length + random.nextInt(8192);
            default -> boundary();
        };
    }
}
