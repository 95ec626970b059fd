/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * The summary of all rounds: medians over rounds, and ratios of cells that were measured in the same round and in the
 * same state of the machine. Failed rounds do not count.
 * <p>
 * A machine may have several speeds, each for minutes. The values of cells that are shown beside each other are of one
 * state: that in which most of them were measured, by their own probes of the floor.
 */
public final class Summary
{
    private static final int TIMES_NEEDED = 10;
    private static final int LEAST_BATCH_COUNT = 20;

    private final Results results;
    private final Map<Cell, List<Sample>> samplesByCell = new LinkedHashMap<>();
    private final Map<Cell, Row> rowByCell = new LinkedHashMap<>();

    /**
     * @param results of a run.
     */
    public Summary(final Results results)
    {
        this.results = results;
        for (final CellResult result : results.cells())
        {
            samplesByCell.computeIfAbsent(result.cell(), (cell) -> new ArrayList<>()).add(Sample.of(result));
        }
        samplesByCell.forEach((cell, samples) -> rowByCell.put(cell, row(cell, samples, stateNs(cell))));
    }

    /**
     * @return the summarised results.
     */
    public Results results()
    {
        return results;
    }

    /**
     * @return each cell that was measured, without its contender, in the order in which they were first measured.
     */
    public List<Cell> groups()
    {
        final Set<Cell> groups = new LinkedHashSet<>();
        rowByCell.keySet().forEach((cell) -> groups.add(group(cell)));
        return List.copyOf(groups);
    }

    /**
     * @param cell of any contender.
     * @return the cell without its contender: equal for all contenders that were measured alike.
     */
    public static Cell group(final Cell cell)
    {
        return cell.contender("");
    }

    /**
     * @param group one of {@link #groups()}.
     * @return a row for each contender of the group, in the order of the contenders.
     */
    public List<Row> rows(final Cell group)
    {
        final List<Row> rows = new ArrayList<>();
        for (final Results.ContenderInfo contender : results.contenders())
        {
            row(group.contender(contender.name())).ifPresent(rows::add);
        }
        return rows;
    }

    /**
     * @param cell with its contender.
     * @return its row; empty if it was not measured.
     */
    public Optional<Row> row(final Cell cell)
    {
        return Optional.ofNullable(rowByCell.get(cell));
    }

    /**
     * The ratio of a cell's value to another cell's, in the same round and the same state of the machine: a disturbance
     * of minutes affects both alike.
     *
     * @param cell   with its contender.
     * @param other  with its contender.
     * @param metric to compare.
     * @return the median over those rounds in which both were measured in one state; empty if there are none, or the
     *         other's value is 0 or not known.
     */
    public OptionalDouble ratio(final Cell cell, final Cell other, final Metric metric)
    {
        final double median = ratios(cell, other, metric).median();
        return Double.isFinite(median) ? OptionalDouble.of(median) : OptionalDouble.empty();
    }

    /**
     * @param cell   with its contender.
     * @param other  with its contender.
     * @param metric to compare.
     * @return minimum, median and maximum of these ratios.
     */
    public Spread ratios(final Cell cell, final Cell other, final Metric metric)
    {
        final Map<Integer, Sample> otherByRound = new TreeMap<>();
        counted(samplesByCell.getOrDefault(other, List.of())).forEach((sample) ->
            otherByRound.put(sample.result.round(), sample));
        return Spread.of(counted(samplesByCell.getOrDefault(cell, List.of()))
            .filter((sample) -> otherByRound.containsKey(sample.result.round()))
            .filter((sample) -> sample.result.isComparable(otherByRound.get(sample.result.round()).result))
            .mapToDouble((sample) ->
                sample.values.get(metric) / otherByRound.get(sample.result.round()).values.get(metric)));
    }

    /**
     * The round of the table's p50; of two middle rounds the faster one. Rounds are not pooled: each may have another
     * state of the machine.
     *
     * @param cell with its contender.
     * @return the times of that round, in nanoseconds; empty if no round counts, or replies were only counted.
     */
    public Optional<Histogram> medianRound(final Cell cell)
    {
        final List<Sample> timed = used(samplesByCell.getOrDefault(cell, List.of()), stateNs(cell)).stream()
            .filter((sample) -> !Double.isNaN(sample.values.get(Metric.P50)))
            .sorted(Comparator.comparingDouble((sample) -> sample.values.get(Metric.P50)))
            .toList();
        return timed.isEmpty() ? Optional.empty() :
            Optional.of(Histograms.decode(timed.get((timed.size() - 1) / 2).result.histogram()));
    }

    /**
     * @param cell with its contender.
     * @return the times in nanoseconds of all rounds that the table's values use.
     */
    public List<Histogram> rounds(final Cell cell)
    {
        return used(samplesByCell.getOrDefault(cell, List.of()), stateNs(cell)).stream()
            .filter((sample) -> !Double.isNaN(sample.values.get(Metric.P50)))
            .map((sample) -> Histograms.decode(sample.result.histogram()))
            .toList();
    }

