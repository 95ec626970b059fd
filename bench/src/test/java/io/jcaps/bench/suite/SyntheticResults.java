/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Results that nobody measured, to try what is made of results. Never to be shown as measured.
 */
public final class SyntheticResults
{
    /** Of each time that is given: enough replies for each percentile. */
    public static final int WEIGHT = 100_000;

    private static final int REPLY_COUNT = 20_000;
    private static final double[] QUANTILES = {0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};

    private final List<CellResult> cells = new ArrayList<>();
    private final List<String> contenders = new ArrayList<>();

    /**
     * @return an environment that nobody looked at.
     */
    public static Environment environment()
    {
        return new Environment("2026-11-22T12:00:00Z", "0123456789ab-dirty", "0.1.0", "Some CPU <x> & more", 2,
            "rdtscp", "none", "Linux 6.1, clock source tsc", 21.4, 10,
            "Some \"Linux\"", "OpenJDK 17", List.of("-Xmx512m"), "off",
            "unknown", "8.0 GiB", 0.5, true);
    }

    /**
     * @param result to add; its contender is listed, too.
     * @return this.
     */
    public SyntheticResults add(final CellResult result)
    {
        if (!contenders.contains(result.cell().contender()))
        {
            contenders.add(result.cell().contender());
        }
        cells.add(result);
        return this;
    }

    /**
     * A cell that was not probed.
     *
     * @param cell            that was measured.
     * @param round           in which.
     * @param measuredCount   replies.
     * @param elapsedNs       nanoseconds.
     * @param histogram       encoded, or null.
     * @param countByClient   of a crowd, or null.
     * @param clientAllocated bytes per reply.
     * @param serverAllocated bytes per reply.
     * @param failure         or null.
     * @return what such a cell gives.
     */
    public static CellResult result(
        final Cell cell,
        final int round,
        final long measuredCount,
        final long elapsedNs,
        final String histogram,
        final long[] countByClient,
        final double clientAllocated,
        final double serverAllocated,
        final String failure)
    {
        return new CellResult(cell, round, CellResult.LEAST_WARM_UP_COUNT, WEIGHT * measuredCount, WEIGHT * elapsedNs,
            histogram, null, countByClient, clientAllocated, serverAllocated, List.of(), CpuUse.NONE, Double.NaN, 1,
            failure);
    }

    /**
     * @param result   of a cell.
     * @param floorsNs of its probes.
     * @return the result with these probes.
     */
    public static CellResult probed(final CellResult result, final double... floorsNs)
    {
        return probed(result, CpuUse.NONE, floorsNs);
    }

    private static CellResult probed(final CellResult result, final CpuUse cpu, final double... floorsNs)
    {
        return new CellResult(result.cell(), result.round(), result.warmUpCount(), result.measuredCount(),
            result.elapsedNs(), result.histogram(), result.batchHistogram(), result.countByClient(),
            result.clientAllocatedPerReply(),
            result.serverAllocatedPerReply(),
            Arrays.stream(floorsNs).mapToObj((ns) -> new Probe(ns, ns)).toList(), cpu, Double.NaN, 1,
            result.failure());
    }

    /**
     * @param cell    that two native programs measured, with a floor that stayed the same.
     * @param round   in which.
     * @param floorNs of its probes.
     * @param timesNs of its replies.
     * @return this.
     */
    public SyntheticResults addNative(final Cell cell, final int round, final double floorNs, final long... timesNs)
    {
        final CellResult result = new SyntheticResults().addTimes(cell, round, timesNs).cells.get(0);
        return add(probed(result, new CpuUse(200, 200, Double.NaN, 1), floorNs, floorNs, floorNs));
    }

    /**
     * @param cell    that was measured, with a floor that stayed the same.
     * @param round   in which.
     * @param floorNs of its probes.
     * @param timesNs of its replies.
     * @return this.
     */
    public SyntheticResults addProbed(final Cell cell, final int round, final double floorNs, final long... timesNs)
    {
        final CellResult result = new SyntheticResults().addTimes(cell, round, timesNs).cells.get(0);
        return add(probed(result, floorNs, floorNs, floorNs));
    }

    /**
     * @param cell     that was measured.
     * @param round    in which.
     * @param timesNs  of its replies.
     * @return this.
     */
    public SyntheticResults addTimes(final Cell cell, final int round, final long... timesNs)
    {
        final Histogram histogram = Histograms.create();
        Arrays.stream(timesNs).forEach((ns) -> histogram.recordValueWithCount(ns, WEIGHT));
        return add(result(cell, round, timesNs.length, Arrays.stream(timesNs).sum(),
            Histograms.encode(histogram), null, 0.01, 0, null));
    }

    /**
     * @param cell      that was measured.
     * @param round     in which.
     * @param perSecond replies.
     * @return this.
     */
    public SyntheticResults addRate(final Cell cell, final int round, final long perSecond)
    {
        return add(result(cell, round, perSecond, 1_000_000_000, null, null, 0, 0, null));
    }

    /**
     * @param cell    that failed.
     * @param round   in which.
     * @param failure why.
     * @return this.
     */
    public SyntheticResults addFailure(final Cell cell, final int round, final String failure)
    {
        return add(CellResult.failed(cell, round, failure));
    }

