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
import java.util.concurrent.CyclicBarrier;

/**
 * Many clients at once, each in a thread of its own: how many replies does each get in the same time?
 */
final class Crowd
{
    private static final int BATCH_COUNT = 100;

    private final Cell cell;
    private final CyclicBarrier barrier;
    private volatile long startNs;
    private volatile RuntimeException failure;

    private Crowd(final Cell cell)
    {
        this.cell = cell;
        // The action runs when all are there: from then on their clocks count.
        barrier = new CyclicBarrier(cell.clientCount(), () -> startNs = System.nanoTime());
    }

    static ClientResult measure(final Cell cell, final List<EchoClient> clients) throws InterruptedException
    {
        final Crowd crowd = new Crowd(cell);
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
        double allocated = 0;
        final long[] countByClient = new long[members.size()];
        for (int i = 0; i < countByClient.length; i++)
        {
            final Member member = members.get(i);
            histogram.add(member.histogram);
            sentCount += member.sentCount;
            allocated += member.allocatedPerReply * member.measuredCount;
            countByClient[i] = member.measuredCount;
        }
        final long measuredCount = Arrays.stream(countByClient).sum();
        return new ClientResult(
            sentCount,
            measuredCount,
            cell.measuredNs(),
            Histograms.encode(histogram),
            countByClient,
            allocated / measuredCount,
            null);
    }

    private final class Member
    {
        private final EchoClient client;
        private final boolean yields = Waiting.YIELD == cell.waiting();
        private final Histogram histogram = Histograms.create();
        private final AllocationTrace allocation = new AllocationTrace();
        private final Thread thread;
        private long sentCount;
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
                histogram.reset();
                final long countBefore = sentCount;
                runUntil(startNs + cell.warmUpNs() + cell.measuredNs());
                allocatedPerReply = allocation.bytesPerOperation(countBefore);
                measuredCount = sentCount - countBefore;
            }
            catch (final Exception ex)
            {
                failure = new IllegalStateException(thread.getName() + " failed: " + ex.getMessage(), ex);
            }
        }

        private void runUntil(final long deadlineNs)
        {
            while (System.nanoTime() - deadlineNs < 0)
            {
                runBatch(deadlineNs);
                allocation.sample(sentCount);
            }
        }

        private void runBatch(final long deadlineNs)
        {
            for (int i = 0; i < BATCH_COUNT; i++)
            {
                final long sentNs = System.nanoTime();
                if (sentNs - deadlineNs >= 0)
                {
                    return;
                }
                roundTrip();
                Histograms.record(histogram, System.nanoTime() - sentNs);
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
