/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.Waiting;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;

/**
 * Many clients at once, each in a thread of its own: counts the replies of each in the same time.
 */
final class Crowd
{
    private static final int BATCH_COUNT = 100;
    /** A warm-up is given up after this multiple of its time. */
    private static final int PATIENCE_FOR_WARM_UP = 10;

    private final Cell cell;
    private final CyclicBarrier barrier;
    private final FloorProbe.Client floor;
    private final List<Probe> probes = new ArrayList<>();
    private boolean isWarm;
    private volatile long startNs;
    private volatile RuntimeException failure;

    private Crowd(final Cell cell, final FloorProbe.Client floor)
    {
        this.cell = cell;
        this.floor = floor;
        // The action runs, in one client's thread, when all are there and nothing is in flight.
        barrier = new CyclicBarrier(cell.clientCount(), this::startPart);
    }

    /**
     * @param cell    to measure.
     * @param clients connected.
     * @param floor   of one client's thread and the server's; null if the cell has none.
     * @return the result.
     */
    static ClientResult measure(final Cell cell, final List<EchoClient> clients, final FloorProbe.Client floor)
        throws InterruptedException
    {
        final Crowd crowd = new Crowd(cell, floor);
        final List<Member> members = new ArrayList<>();
        for (final EchoClient client : clients)
        {
            members.add(crowd.new Member(client, members.size()));
        }
        for (final Member member : members)
        {
            member.thread.start();
        }
        for (final Member member : members)
        {
            member.thread.join();
        }
        if (null != crowd.failure)
        {
            throw crowd.failure;
        }
        final Histogram histogram = Histograms.create();
        long sentCount = 0;
        long warmUpCount = 0;
        double allocated = 0;
        final long[] countByClient = new long[members.size()];
        for (int i = 0; i < countByClient.length; i++)
        {
            final Member member = members.get(i);
            histogram.add(member.histogram);
            sentCount += member.sentCount;
            warmUpCount += member.warmUpCount;
            allocated += member.allocatedPerReply * member.measuredCount;
            countByClient[i] = member.measuredCount;
        }
        final long measuredCount = Arrays.stream(countByClient).sum();
        return new ClientResult(
            sentCount,
            warmUpCount,
            measuredCount,
            cell.measuredNs(),
            Histograms.encode(histogram),
            null,
            countByClient,
            allocated / measuredCount,
            crowd.probes,
            List.of(),
            0,
            false,
            Double.NaN,
            null);
    }

    /** Called before the warm-up, before each half of the measurement, and after it. */
    private void startPart()
    {
        if (null != floor)
        {
            floor.ask(0);
            if (isWarm)
            {
                probes.add(floor.take());
            }
            else
            {
                floor.warmUp();
                isWarm = true;
            }
        }
        startNs = System.nanoTime();
    }

    private final class Member
    {
        private final EchoClient client;
        private final boolean yields = Waiting.YIELD == cell.waiting();
        private final Histogram histogram = Histograms.create();
        private final AllocationTrace allocation = new AllocationTrace();
        private final Thread thread;
        private long sentCount;
        private long warmUpCount;
        private long measuredCount;
        private double allocatedPerReply;

        Member(final EchoClient client, final int index)
        {
            this.client = client;
            thread = new Thread(this::run, "client " + index);
            thread.setDaemon(true);
        }

        private void run()
        {
            try
            {
                barrier.await();
                runUntil(startNs + cell.warmUpNs());
                final long giveUpNs = startNs + PATIENCE_FOR_WARM_UP * cell.warmUpNs();
                while (sentCount < CellResult.LEAST_WARM_UP_COUNT / cell.clientCount() + 1 &&
                    System.nanoTime() - giveUpNs < 0)
                {
                    runBatch(giveUpNs);
                }
                barrier.await();
                histogram.reset();
                warmUpCount = sentCount;
                runUntil(startNs + cell.measuredNs() / 2);
                barrier.await();
                runUntil(startNs + cell.measuredNs() / 2);
                allocatedPerReply = allocation.bytesPerOperation(warmUpCount);
                measuredCount = sentCount - warmUpCount;
                barrier.await();
            }
            catch (final Exception ex)
            {
                if (null == failure && !(ex instanceof BrokenBarrierException))
                {
                    failure = new IllegalStateException(thread.getName() + " failed: " + ex.getMessage(), ex);
                }
                breakBarrier();
            }
        }

        /** Otherwise the other threads would wait for this one. */
        private void breakBarrier()
        {
            Thread.currentThread().interrupt();
            try
            {
                barrier.await();
            }
            catch (final InterruptedException | BrokenBarrierException ex)
            {
                // The barrier was broken on purpose.
            }
        }

        private void runUntil(final long deadlineNs)
        {
            // At least once: a busy machine may take this thread away until the time has passed.
            do
            {
                runBatch(deadlineNs);
                allocation.sample(sentCount);
            }
            while (System.nanoTime() - deadlineNs < 0);
        }

        private void runBatch(final long deadlineNs)
        {
            for (int i = 0; i < BATCH_COUNT; i++)
            {
                final long sentNs = System.nanoTime();
                roundTrip();
                final long receivedNs = System.nanoTime();
                Histograms.record(histogram, receivedNs - sentNs);
                if (receivedNs - deadlineNs >= 0)
                {
                    return;
                }
            }
        }

        private void roundTrip()
        {
            final long number = sentCount + 1;
            while (!client.send(number))
            {
                idle();
            }
            sentCount = number;
            while (0 == client.receive(1))
            {
                idle();
            }
        }

        private void idle()
        {
            if (yields)
            {
                Thread.yield();
            }
        }
    }
}
