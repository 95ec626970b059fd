/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import com.google.gson.Gson;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Tally;
import org.HdrHistogram.Histogram;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The protocol of native programs, as {@code bench/NATIVE.md} describes it: their arguments, and what they print. */
final class NativeCell
{
    private static final Gson GSON = new Gson();

    private NativeCell()
    {
    }

    /**
     * @param program   and its first arguments.
     * @param side      serve or ask.
     * @param cell      to measure.
     * @param directory for both sides.
     * @return the command of one side.
     */
    static List<String> command(final List<String> program, final String side, final Cell cell, final Path directory)
    {
        final List<String> command = new ArrayList<>(program);
        command.addAll(List.of(
            side,
            "--directory", directory.toString(),
            "--workload", text(cell.workload()),
            "--waiting", text(cell.waiting()),
            "--length", Integer.toString(cell.length()),
            "--payload", text(cell.payload()),
            "--window", Integer.toString(cell.window()),
            "--clients", Integer.toString(cell.clientCount()),
            "--warm-up-ns", Long.toString(cell.warmUpNs()),
            "--min-warm-up", Integer.toString(CellResult.LEAST_WARM_UP_COUNT),
            "--measured-ns", Long.toString(cell.measuredNs()),
            "--reply-limit", Long.toString(cell.replyLimit()),
            "--idle-ns", Long.toString(SoloMeasurement.hasIdle(cell) ? SoloMeasurement.IDLE_NS : 0)));
        return command;
    }

    /**
     * @param cell   that was measured.
     * @param round  in which round.
     * @param asked  what the client printed.
     * @param served what the server printed.
     * @return the result.
     */
    static CellResult result(final Cell cell, final int round, final String asked, final String served)
    {
        final Client client = GSON.fromJson(asked, Client.class);
        final Server server = GSON.fromJson(served, Server.class);
        if (null == client || null == server)
        {
            throw new IllegalStateException("a side said nothing at its end");
        }
        final String difference = CellRunner.difference(client.sentCount,
            new Tally(server.requestCount, server.corruptCount, server.disposalCount));
        final double idleNs = client.idleNs > 0 && server.idleNs > 0 ? 1 : Double.NaN;
        return new CellResult(
            cell,
            round,
            client.warmUpCount,
            client.measuredCount,
            client.elapsedNs,
            null == client.counts ? null : Histograms.encode(histogram(client.counts)),
            null == client.batchCounts ? null : Histograms.encode(histogram(client.batchCounts)),
            null,
            Double.NaN,
            Double.NaN,
            null == client.probes ? List.of() : Arrays.stream(client.probes).map(NativeCell::probe).toList(),
            new CpuUse(
                (double)client.cpuNs / client.cpuCount,
                (double)server.cpuNs / client.cpuCount,
                Double.NaN,
                idleNs * client.idleCpuNs / client.idleNs + (double)server.idleCpuNs / server.idleNs),
            Double.NaN,
            1,
            null == difference ? client.failure : difference);
    }

    private static Histogram histogram(final long[][] counts)
    {
        final Histogram histogram = Histograms.create();
        for (final long[] count : counts)
        {
            histogram.recordValueWithCount(Math.min(count[0], histogram.getHighestTrackableValue()), count[1]);
        }
        return histogram;
    }

    private static Probe probe(final double[] ns)
    {
        return new Probe(known(ns[0]), known(ns[1]));
    }

    private static double known(final double ns)
    {
        return ns < 0 ? Double.NaN : ns;
    }

    private static String text(final Enum<?> value)
    {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What a client prints. By fields, which Gson sets where the JSON has them. */
    private static final class Client
    {
        private long sentCount;
        private long warmUpCount;
        private long measuredCount;
        private long elapsedNs;
        private long[][] counts;
        private long[][] batchCounts;
        private double[][] probes;
        private long cpuNs;
        private long cpuCount;
        private long idleCpuNs;
        private long idleNs;
        private String failure;
    }

    /** What a server prints. */
    private static final class Server
    {
        private long requestCount;
        private long corruptCount;
        private long disposalCount;
        private long cpuNs;
        private long idleCpuNs;
        private long idleNs;
    }
}
