/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import org.HdrHistogram.Histogram;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;

/**
 * The histograms of this suite: nanoseconds, to three digits.
 */
public final class Histograms
{
    /** Round trips that are timed together. */
    static final int BATCH_LENGTH = 100;

    private static final long MAX_VALUE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final int DIGITS = 3;

    private Histograms()
    {
    }

    /**
     * @return an empty histogram.
     */
    public static Histogram create()
    {
        return new Histogram(1, MAX_VALUE_NS, DIGITS);
    }

    /**
     * @param histogram to write.
     * @return text: HdrHistogram's compressed encoding in Base64.
     */
    public static String encode(final Histogram histogram)
    {
        final ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        final int length = histogram.encodeIntoCompressedByteBuffer(buffer, Deflater.BEST_COMPRESSION);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }

    /**
     * @param text as {@link #encode} writes it.
     * @return the histogram.
     * @throws IllegalArgumentException if it is none.
     */
    public static Histogram decode(final String text)
    {
        try
        {
            return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(Base64.getDecoder().decode(text)), 0);
        }
        catch (final DataFormatException ex)
        {
            throw new IllegalArgumentException("no histogram: " + text, ex);
        }
    }

    static void record(final Histogram histogram, final long valueNs)
    {
        histogram.recordValue(Math.min(valueNs, MAX_VALUE_NS));
    }
}
