/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.Tally;
import io.jcaps.bench.contender.Contenders;

import java.util.Arrays;

/**
 * Both sides of a contender on one thread: measures the time of their instructions when no cache line moves between
 * cores. Some messages stay in flight while a part of the window is sent, served and received in turn; each of the
 * three is timed.
 * <p>
 * A short time is the 5th percentile, in the round with the least: other programs on the machine only lengthen it.
 */
public final class OneThread
{
    private static final int LENGTH = 32;
    private static final int MAX_PART = 16;
    private static final int WARM_UP_COUNT = 3;
    private static final int ROUND_COUNT = 8;
    private static final int SAMPLE_COUNT = 20_000;
    private static final int PERCENTILE = 5;

    private final EchoServer server;
    private final EchoClient client;
    private final int part;
    private final long[][] times = new long[Step.values().length][SAMPLE_COUNT];
    private long sentCount;

    private enum Step
    {
        SEND, SERVE, RECEIVE
    }

    private OneThread(final EchoServer server, final EchoClient client, final int window)
    {
        this.server = server;
        this.client = client;
        part = Math.min(window, MAX_PART);
        send(window - part);
    }

    /**
     * @param args names of contenders, separated by commas, and messages in flight.
     * @throws Exception if a contender does not start.
     */
    public static void main(final String[] args) throws Exception
    {
        if (2 != args.length)
        {
            System.err.println("arguments: names of contenders, such as jcaps,jcaps-batch; messages in flight");
            System.exit(1);
        }
        for (final String name : args[0].split(","))
        {
            measure(Contenders.byName(name), Integer.parseInt(args[1]));
        }
    }

    private static void measure(final Contender contender, final int window) throws Exception
    {
        final Cell cell = Cell.roundTrip(contender.name(), LENGTH).pipelined(window);
        try (MemoryDirectory directory = new MemoryDirectory();
            EchoServer server = contender.serve(cell, directory.path()))
        {
            final long sentCount;
            try (EchoClient client = contender.connect(cell, directory.path()).get(0))
            {
                final OneThread thread = new OneThread(server, client, window);
                thread.report(contender.name(), window);
                thread.end(window);
                sentCount = thread.sentCount;
            }
            final Tally tally = server.end();
            if (tally.requestCount() != sentCount || 0 != tally.corruptCount())
            {
                throw new IllegalStateException("sent " + sentCount + ", the server counted " + tally);
            }
        }
    }

    private void report(final String name, final int window)
    {
        final double[] least = new double[times.length];
        Arrays.fill(least, Double.MAX_VALUE);
        for (int round = -WARM_UP_COUNT; round < ROUND_COUNT; round++)
        {
            for (int i = 0; i < SAMPLE_COUNT; i++)
            {
                sample(i);
            }
            for (int step = 0; round >= 0 && step < times.length; step++)
            {
                Arrays.sort(times[step]);
                final double time = (double)times[step][SAMPLE_COUNT * PERCENTILE / 100] / part;
                least[step] = Math.min(least[step], time);
            }
        }
        System.out.printf("%-20s window %3d, ns per message: send %5.1f  serve %5.1f  receive %5.1f  all %5.1f%n", name,
            window, least[0], least[1], least[2], Arrays.stream(least).sum());
    }

    private void sample(final int index)
    {
        final long startNs = System.nanoTime();
        send(part);
        final long sentNs = System.nanoTime();
        serve(part);
        final long servedNs = System.nanoTime();
        receive(part);
        final long endNs = System.nanoTime();
        times[Step.SEND.ordinal()][index] = sentNs - startNs;
        times[Step.SERVE.ordinal()][index] = servedNs - sentNs;
        times[Step.RECEIVE.ordinal()][index] = endNs - servedNs;
    }

    private void end(final int window)
    {
        serve(window - part);
        receive(window - part);
    }

    private void send(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            while (!client.send(sentCount + 1))
            {
                // A contender may have no room once, for example where its log continues in the next term.
                Thread.onSpinWait();
            }
            sentCount++;
        }
    }

    private void serve(final int count)
    {
        for (int served = 0; served < count;)
        {
            served += server.serve(count - served);
        }
    }

    private void receive(final int count)
    {
        for (int received = 0; received < count;)
        {
            received += client.receive(count - received);
        }
    }
}
