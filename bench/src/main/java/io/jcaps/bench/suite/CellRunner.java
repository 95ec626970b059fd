/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.Contender;
import io.jcaps.bench.Tally;
import io.jcaps.bench.contender.Contenders;
import io.jcaps.bench.MemoryDirectory;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Measures one cell: starts a JVM for the server and one for the client, and compares their counters.
 */
public final class CellRunner
{
    /** Arguments of both JVMs, for every contender. */
    public static final List<String> JVM_ARGUMENTS = List.of(
        "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-XX:+PerfDisableSharedMem",
        "-XX:+IgnoreUnrecognizedVMOptions", "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-Dagrona.disable.bounds.checks=true");

    /** Index of the first measured part between probes: one part ends with the first probe, one with the warm-up. */
    private static final int FIRST_CPU_PART = 2;
    private static final long HANG_NS = TimeUnit.SECONDS.toNanos(120);
    private static final String NO_REPLY = "no reply came while it was measured";
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private CellRunner()
    {
    }

    /**
     * @param cell  to measure.
     * @param round number of the round, for the result.
     * @return what came of it; a contender that fails does not end the run, its result says why.
     */
    public static CellResult run(final Cell cell, final int round)
    {
        return run(cell, round, List.of());
    }

    /**
     * @param cell         to measure.
     * @param round        number of the round, for the result.
     * @param jvmArguments for both JVMs, after those that they get anyway.
     * @return what came of it; a contender that fails does not end the run, its result says why.
     */
    public static CellResult run(final Cell cell, final int round, final List<String> jvmArguments)
    {
        try (MemoryDirectory directory = new MemoryDirectory())
        {
            return run(cell, round, directory.path(), jvmArguments);
        }
    }

    /**
     * @param cell      to measure.
     * @param round     number of the round, for the result.
     * @param directory for both sides, empty, best in memory; the caller deletes it.
     * @return what came of it; a contender that fails does not end the run, its result says why.
     */
    public static CellResult run(final Cell cell, final int round, final Path directory)
    {
        return run(cell, round, directory, List.of());
    }

    private static CellResult run(
        final Cell cell, final int round, final Path directory, final List<String> extraArguments)
    {
        final Contender contender = Contenders.byName(cell.contender());
        final String refusal = contender.refusal(cell);
        if (null != refusal)
        {
            return CellResult.failed(cell, round, refusal);
        }
        try
        {
            final List<String> program = contender.program();
            return !program.isEmpty() ? measureProgram(program, cell, round, directory) :
                measure(cell, round, directory, extraArguments);
        }
        catch (final RuntimeException ex)
        {
            return CellResult.failed(cell, round, null == ex.getMessage() ? ex.toString() : ex.getMessage());
        }
    }

    /**
     * Starts the JVM of the server, for a client in this JVM.
     *
     * @param cell         to measure.
     * @param directory    for both sides.
     * @param jvmArguments for it, after those that it gets anyway.
     * @return the JVM, ready; to be ended by {@link #endServer} or closed.
     * @throws IllegalStateException if it does not start.
     */
    public static ChildJvm startServer(final Cell cell, final Path directory, final List<String> jvmArguments)
    {
        return start(CellServer.class, cell, directory, jvmArguments);
    }

    /**
     * Ends the JVM of the server when its client has closed, and compares their counters.
     *
     * @param server    that {@link #startServer} has started.
     * @param sentCount requests that the client has sent.
     * @throws IllegalStateException if it failed, or has counted other requests.
     */
    public static void endServer(final ChildJvm server, final long sentCount)
    {
        final String difference = difference(sentCount, resultOf(server).tally());
        if (null != difference)
        {
            throw new IllegalStateException(difference);
        }
    }

    private static ChildJvm start(
        final Class<?> mainClass, final Cell cell, final Path directory, final List<String> extraArguments)
    {
        final List<String> jvmArguments = new ArrayList<>(JVM_ARGUMENTS);
        jvmArguments.addAll(Contenders.byName(cell.contender()).jvmArguments());
        jvmArguments.addAll(Contenders.jvmArguments());
        jvmArguments.addAll(extraArguments);
        return ChildJvm.start(mainClass, jvmArguments, List.of(cell.toJson(), directory.toString()));
    }

    private static ServerResult resultOf(final ChildJvm server)
    {
        final ServerResult result = ServerResult.fromJson(String.join("", server.end()));
        if (null == result || null != result.failure())
        {
            throw new IllegalStateException(null == result ? "the server said nothing at its end" : result.failure());
        }
        return result;
    }

