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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * One client's measurement. Its loops run in batches: a loop that is compiled while it runs gets worse code.
 */
final class SoloMeasurement
{
    private static final int BATCH_COUNT = 1_000;
    /** Most bytes of a batch between two readings of the clock: 1,000 windows of long messages would take a minute. */
    private static final int BATCH_BYTES = 64 * 1024 * 1024;
    private static final long NS_PER_SECOND = 1_000_000_000;
    /** An open loop that takes this multiple of its time has missed its rate, and is given up. */
    private static final int PATIENCE = 3;
    /** Part of its rate that an open loop must have kept. */
    private static final double KEPT = 0.99;
    /** Part of a time that goes, in addition, to round trips that are timed in batches: a quarter. */
    private static final int BATCHED_PART = 4;
    /** A warm-up is given up after this multiple of its time. */
    private static final int PATIENCE_FOR_WARM_UP = 10;
    /** Least requests of an open loop that is measured in two parts. */
    private static final int LEAST_CUT_COUNT = 100;
    /** Time after the measurement in which both sides are idle. */
    static final long IDLE_NS = TimeUnit.MILLISECONDS.toNanos(300);
    /** Longest message in bytes of a cell whose idle sides are measured: longer ones would give the same. */
    private static final int IDLE_LENGTH = 32;
    /** Requests in flight while a load's capacity is measured. */
    private static final int CAPACITY_WINDOW = Cell.OPEN_LOOP_WINDOW;
    private static final int PERCENT = 100;

    private final Cell cell;
    private final EchoClient client;
    private final boolean yields;
    private final int window;
    private final int mostRepliesOfBatch;
    private final FloorProbe.Client floor;
    private final Histogram histogram = Histograms.create();
    private final Histogram batches = Histograms.create();
    /** Whether round trips are also timed in batches: not if the number of replies is limited. */
    private final boolean isBatched;
    private final List<Probe> probes = new ArrayList<>();
    private final AllocationTrace allocation = new AllocationTrace();
    private long sentCount;
    private long receivedCount;
    private long lastSentNs;
    private final CpuTrace cpu = new CpuTrace();
    private double ratePerSecond;

    /**
     * @param cell   to measure.
     * @param client connected.
     * @param floor  of the same two threads; null if the cell has none.
     */
    SoloMeasurement(final Cell cell, final EchoClient client, final FloorProbe.Client floor)
    {
        this.floor = floor;
        this.cell = cell;
        this.client = client;
        yields = Waiting.YIELD == cell.waiting();
        window = cell.window();
        mostRepliesOfBatch = Math.min(BATCH_COUNT, BATCH_BYTES / cell.length());
        isBatched = Workload.ROUND_TRIP == cell.workload() && 0 == cell.replyLimit();
        ratePerSecond = cell.ratePerSecond();
    }

    ClientResult measure()
    {
        if (null != floor)
        {
            askForProbe();
            cpu.beforeProbe();
            floor.warmUp();
            cpu.afterProbe();
        }
        warmUp();
        if (Workload.LOAD == cell.workload())
        {
            ratePerSecond = capacity() * cell.loadPercent() / PERCENT;
        }
        histogram.reset();
        batches.reset();
        final long receivedBefore = receivedCount;
        final int partCount = partCount();
        final long limit = 0 == cell.replyLimit() ? Long.MAX_VALUE : cell.replyLimit();
        long elapsedNs = 0;
        long count = 0;
        String failure = null;
        probe();
        for (int i = 0; i < partCount && null == failure && count < limit; i++)
        {
            final long countBefore = receivedCount;
            final long startNs = System.nanoTime();
            failure = run(cell.measuredNs() / partCount, Math.max(1, (limit - count) / (partCount - i)));
            elapsedNs += System.nanoTime() - startNs;
            count += receivedCount - countBefore;
            if (isBatched)
            {
                runBatches(cell.measuredNs() / partCount / BATCHED_PART);
            }
            probe();
        }
        final long cpuCount = receivedCount - receivedBefore;
        final boolean hasIdle = null != floor && null == failure && hasIdle(cell);
        if (hasIdle)
        {
            sleep();
            askForProbe();
            cpu.beforeProbe();
            floor.take();
        }
        return new ClientResult(
            sentCount,
            receivedBefore,
            count,
            elapsedNs,
            isCounted() ? null : Histograms.encode(histogram),
            isBatched ? Histograms.encode(batches) : null,
            null,
            allocation.bytesPerOperation(receivedBefore),
            probes,
            cpu.parts(),
            cpuCount,
            hasIdle,
            Workload.LOAD == cell.workload() ? ratePerSecond : Double.NaN,
            failure);
    }

    /** Runs for the warm-up time and until the code is compiled, but with a limit for a busy machine. */
    private void warmUp()
    {
        final long giveUpNs = System.nanoTime() + PATIENCE_FOR_WARM_UP * cell.warmUpNs();
        if (isOpenLoop())
        {
            // At a low rate, enough requests for that would take minutes.
            while (cell.warmUpNs() > 0 && isCold() && System.nanoTime() - giveUpNs < 0)
            {
                roundTrips(BATCH_COUNT, giveUpNs);
            }
        }
        if (Workload.LOAD == cell.workload())
        {
            capacity();
        }
        else
        {
            run(cell.warmUpNs(), Long.MAX_VALUE);
        }
        if (isBatched)
        {
            runBatches(cell.warmUpNs() / BATCHED_PART);
        }
        while (!isOpenLoop() && isCold() && System.nanoTime() - giveUpNs < 0)
        {
            run(Math.max(1, cell.warmUpNs() / BATCHED_PART), Long.MAX_VALUE);
        }
    }

    private boolean isCold()
    {
        return receivedCount < CellResult.LEAST_WARM_UP_COUNT;
    }

