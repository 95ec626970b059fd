/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.CellRunner;
import io.jcaps.bench.suite.Histograms;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import org.HdrHistogram.Histogram;
import org.agrona.IoUtil;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The client that measures, a process of its own, which starts the other side of each measurement. Floor and transport
 * are measured in turn, so that other load of the machine affects both.
 * <p>
 * Commands: none. Reports: {@code round}, {@code latency}, {@code failed}.
 */
final class DemoLatency
{
    /** Rounds, each of a floor and a transport; odd, so that one of their ratios is the median. */
    static final int ROUND_COUNT = 5;

    private static final int LENGTH = 32;
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(200);
    /**
     * Time limit of a measurement: with two sides that spin on one processor a round trip takes milliseconds. Then not
     * all round trips are timed.
     */
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(10);

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
        final Histogram transport = Histograms.create();
        final Histogram floor = Histograms.create();
        final LatencyRounds rounds = new LatencyRounds();
        for (int i = 0; i < ROUND_COUNT; i++)
        {
            final int roundCount = count / ROUND_COUNT + (i < count % ROUND_COUNT ? 1 : 0);
            parent.tell(new Line("round").with("done", 2 * i).with("what", "floor"));
            final Histogram floorOfRound = measure("floor", roundCount, directory.resolve("floor-" + i));
            parent.tell(new Line("round").with("done", 2 * i + 1).with("what", "transport"));
            final Histogram transportOfRound = measure("jcaps", roundCount, directory.resolve("latency-" + i));
            floor.add(floorOfRound);
            transport.add(transportOfRound);
            rounds.add(floorOfRound.getValueAtPercentile(50), transportOfRound.getValueAtPercentile(50));
        }
        parent.tell(new Line("latency")
            .with("transport", Histograms.encode(transport)).with("floor", Histograms.encode(floor))
            .with("rounds", rounds.toString()));
    }

    private static Histogram measure(final String contender, final int count, final Path directory)
    {
        final Cell cell = Cell.roundTrip(contender, LENGTH).times(WARM_UP_NS, LIMIT_NS).replyLimit(count);
        try
        {
            Files.createDirectory(directory);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot make " + directory, ex);
        }
        final CellResult result = CellRunner.run(cell, 1, directory);
        IoUtil.delete(directory.toFile(), true);
        if (null != result.failure())
        {
            throw new ChildFailure("the measurement of " + contender + " failed: " + result.failure());
        }
        return Histograms.decode(result.histogram());
    }
}