    private static CellResult measure(
        final Cell cell, final int round, final Path directory, final List<String> extraArguments)
    {
        try (ChildJvm server = start(CellServer.class, cell, directory, extraArguments);
            ChildJvm client = start(CellClient.class, cell, directory, extraArguments))
        {
            final ClientResult asked = ClientResult.fromJson(awaitClient(
                client, server, timeoutNs(cell), () -> resultOf(server)));
            final ServerResult answered = resultOf(server);
            return new CellResult(
                cell,
                round,
                asked.warmUpCount(),
                asked.measuredCount(),
                asked.elapsedNs(),
                asked.histogram(),
                asked.batchHistogram(),
                asked.countByClient(),
                asked.allocatedPerReply(),
                answered.allocatedPerReply(),
                asked.probes(),
                cpu(asked, answered),
                asked.loadPerSecond(),
                1,
                failure(asked, answered));
        }
    }

    private static CellResult measureProgram(
        final List<String> program, final Cell cell, final int round, final Path directory)
    {
        try (ChildJvm server = ChildJvm.startProgram(NativeCell.command(program, "serve", cell, directory));
            ChildJvm client = ChildJvm.startProgram(NativeCell.command(program, "ask", cell, directory)))
        {
            final String asked = awaitClient(client, server, timeoutNs(cell), () -> server.end());
            return NativeCell.result(cell, round, asked, String.join("", server.end()));
        }
    }

    /** CPU time of the measured parts; the first two parts were before the measurement. */
    private static CpuUse cpu(final ClientResult asked, final ServerResult answered)
    {
        final List<CpuTrace.Part> client = asked.cpu();
        final List<CpuTrace.Part> server = answered.cpu();
        final int end = client.size() - (asked.hasIdle() ? 1 : 0);
        if (end <= FIRST_CPU_PART || client.size() != server.size() || 0 == asked.cpuCount())
        {
            return CpuUse.NONE;
        }
        double clientNs = 0;
        double serverNs = 0;
        double helperNs = 0;
        for (int i = FIRST_CPU_PART; i < end; i++)
        {
            clientNs += client.get(i).cpuNs();
            serverNs += server.get(i).cpuNs();
            helperNs += client.get(i).helperNs() + server.get(i).helperNs();
        }
        return new CpuUse(
            clientNs / asked.cpuCount(),
            serverNs / asked.cpuCount(),
            helperNs / asked.cpuCount(),
            asked.hasIdle() ? cpus(client.get(end)) + cpus(server.get(end)) : Double.NaN);
    }

    private static double cpus(final CpuTrace.Part part)
    {
        return (double)part.cpuNs() / part.wallNs();
    }

    private static String failure(final ClientResult asked, final ServerResult answered)
    {
        final String difference = difference(asked.sentCount(), answered.tally());
        if (null != difference)
        {
            // This failure is worse than a missed rate, so it replaces it.
            return difference;
        }
        return null == asked.failure() && 0 == asked.measuredCount() ? NO_REPLY : asked.failure();
    }

    private static String awaitClient(
        final ChildJvm client, final ChildJvm server, final long timeoutNs, final Runnable onServerEnd)
    {
        final long deadlineNs = System.nanoTime() + timeoutNs;
        String line = null;
        // A client may wait for ever for a server that has exited.
        while (null == line && client.isAlive() && server.isAlive() && System.nanoTime() - deadlineNs < 0)
        {
            line = client.pollLine(POLL_NS);
        }
        if (null == line && !server.isAlive())
        {
            onServerEnd.run();
            throw new IllegalStateException("the server ended before its client");
        }
        return null == line ? client.awaitLine(POLL_NS) : line;
    }

    /** Far longer than any working cell: an open loop gives up by itself. */
    private static long timeoutNs(final Cell cell)
    {
        return HANG_NS + 20 * (cell.warmUpNs() + cell.measuredNs());
    }

    static String difference(final long sentCount, final Tally tally)
    {
        final boolean isRight = tally.requestCount() == sentCount && 0 == tally.corruptCount() &&
            (Tally.NO_DISPOSALS == tally.disposalCount() || tally.disposalCount() == sentCount);
        return isRight ? null : "lost or changed: the client sent " + sentCount + ", the server counted " + tally;
    }
}
