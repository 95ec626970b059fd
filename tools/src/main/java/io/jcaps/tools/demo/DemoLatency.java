/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.bench.FloorLatency;
import io.jcaps.bench.RoundTripLatency;
import io.jcaps.bench.RoundTripOptions;
import org.HdrHistogram.Histogram;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;

/**
 * The client that measures, a process of its own, which starts the other side of each measurement. Floor and transport
 * are measured in turn: what else the machine does falls on both.
 * <p>
 * Hears nothing but its parent's end. Says: {@code round}, {@code latency}, {@code failed}.
 */
final class DemoLatency
{
    /** Rounds, each of a floor and a transport. */
    static final int ROUND_COUNT = 4;

    private static final int LENGTH = 32;
    private static final int WARM_UP_COUNT = 100_000;
    private static final int DIGITS = 3;
    private static final long MAX_VALUE_NS = TimeUnit.SECONDS.toNanos(60);

    private DemoLatency()
    {
    }

    /**
     * @param args directory and number of round trips.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) -> run(parent, directory, Integer.parseInt(args[1])));
    }

    private static void run(final ParentLink parent, final Path directory, final int count)
    {
        final Histogram transport = new Histogram(1, MAX_VALUE_NS, DIGITS);
        final Histogram floor = new Histogram(1, MAX_VALUE_NS, DIGITS);
        for (int i = 0; i < ROUND_COUNT; i++)
        {
            final int roundCount = count / ROUND_COUNT + (i < count % ROUND_COUNT ? 1 : 0);
            parent.tell(new Line("round").with("done", 2 * i).with("what", "floor"));
            final Path floorFile = directory.resolve("floor-" + i);
            floor.add(FloorLatency.run(floorFile.toFile(), WARM_UP_COUNT, roundCount));
            parent.tell(new Line("round").with("done", 2 * i + 1).with("what", "transport"));
            final Path regionFile = directory.resolve("latency-" + i);
            Demo.attach(regionFile).close();
            transport.add(RoundTripLatency.run(new RoundTripOptions()
                .region(regionFile)
                .length(LENGTH)
                .warmUpCount(WARM_UP_COUNT)
                .messageCount(roundCount)));
        }
        parent.tell(new Line("latency").with("transport", encode(transport)).with("floor", encode(floor)));
    }

    private static String encode(final Histogram histogram)
    {
        final ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        final int length = histogram.encodeIntoCompressedByteBuffer(buffer, Deflater.BEST_COMPRESSION);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }

    static Histogram decode(final String text)
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
}
