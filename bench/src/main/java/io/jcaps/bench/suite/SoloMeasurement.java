/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.HdrHistogram.Histogram;

import java.util.Locale;

/**
 * One client's measurement. Its loops run in batches: a loop that is compiled while it runs is worse code.
 */
final class SoloMeasurement
{
    private static final int BATCH_COUNT = 1_000;
    private static final long NS_PER_SECOND = 1_000_000_000;
    /** An open loop that needs this many times its time has not kept its rate, and is given up. */
    private static final int PATIENCE = 3;
    /** Part of its rate that an open loop must have kept. */
    private static final double KEPT = 0.99;

    private final Cell cell;
    private final EchoClient client;
    private final boolean yields;
    private final int window;
    private final Histogram histogram = Histograms.create();
    private final AllocationTrace allocation = new AllocationTrace();
    private long sentCount;
    private long receivedCount;
    private long lastSentNs;

    SoloMeasurement(final Cell cell, final EchoClient client)
    {
        this.cell = cell;
        this.client = client;
        yields = Waiting.YIELD == cell.waiting();
        window = cell.window();
    }

    ClientResult measure()
    {
        run(cell.warmUpNs(), Long.MAX_VALUE);
        histogram.reset();
        final long receivedBefore = receivedCount;
        final long startNs = System.nanoTime();
        final String failure = run(cell.measuredNs(), 0 == cell.replyLimit() ? Long.MAX_VALUE : cell.replyLimit());
        final long elapsedNs = System.nanoTime() - startNs;
        final long count = receivedCount - receivedBefore;
        return new ClientResult(
            sentCount,
            count,
            elapsedNs,
            Workload.PIPELINED == cell.workload() ? null : Histograms.encode(histogram),
            null,
            allocation.bytesPerOperation(receivedBefore),
            failure);
    }

    private String run(final long durationNs, final long replyLimit)
    {
        final long deadlineNs = System.nanoTime() + durationNs;
        switch (cell.workload())
        {
            case ROUND_TRIP:
                for (long left = replyLimit; left > 0 && System.nanoTime() - deadlineNs < 0; left -= BATCH_COUNT)
                {
                    roundTrips((int)Math.min(left, BATCH_COUNT), deadlineNs);
                    allocation.sample(receivedCount);
                }
                return null;

            case PIPELINED:
                while (System.nanoTime() - deadlineNs < 0)
                {
                    pipeline();
                    allocation.sample(receivedCount);
                }
                while (receivedCount < sentCount)
                {
                    receivedCount += client.receive(window);
                }
                return null;

            case OPEN_LOOP:
                return openLoop(durationNs);

            default:
                throw new IllegalArgumentException("not for one client: " + cell.workload());
        }
    }

    private void roundTrips(final int count, final long deadlineNs)
    {
        for (int i = 0; i < count; i++)
        {
            final long startNs = System.nanoTime();
            roundTrip();
            final long endNs = System.nanoTime();
            Histograms.record(histogram, endNs - startNs);
            if (endNs - deadlineNs >= 0)
            {
                // On a busy machine a batch would take seconds.
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
        receivedCount++;
    }

    private void pipeline()
    {
        for (int i = 0; i < BATCH_COUNT; i++)
        {
            while (sentCount - receivedCount < window && client.send(sentCount + 1))
            {
                sentCount++;
            }
            final int count = client.receive(window);
            receivedCount += count;
            if (0 == count)
            {
                idle();
            }
        }
    }

    private String openLoop(final long durationNs)
    {
        // Rounded to the whole nanosecond, a period would be off by up to a tenth at ten million a second.
        final double periodNs = (double)NS_PER_SECOND / cell.ratePerSecond();
        final long totalCount = Math.max(1, (long)(durationNs / periodNs));
        final long base = sentCount;
        final long startNs = System.nanoTime();
        final long giveUpNs = startNs + PATIENCE * durationNs + NS_PER_SECOND;
        lastSentNs = startNs;
        while (receivedCount - base < totalCount)
        {
            if (openLoopBatch(base, totalCount, startNs, periodNs) - giveUpNs > 0)
            {
                break;
            }
            allocation.sample(receivedCount);
        }
        // Replies come later, which is latency; only requests that could not be sent when they should have been tell of
        // a missed rate.
        final long requestCount = sentCount - base;
        final long sendingNs = Math.max(1, lastSentNs - startNs);
        // What is still in flight must not be taken for the next run's.
        while (receivedCount < sentCount)
        {
            receivedCount += client.receive(1);
        }
        final boolean isKept = requestCount == totalCount && sendingNs <= totalCount * periodNs / KEPT;
        return isKept ? null : String.format(Locale.ROOT, "missed its rate: %,.0f/s of %,d/s",
            requestCount * (double)NS_PER_SECOND / sendingNs, cell.ratePerSecond());
    }

    private long openLoopBatch(final long base, final long totalCount, final long startNs, final double periodNs)
    {
        long nowNs = 0;
        for (int i = 0; i < BATCH_COUNT; i++)
        {
            nowNs = System.nanoTime();
            final long sent = sentCount - base;
            if (sent < totalCount && nowNs - startNs >= (long)(sent * periodNs) && client.send(sentCount + 1))
            {
                sentCount++;
                lastSentNs = nowNs;
            }
            if (receivedCount < sentCount && 0 != client.receive(1))
            {
                final long intendedNs = startNs + (long)((receivedCount - base) * periodNs);
                receivedCount++;
                Histograms.record(histogram, System.nanoTime() - intendedNs);
                if (receivedCount - base == totalCount)
                {
                    // The rest of the batch would count as time that was measured.
                    break;
                }
            }
            else if (yields)
            {
                Thread.yield();
            }
        }
        return nowNs;
    }

    private void idle()
    {
        if (yields)
        {
            Thread.yield();
        }
    }
}
