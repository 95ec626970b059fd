/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.HdrHistogram.Histogram;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.File;
import java.nio.MappedByteBuffer;
import java.util.List;

/**
 * The floor under every transport: a number bounced between two JVMs, in two words on two cache lines of a mapped file
 * in memory. Whoever sees it change in the one writes it to the other.
 */
public final class FloorLatency
{
    static final int PING_OFFSET = 0;
    /** Two lines on: the prefetcher fetches them in pairs. */
    static final int PONG_OFFSET = 128;
    static final int FILE_LENGTH = 4096;

    private static final int BATCH_COUNT = 10_000;

    private FloorLatency()
    {
    }

    /**
     * Measures once, in a JVM that is started for it.
     *
     * @param warmUpCount  round trips before the measurement.
     * @param messageCount round trips that are measured.
     * @return a round trip's nanoseconds.
     */
    public static Histogram run(final int warmUpCount, final int messageCount)
    {
        try (BenchRegion region = new BenchRegion())
        {
            return run(region.path().toFile(), warmUpCount, messageCount);
        }
    }

    /**
     * Measures once, in a JVM that is started for it, through a file of the caller's choice.
     *
     * @param file         to make and to map; it must not be there yet, and stays: whose the directory is cleans it up.
     * @param warmUpCount  round trips before the measurement.
     * @param messageCount round trips that are measured.
     * @return a round trip's nanoseconds.
     */
    public static Histogram run(final File file, final int warmUpCount, final int messageCount)
    {
        final Histogram histogram = Report.histogram();
        final MappedByteBuffer mapped = IoUtil.mapNewFile(file, FILE_LENGTH);
        final UnsafeBuffer buffer = new UnsafeBuffer(mapped);
        try (ChildJvm child = ChildJvm.start(FloorEcho.class, List.of(file.getPath())))
        {
            long number = 0;
            for (int left = warmUpCount; left > 0; left -= BATCH_COUNT)
            {
                number = measure(buffer, number, Math.min(left, BATCH_COUNT), histogram);
            }
            histogram.reset();
            for (int left = messageCount; left > 0; left -= BATCH_COUNT)
            {
                number = measure(buffer, number, Math.min(left, BATCH_COUNT), histogram);
            }
            final List<String> lines = child.end();
            if (!List.of("last=" + number).equals(lines))
            {
                throw new IllegalStateException("the other side should have seen " + number + ": " + lines);
            }
        }
        finally
        {
            IoUtil.unmap(mapped);
        }
        return histogram;
    }

    /**
     * Measures once and prints the percentiles.
     *
     * @param args {@code --warm-up} and {@code --messages} of what {@link RoundTripOptions#parse} takes.
     */
    public static void main(final String[] args)
    {
        final RoundTripOptions options = RoundTripOptions.parse(List.of(args));
        Report.printEnvironment(System.out, List.of(args));
        final Histogram histogram = run(options.warmUpCount(), options.messageCount());
        Report.printHeader(System.out);
        Report.printRow(System.out, "floor", histogram);
    }

    static void record(final Histogram histogram, final long valueNs)
    {
        histogram.recordValue(Math.min(valueNs, Report.MAX_VALUE_NS));
    }

    private static long measure(
        final UnsafeBuffer buffer, final long start, final int count, final Histogram histogram)
    {
        long number = start;
        for (int i = 0; i < count; i++)
        {
            final long startNs = System.nanoTime();
            number++;
            buffer.putLongRelease(PING_OFFSET, number);
            while (buffer.getLongAcquire(PONG_OFFSET) != number)
            {
                // No pause: it would only add to the time. The machine has a core for each side, or measures nothing.
            }
            record(histogram, System.nanoTime() - startNs);
        }
        return number;
    }
}