    /**
     * @return all that was added.
     */
    public Results build()
    {
        final List<Results.ContenderInfo> infos = new ArrayList<>();
        contenders.forEach((name) ->
            infos.add(new Results.ContenderInfo(name, name, "As it comes, <b>really</b>.", List.of())));
        final int roundCount = cells.stream().mapToInt(CellResult::round).max().orElse(0);
        return new Results(
            environment(), List.of("caps", "bench", "--quick"), "quick", roundCount, 7, infos, cells);
    }

    /**
     * @return results as a full run has them: all workloads, ten contenders, some that cannot or do not.
     */
    public static Results full()
    {
        final SyntheticResults results = new SyntheticResults();
        final Random random = new Random(3);
        for (int round = 1; round <= 3; round++)
        {
            results.addRound(round, random);
        }
        return results.build();
    }

    private void addRound(final int round, final Random random)
    {
        final String[] names = {"floor", "jcaps", "aeron-exclusive", "aeron-shared", "agrona-rings", "chronicle-queue",
            "unix-socket", "tcp"};
        final double[] base = {120, 138, 130, 150, 165, 900, 9_600, 12_000};
        final double[] tail = {1, 1.1, 3, 4, 2, 8, 6, 7};
        for (int i = 0; i < names.length; i++)
        {
            for (final int length : new int[]{32, 256, 1024, 4096, 16_384, 65_536, 131_072})
            {
                final Cell cell = Cell.roundTrip(names[i], length);
                addSpinning(cell, round, base[i], tail[i], random);
                addSpinning(cell.payload(PayloadKind.FILLED), round, base[i] + length * 0.15, tail[i], random);
            }
            final Cell cell = Cell.roundTrip(names[i], 32);
            for (final int window : new int[]{1, 8, 64, 128})
            {
                if (0 == i)
                {
                    addFailure(cell.pipelined(window), round, "carries one message at a time, of one client");
                }
                else
                {
                    addRate(cell.pipelined(window), round, (long)(1e9 / base[i] * Math.min(window, 1 == i ? 5 : 2)));
                }
            }
            for (final long rate : new long[]{10_000, 1_000_000})
            {
                addOpenLoop(cell.openLoop(rate), round, base[i], tail[i], random);
            }
            for (final int clientCount : new int[]{8, 32, 128})
            {
                if (0 != i)
                {
                    addTimes(cell.clientCount(clientCount), round, times(base[i] * 1.05, tail[i], random));
                }
            }
            final long[] counts = {990, 1000, 980, 970, 1000, 995, 990, 700 + 30L * i};
            add(result(cell.crowd(8), round, 7_900, 1_000_000_000,
                histogram(base[i] * 40, tail[i], random), counts, 0, 0, null));
        }
        addBlocking(round, random);
    }

    private void addBlocking(final int round, final Random random)
    {
        final String[] names = {"jcaps", "aeron-exclusive", "unix-socket", "tcp", "futex-floor", "pipe"};
        final double[] base = {5_200, 0, 9_600, 12_500, 4_300, 8_000};
        for (int i = 0; i < names.length; i++)
        {
            final Cell cell = Cell.roundTrip(names[i], 32).waiting(Waiting.BLOCK);
            if (0 == base[i])
            {
                addFailure(cell, round, "knows no waiting but to spin");
            }
            else
            {
                addTimes(cell, round, times(base[i], 2, random));
            }
        }
    }

    private void addSpinning(
        final Cell cell, final int round, final double base, final double tail, final Random random)
    {
        if ("floor".equals(cell.contender()) && cell.length() > 32)
        {
            addFailure(cell, round, "carries one word, whatever the length");
        }
        else if ("aeron-shared".equals(cell.contender()) && 1 == round && 256 == cell.length())
        {
            addFailure(cell, round, "CellServer did not get ready: it printed nothing");
        }
        else
        {
            final boolean copies = !"jcaps".equals(cell.contender()) && PayloadKind.PREBUILT == cell.payload();
            addTimes(cell, round, times(base + (copies ? cell.length() * 0.1 : 0), tail, random));
        }
    }

    private void addOpenLoop(
        final Cell cell, final int round, final double base, final double tail, final Random random)
    {
        if (base > 5_000 && cell.ratePerSecond() > 100_000)
        {
            add(result(cell, round, 100, 1_000_000, histogram(base * 100, tail, random), null, 0, 0,
                "missed its rate: 100,123/s of 1,000,000/s"));
        }
        else
        {
            addTimes(cell, round, times(base * 1.3, tail, random));
        }
    }

    private static String histogram(final double base, final double tail, final Random random)
    {
        final Histogram histogram = Histograms.create();
        Arrays.stream(times(base, tail, random)).forEach((ns) -> histogram.recordValueWithCount(ns, WEIGHT));
        return Histograms.encode(histogram);
    }

    private static long[] times(final double base, final double tail, final Random random)
    {
        final double[] factors = {0.9, 1, 1.1, 1.2 + tail / 10, 1.4 + tail / 2, 5 * tail * tail, 200 * tail};
        final long[] times = new long[REPLY_COUNT];
        for (int i = 0; i < times.length; i++)
        {
            final double at = random.nextDouble();
            int j = 1;
            while (QUANTILES[j] < at)
            {
                j++;
            }
            final double part = (at - QUANTILES[j - 1]) / (QUANTILES[j] - QUANTILES[j - 1]);
            times[i] = (long)(base * (factors[j - 1] + part * (factors[j] - factors[j - 1])));
        }
        return times;
    }
}