    private void runBatches(final long durationNs)
    {
        final long deadlineNs = System.nanoTime() + durationNs;
        while (System.nanoTime() - deadlineNs < 0)
        {
            final long startNs = System.nanoTime();
            batch();
            Histograms.record(batches, System.nanoTime() - startNs);
            allocation.sample(receivedCount);
        }
    }

    private void batch()
    {
        for (int i = 0; i < Histograms.BATCH_LENGTH; i++)
        {
            roundTrip();
        }
    }

    /** Number of parts: two, with a probe between them; one for an open loop with few requests. */
    private int partCount()
    {
        return Workload.OPEN_LOOP == cell.workload() &&
            cell.measuredNs() * ratePerSecond / NS_PER_SECOND < LEAST_CUT_COUNT ? 1 : 2;
    }

    private void probe()
    {
        if (null != floor)
        {
            askForProbe();
            cpu.beforeProbe();
            probes.add(floor.take());
            cpu.afterProbe();
        }
    }

    private void askForProbe()
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            floor.ask(sentCount + 1);
            roundTrip();
        }
        else
        {
            floor.ask(0);
        }
    }

    private String run(final long durationNs, final long replyLimit)
    {
        final long deadlineNs = System.nanoTime() + durationNs;
        switch (cell.workload())
        {
            case ROUND_TRIP:
                // At least once: a busy machine may take this thread away until the time has passed.
                long left = replyLimit;
                do
                {
                    roundTrips((int)Math.min(left, BATCH_COUNT), deadlineNs);
                    allocation.sample(receivedCount);
                    left -= BATCH_COUNT;
                }
                while (left > 0 && System.nanoTime() - deadlineNs < 0);
                return null;

            case PIPELINED:
            case STREAM:
                // As a round trip does, this lasts until a reply has come, however busy the machine is.
                final long receivedBefore = receivedCount;
                do
                {
                    pipeline();
                    allocation.sample(receivedCount);
                }
                while (System.nanoTime() - deadlineNs < 0 || receivedCount == receivedBefore);
                endStep();
                while (receivedCount < sentCount)
                {
                    receivedCount += client.receive(window);
                }
                return null;

            case OPEN_LOOP:
            case LOAD:
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
                // On a busy machine a whole batch would take seconds.
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
        final long enough = receivedCount + mostRepliesOfBatch;
        for (int i = 0; i < BATCH_COUNT && receivedCount < enough; i++)
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
        final double periodNs = NS_PER_SECOND / ratePerSecond;
        final long totalCount = Math.max(1, (long)(durationNs / periodNs));
        final long base = sentCount;
        final long startNs = System.nanoTime();
        final long giveUpNs = startNs + PATIENCE * durationNs + NS_PER_SECOND;
        lastSentNs = startNs;
        while (receivedCount - base < totalCount)
        {
            if (openLoopBatch(base, totalCount, startNs, periodNs, Long.MAX_VALUE) - giveUpNs > 0)
            {
                break;
            }
            allocation.sample(receivedCount);
        }
        // Replies come later, which is latency; only requests that could not be sent at their intended time show a
        // missed rate.
        final long requestCount = sentCount - base;
        final long sendingNs = Math.max(1, lastSentNs - startNs);
        // Replies still in flight must not be counted as the next run's.
        while (receivedCount < sentCount)
        {
            receivedCount += client.receive(1);
        }
        final boolean isKept = requestCount == totalCount && sendingNs <= totalCount * periodNs / KEPT;
        return isKept ? null : String.format(Locale.ROOT, "missed its rate: %,.0f/s of %,.0f/s",
            requestCount * (double)NS_PER_SECOND / sendingNs, ratePerSecond);
    }

    /** Replies per second of an open loop that sends as soon as there are few enough in flight. */
    private double capacity()
    {
        final long base = sentCount;
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < cell.warmUpNs())
        {
            openLoopBatch(base, Long.MAX_VALUE, startNs, 0, CAPACITY_WINDOW);
        }
        final double result =
            (receivedCount - base) * (double)NS_PER_SECOND / Math.max(1, System.nanoTime() - startNs);
        while (receivedCount < sentCount)
        {
            receivedCount += client.receive(1);
        }
        return Math.max(1, result);
    }

    private long openLoopBatch(
        final long base, final long totalCount, final long startNs, final double periodNs, final long mostInFlight)
    {
        long nowNs = 0;
        for (int i = 0; i < BATCH_COUNT; i++)
        {
            nowNs = System.nanoTime();
            final long sent = sentCount - base;
            if (sent < totalCount && sentCount - receivedCount < mostInFlight &&
                nowNs - startNs >= (long)(sent * periodNs) &&
                client.send(sentCount + 1))
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
                    // The rest of the batch would count as measured time.
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

    /** Completes the last step: in a stream only whole steps are answered. */
    private void endStep()
    {
        while (0 != sentCount % cell.replyStep())
        {
            if (client.send(sentCount + 1))
            {
                sentCount++;
            }
            else
            {
                receivedCount += client.receive(window);
            }
        }
    }

    private boolean isOpenLoop()
    {
        return Workload.OPEN_LOOP == cell.workload() || Workload.LOAD == cell.workload();
    }

    private boolean isCounted()
    {
        return Workload.PIPELINED == cell.workload() || Workload.STREAM == cell.workload();
    }

    /** Whether idle sides are measured: once for each way to wait, with the round trips of short messages. */
    static boolean hasIdle(final Cell cell)
    {
        return Workload.ROUND_TRIP == cell.workload() && 0 == cell.replyLimit() && cell.length() <= IDLE_LENGTH;
    }

    private static void sleep()
    {
        try
        {
            TimeUnit.NANOSECONDS.sleep(IDLE_NS);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
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