    /**
     * The state of the machine in which most cells of a cell's group were measured, of those with the same floor.
     *
     * @return the floor's time in it; NaN if no cell was probed, or none was steady.
     */
    private double stateNs(final Cell cell)
    {
        final List<Sample> own = counted(samplesByCell.getOrDefault(cell, List.of())).toList();
        final double[] states = samplesByCell.entrySet().stream()
            .filter((entry) -> group(entry.getKey()).equals(group(cell)))
            .flatMap((entry) -> counted(entry.getValue()))
            .filter((sample) -> !own.isEmpty() && own.get(0).result.hasFloorOf(sample.result))
            .filter((sample) -> !sample.result.probes().isEmpty() && sample.result.isSteady())
            .mapToDouble((sample) -> sample.result.stateNs())
            .sorted()
            .toArray();
        double best = Double.NaN;
        long bestCount = 0;
        for (final double state : states)
        {
            final long count = Arrays.stream(states).filter((ns) -> CellResult.isSameState(ns, state)).count();
            if (count > bestCount)
            {
                best = state;
                bestCount = count;
            }
        }
        return best;
    }

    private static Stream<Sample> counted(final List<Sample> samples)
    {
        return samples.stream().filter((sample) -> null == sample.failure);
    }

    /** The rounds that a row's values use: the steady ones in the group's state, or all if there are none. */
    private static List<Sample> used(final List<Sample> samples, final double stateNs)
    {
        final List<Sample> inState =
            counted(samples).filter((sample) -> sample.result.isSteady() && sample.isOf(stateNs)).toList();
        return inState.isEmpty() ? counted(samples).toList() : inState;
    }

    private static Row row(final Cell cell, final List<Sample> samples, final double stateNs)
    {
        final List<Sample> all = counted(samples).toList();
        final long steadyCount = all.stream().filter((sample) -> sample.result.isSteady()).count();
        final List<Sample> used = used(samples, stateNs);
        final long otherStateCount =
            all.stream().filter((sample) -> sample.result.isSteady() && !sample.isOf(stateNs)).count();
        final Map<Metric, Spread> spreads = new EnumMap<>(Metric.class);
        for (final Metric metric : Metric.values())
        {
            spreads.put(metric, Spread.of(used.stream().mapToDouble((sample) -> sample.values.get(metric))));
        }
        final List<String> failures = samples.stream()
            .map((sample) -> sample.failure)
            .filter((failure) -> null != failure)
            .toList();
        final boolean hasRun = samples.stream().anyMatch((sample) -> sample.values.get(Metric.REPLIES_PER_SECOND) > 0);
        return new Row(cell, samples.size(), failures.size(), (int)(all.size() - steadyCount),
            (int)otherStateCount, failures.isEmpty() ? null : failures.get(0), hasRun,
            Spread.of(all.stream().mapToDouble((sample) -> sample.values.get(Metric.MAX))).max(), spreads);
    }

