/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.Arrays;
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

/**
 * What the rounds of each cell come to: medians over rounds, and ratios of cells that were measured in the same round.
 * Rounds that failed do not count.
 */
public final class Summary
{
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
        samplesByCell.forEach((cell, samples) -> rowByCell.put(cell, row(cell, samples)));
    }

    /**
     * @return the results that this is a summary of.
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
     * @return a row for each contender that was asked for it, in the order of the contenders.
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
     * How many times another cell's value a cell's value is, in the same round: what disturbs the machine for minutes
     * disturbs both alike.
     *
     * @param cell   with its contender.
     * @param other  with its contender.
     * @param metric to compare.
     * @return the median over those rounds in which both were measured; empty if there are none, or the other's value
     *         is 0 or not known.
     */
    public OptionalDouble ratio(final Cell cell, final Cell other, final Metric metric)
    {
        final Map<Integer, Double> valueByRound = valueByRound(cell, metric);
        final Map<Integer, Double> otherByRound = valueByRound(other, metric);
        valueByRound.keySet().retainAll(otherByRound.keySet());
        final double median = median(valueByRound.entrySet().stream()
            .mapToDouble((entry) -> entry.getValue() / otherByRound.get(entry.getKey())));
        return Double.isFinite(median) ? OptionalDouble.of(median) : OptionalDouble.empty();
    }

    /**
     * @param cell with its contender.
     * @return the times of all rounds that count, in nanoseconds; empty if there are none, or replies were only
     *         counted.
     */
    public Optional<Histogram> merged(final Cell cell)
    {
        final Histogram merged = Histograms.create();
        for (final CellResult result : results.cells())
        {
            if (result.cell().equals(cell) && null == result.failure() && null != result.histogram())
            {
                merged.add(Histograms.decode(result.histogram()));
            }
        }
        return 0 == merged.getTotalCount() ? Optional.empty() : Optional.of(merged);
    }

    private Map<Integer, Double> valueByRound(final Cell cell, final Metric metric)
    {
        final Map<Integer, Double> valueByRound = new TreeMap<>();
        for (final Sample sample : samplesByCell.getOrDefault(cell, List.of()))
        {
            if (null == sample.failure)
            {
                valueByRound.put(sample.round, sample.values.get(metric));
            }
        }
        return valueByRound;
    }

    private static Row row(final Cell cell, final List<Sample> samples)
    {
        final Map<Metric, Spread> spreads = new EnumMap<>(Metric.class);
        for (final Metric metric : Metric.values())
        {
            final double[] values = samples.stream()
                .filter((sample) -> null == sample.failure)
                .mapToDouble((sample) -> sample.values.get(metric))
                .filter((value) -> !Double.isNaN(value))
                .sorted()
                .toArray();
            spreads.put(metric, 0 == values.length ? Spread.NONE :
                new Spread(values[0], median(Arrays.stream(values)), values[values.length - 1]));
        }
        final List<String> failures = samples.stream()
            .map((sample) -> sample.failure)
            .filter((failure) -> null != failure)
            .toList();
        final boolean hasRun = samples.stream().anyMatch((sample) -> sample.values.get(Metric.REPLIES_PER_SECOND) > 0);
        return new Row(
            cell, samples.size(), failures.size(), failures.isEmpty() ? null : failures.get(0), hasRun, spreads);
    }

    private static double median(final DoubleStream values)
    {
        final double[] sorted = values.filter((value) -> !Double.isNaN(value)).sorted().toArray();
        final int middle = sorted.length / 2;
        if (0 == sorted.length)
        {
            return Double.NaN;
        }
        return 1 == sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * What can be told of a cell. Times are nanoseconds.
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
        /** The longest time. */
        MAX(100),
        /** Replies per second. */
        REPLIES_PER_SECOND(Double.NaN),
        /** Bytes of heap per reply that the client's thread took. */
        CLIENT_ALLOCATION(Double.NaN),
        /** Bytes of heap per reply that the server's thread took. */
        SERVER_ALLOCATION(Double.NaN),
        /** Replies of the slowest client of a crowd, as a part of the fastest's. */
        FAIRNESS(Double.NaN);

        private final double percentile;

        Metric(final double percentile)
        {
            this.percentile = percentile;
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
    }

    /**
     * One contender's share of a group.
     *
     * @param cell        with its contender.
     * @param roundCount  rounds that were tried.
     * @param failedCount rounds of these that failed.
     * @param failure     why the first of them did; null if none did.
     * @param hasRun      whether replies were received in any, be it that they do not count.
     * @param spreads     of each metric, over the rounds that count.
     */
    public record Row(
        Cell cell, int roundCount, int failedCount, String failure, boolean hasRun, Map<Metric, Spread> spreads)
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
         * @param metric to look up.
         * @return its least, median and most.
         */
        public Spread spread(final Metric metric)
        {
            return spreads.get(metric);
        }
    }

    private record Sample(int round, String failure, Map<Metric, Double> values)
    {
        static Sample of(final CellResult result)
        {
            final Histogram histogram = null == result.histogram() ? null : Histograms.decode(result.histogram());
            final boolean isTimed = null != histogram && histogram.getTotalCount() > 0;
            final Map<Metric, Double> values = new EnumMap<>(Metric.class);
            for (final Metric metric : Metric.values())
            {
                if (metric.isTime())
                {
                    values.put(metric,
                        isTimed ? (double)histogram.getValueAtPercentile(metric.percentile) : Double.NaN);
                }
            }
            values.put(Metric.REPLIES_PER_SECOND, result.repliesPerSecond());
            values.put(Metric.CLIENT_ALLOCATION, result.clientAllocatedPerReply());
            values.put(Metric.SERVER_ALLOCATION, result.serverAllocatedPerReply());
            values.put(Metric.FAIRNESS, fairness(result.countByClient()));
            return new Sample(result.round(), result.failure(), values);
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
