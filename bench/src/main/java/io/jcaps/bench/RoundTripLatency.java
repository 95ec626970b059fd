/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.HdrHistogram.Histogram;

import java.util.List;

/**
 * Round trips through a region between two JVMs, one message in flight, each timed from before its put until after the
 * disposal of its reply. The payload of each reply is verified; at the end both sides have counted the same.
 */
public final class RoundTripLatency
{
    private static final int BATCH_COUNT = 10_000;

    private RoundTripLatency()
    {
    }

    /**
     * Measures once, in a JVM that is started for it.
     *
     * @param options of the measurement.
     * @return a round trip's nanoseconds.
     * @throws IllegalStateException if a message was lost or changed.
     */
    public static Histogram run(final RoundTripOptions options)
    {
        final Histogram histogram = Report.histogram();
        try (EchoPair pair = new EchoPair(options))
        {
            final RoundTripClient client = new RoundTripClient(pair.port(), options);
            // Some with each byte looked at, the others as they will be measured. In batches, or the loop would be
            // compiled while it runs, which makes worse code.
            final int wholeCount = Math.min(1_000, options.warmUpCount());
            client.warmUp(wholeCount);
            for (int left = options.warmUpCount() - wholeCount; left > 0; left -= BATCH_COUNT)
            {
                client.measure(Math.min(left, BATCH_COUNT), histogram);
            }
            histogram.reset();
            for (int left = options.messageCount(); left > 0; left -= BATCH_COUNT)
            {
                client.measure(Math.min(left, BATCH_COUNT), histogram);
            }
            pair.end(client.messageCount());
        }
        return histogram;
    }

    /**
     * Measures once and prints the percentiles.
     *
     * @param args as {@link RoundTripOptions#parse} takes them.
     */
    public static void main(final String[] args)
    {
        final RoundTripOptions options = RoundTripOptions.parse(List.of(args));
        Report.printEnvironment(System.out, options.arguments());
        final Histogram histogram = run(options);
        Report.printHeader(System.out);
        Report.printRow(System.out, "transport", histogram);
    }
}