    private static double median(final double[] sorted)
    {
        final int middle = sorted.length / 2;
        return 1 == sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The metrics of a cell. Times are in nanoseconds.
     */
    public enum Metric
    {
        /** The time that half of the replies took at most. */
        P50(50),
        /** The time that 90 % of the replies took at most. */
        P90(90),
        /** The time that 99 % of the replies took at most. */
        P99(99),
        /** The time that 99.9 % of the replies took at most. */
        P99_9(99.9),
        /** The time that 99.99 % of the replies took at most. */
        P99_99(99.99),
        /** The longest time. Over rounds, the most counts: see {@link Row#max()}. */
        MAX(100),
        /** The median of round trips that were timed 100 at a time: finer than the clock's steps. */
        P50_BATCH(Double.NaN),
        /** Replies per second. */
        REPLIES_PER_SECOND(Double.NaN),
        /** {@link #P50} as a multiple of the floor that was probed within the same cell. */
        TIMES_FLOOR(Double.NaN),
        /** Bytes of heap per reply that the client's thread took. */
        CLIENT_ALLOCATION(Double.NaN),
        /** Bytes of heap per reply that the server's thread took. */
        SERVER_ALLOCATION(Double.NaN),
        /** CPU time of the client for each reply, in nanoseconds. */
        CLIENT_CPU(Double.NaN),
        /** CPU time of the server for each reply, in nanoseconds. */
        SERVER_CPU(Double.NaN),
        /** Part of both that helpers took, such as a driver. */
        HELPER_CPU(Double.NaN),
        /** CPUs that both keep busy while nothing is sent. */
        IDLE_CPUS(Double.NaN),
        /** Requests per second of a load. */
        LOAD_PER_SECOND(Double.NaN),
        /** Replies of the slowest client of a crowd, as a part of the fastest's. */
        FAIRNESS(Double.NaN);

        private final double percentile;

        Metric(final double percentile)
        {
            this.percentile = percentile;
        }

        /**
         * @return least samples of a round for this metric: ten times those of which one lies beyond it.
         */
        long leastSampleCount()
        {
            return 100 == percentile ? 1 : Math.round(TIMES_NEEDED * 100 / (100 - percentile));
        }

        /**
         * @return whether it is a time in nanoseconds.
         */
        public boolean isTime()
        {
            return !Double.isNaN(percentile);
        }
    }

    /**
     * A metric over the rounds that count.
     *
     * @param min    the least; NaN if it was not measured.
     * @param median NaN if it was not measured.
     * @param max    the most; NaN if it was not measured.
     */
    public record Spread(double min, double median, double max)
    {
        static final Spread NONE = new Spread(Double.NaN, Double.NaN, Double.NaN);

        static Spread of(final DoubleStream values)
        {
            final double[] sorted = values.filter(Double::isFinite).sorted().toArray();
            return 0 == sorted.length ? NONE :
                new Spread(sorted[0], Summary.median(sorted), sorted[sorted.length - 1]);
        }
    }

    /**
     * One contender's values of a group.
     *
     * @param cell            with its contender.
     * @param roundCount      rounds that were tried.
     * @param failedCount     rounds of these that failed.
     * @param unsteadyCount   rounds in which the machine changed its state within the cell, in each of three tries.
     * @param otherStateCount steady rounds in another state of the machine than the others of this group.
     * @param failure         why the first of them failed; null if none did.
     * @param hasRun          whether replies were received in any round, even in one that does not count.
     * @param maxNs           longest time of all rounds that count, in any state; NaN if none was timed.
     * @param spreads         of each metric, over the rounds that count: steady, and in the group's state, if any was.
     */
    public record Row(
        Cell cell,
        int roundCount,
        int failedCount,
        int unsteadyCount,
        int otherStateCount,
        String failure,
        boolean hasRun,
        double maxNs,
        Map<Metric, Spread> spreads)
    {
        /**
         * @return name of the contender.
         */
        public String contender()
        {
            return cell.contender();
        }

        /**
         * @return whether no round counts.
         */
        public boolean isFailed()
        {
            return roundCount == failedCount;
        }

        /**
         * @param metric to look up.
         * @return its median over the rounds; NaN if it was not measured.
         */
        public double median(final Metric metric)
        {
            return spread(metric).median();
        }

        /**
         * @return the longest time of all rounds, whatever state they were measured in; NaN if none was timed.
         */
        public double max()
        {
            return maxNs;
        }

        /**
         * @param metric to look up.
         * @return its least, median and most.
         */
        public Spread spread(final Metric metric)
        {
            return spreads.get(metric);
        }
    }

    private record Sample(CellResult result, String failure, Map<Metric, Double> values)
    {
        static Sample of(final CellResult result)
        {
            final Histogram histogram = null == result.histogram() ? null : Histograms.decode(result.histogram());
            final long sampleCount = null == histogram ? 0 : histogram.getTotalCount();
            final Map<Metric, Double> values = new EnumMap<>(Metric.class);
            for (final Metric metric : Metric.values())
            {
                if (metric.isTime())
                {
                    values.put(metric,
                        sampleCount >= metric.leastSampleCount() ?
                            (double)histogram.getValueAtPercentile(metric.percentile) : Double.NaN);
                }
            }
            final Histogram batches =
                null == result.batchHistogram() ? null : Histograms.decode(result.batchHistogram());
            values.put(Metric.P50_BATCH, null == batches || batches.getTotalCount() < LEAST_BATCH_COUNT ? Double.NaN :
                batches.getValueAtPercentile(Metric.P50.percentile) / (double)Histograms.BATCH_LENGTH);
            values.put(Metric.TIMES_FLOOR, values.get(Metric.P50) / result.floorNs());
            values.put(Metric.REPLIES_PER_SECOND, result.repliesPerSecond());
            values.put(Metric.CLIENT_ALLOCATION, result.clientAllocatedPerReply());
            values.put(Metric.SERVER_ALLOCATION, result.serverAllocatedPerReply());
            values.put(Metric.CLIENT_CPU, result.cpu().clientNs());
            values.put(Metric.SERVER_CPU, result.cpu().serverNs());
            values.put(Metric.HELPER_CPU, result.cpu().helperNs());
            values.put(Metric.IDLE_CPUS, result.cpu().idleCpus());
            values.put(Metric.LOAD_PER_SECOND, result.loadPerSecond());
            values.put(Metric.FAIRNESS, fairness(result.countByClient()));
            return new Sample(result, result.obstacle(), values);
        }

        boolean isOf(final double stateNs)
        {
            return result.probes().isEmpty() || CellResult.isSameState(result.stateNs(), stateNs);
        }

        private static double fairness(final long[] countByClient)
        {
            if (null == countByClient || 0 == countByClient.length)
            {
                return Double.NaN;
            }
            final long most = Arrays.stream(countByClient).max().orElseThrow();
            return 0 == most ? 0 : Arrays.stream(countByClient).min().orElseThrow() / (double)most;
        }
    }
}
