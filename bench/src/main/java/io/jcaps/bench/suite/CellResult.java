/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Waiting;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The result of one cell in one round.
 *
 * @param cell                    what was measured.
 * @param round                   in which round, from 1.
 * @param warmUpCount             replies received before it was measured.
 * @param measuredCount           replies received while it was measured.
 * @param elapsedNs               duration of the measurement in nanoseconds.
 * @param histogram               nanoseconds of each reply, as {@link Histograms#decode} reads them; null if the
 *                                workload only counts, or nothing was measured.
 * @param batchHistogram          nanoseconds of each 100 round trips that were timed together; null for other workloads
 *                                than round trips.
 * @param countByClient           replies by client of a crowd; null for other workloads.
 * @param clientAllocatedPerReply bytes of heap that the client's thread took for each reply.
 * @param serverAllocatedPerReply bytes of heap that the server's thread took for each reply; NaN if too few to tell.
 * @param probes                  of the floor, before, during and after; empty if the cell cannot be probed.
 * @param cpu                     CPU time of both sides.
 * @param loadPerSecond           rate of a load, in requests per second; NaN for other workloads.
 * @param tryCount                how often it was measured until the probes agreed, or it was given up.
 * @param failure                 null, or why the result does not count: the cell did not start, or missed its rate.
 */
public record CellResult(
    Cell cell,
    int round,
    long warmUpCount,
    long measuredCount,
    long elapsedNs,
    String histogram,
    String batchHistogram,
    long[] countByClient,
    double clientAllocatedPerReply,
    double serverAllocatedPerReply,
    List<Probe> probes,
    CpuUse cpu,
    double loadPerSecond,
    int tryCount,
    String failure)
{
    /** Largest difference of floors within one state of the machine, as a part of the lower value. */
    static final double STATE_TOLERANCE = 0.15;

    /** Least samples for a value. */
    static final int LEAST_SAMPLE_COUNT = 1_000;
    /** Least round trips before the measurement for a value: HotSpot compiles in steps. */
    static final int LEAST_WARM_UP_COUNT = 20_000;

    /**
     * Copies the list, and replaces parts that are null by empty ones.
     */
    public CellResult
    {
        cpu = null == cpu ? CpuUse.NONE : cpu;
        probes = null == probes ? List.of() : List.copyOf(probes);
    }

    static CellResult failed(final Cell cell, final int round, final String failure)
    {
        return new CellResult(cell, round, 0, 0, 0, null, null, null, Double.NaN, Double.NaN, List.of(),
            CpuUse.NONE, Double.NaN, 1, failure);
    }

    CellResult tryCount(final int tryCount)
    {
        return new CellResult(cell, round, warmUpCount, measuredCount, elapsedNs, histogram, batchHistogram,
            countByClient, clientAllocatedPerReply, serverAllocatedPerReply, probes, cpu, loadPerSecond, tryCount,
            failure);
    }

    /**
     * @return null, or why there is no value: fewer samples than a median needs, or code that was not compiled yet.
     */
    String obstacle()
    {
        if (null != failure)
        {
            return failure;
        }
        if (measuredCount < LEAST_SAMPLE_COUNT)
        {
            return "too few replies: " + measuredCount + " of at least " + LEAST_SAMPLE_COUNT +
                "; measure for longer";
        }
        return warmUpCount < LEAST_WARM_UP_COUNT ? "too short a warm-up: " + warmUpCount + " of at least " +
            LEAST_WARM_UP_COUNT + " replies; warm up for longer" : null;
    }

    /**
     * @return replies per second.
     */
    public double repliesPerSecond()
    {
        return 0 == elapsedNs ? 0 : measuredCount * 1e9 / elapsedNs;
    }

    /**
     * @return whether the machine stayed in one state while this was measured: the probes differ by at most 15 %. False
     *         if one of them could not be taken, true if the cell cannot be probed.
     */
    public boolean isSteady()
    {
        // False for NaN.
        return probes.isEmpty() || probeRatio() <= 1 + STATE_TOLERANCE;
    }

    /**
     * @return the highest probe as a multiple of the lowest; NaN if there is none, or one could not be taken.
     */
    double probeRatio()
    {
        final double min = probes.stream().mapToDouble(Probe::stateNs).min().orElse(Double.NaN);
        return probes.stream().mapToDouble(Probe::stateNs).max().orElse(Double.NaN) / min;
    }

    /**
     * @return the floor while this was measured, in nanoseconds: the median of {@link Probe#stateNs()}; NaN if there
     * are none.
     */
    double stateNs()
    {
        return median(probes.stream().mapToDouble(Probe::stateNs));
    }

    /**
     * @return the floor while this was measured, timed round trip by round trip: the median of the probes, in
     *         nanoseconds; NaN if there are none.
     */
    public double floorNs()
    {
        return median(probes.stream().mapToDouble(Probe::p50Ns));
    }

    /**
     * @param other of the same run.
     * @return whether both were measured in the same state of the machine, as far as is known.
     */
    boolean isComparable(final CellResult other)
    {
        if (!isSteady() || !other.isSteady())
        {
            return false;
        }
        return !hasFloorOf(other) || probes.isEmpty() || other.probes.isEmpty() ||
            isSameState(stateNs(), other.stateNs());
    }

    /**
     * Whether the floor was probed in the same way: by cache lines or futexes, by Java or a native program. The time of
     * another floor does not show the state of the machine.
     */
    boolean hasFloorOf(final CellResult other)
    {
        return isNative() == other.isNative() &&
            (Waiting.BLOCK == cell.waiting()) == (Waiting.BLOCK == other.cell.waiting());
    }

    private boolean isNative()
    {
        return !Double.isNaN(cpu.clientNs()) && Double.isNaN(cpu.helperNs());
    }

    static boolean isSameState(final double oneNs, final double otherNs)
    {
        return Math.max(oneNs, otherNs) <= (1 + STATE_TOLERANCE) * Math.min(oneNs, otherNs);
    }

    private static double median(final DoubleStream values)
    {
        final double[] sorted = values.sorted().toArray();
        return 0 == sorted.length ? Double.NaN : sorted[sorted.length / 2];
    }
}
