/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.jmh;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.contender.Contenders;
import io.jcaps.bench.suite.CellRunner;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Round trips between two JVMs, one message in flight, both sides spinning: the server is a child of the fork. Replies
 * are verified and disposed of. Further arguments that a contender needs for its JVM must be given with {@code
 * -jvmArgsAppend}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-Dagrona.disable.bounds.checks=true"})
public class RoundTripBenchmark
{
    /** Name of the transport. */
    @Param("jcaps")
    public String contender;

    /** Payload in bytes. */
    @Param({"32", "1024", "65536"})
    public int length;

    private MemoryDirectory directory;
    private ChildJvm server;
    private EchoClient client;
    private long sentCount;

    /**
     * Starts the other JVM.
     *
     * @throws Exception if the contender does not start.
     */
    @Setup
    public void setup() throws Exception
    {
        final Contender found = Contenders.byName(contender);
        final Cell cell = Cell.roundTrip(contender, length);
        final String refusal = found.refusal(cell);
        if (null != refusal)
        {
            throw new IllegalArgumentException(contender + " " + refusal + ": length=" + length);
        }
        directory = new MemoryDirectory();
        server = CellRunner.startServer(cell, directory.path(), List.of());
        client = found.connect(cell, directory.path()).get(0);
    }

    /** Ends the other JVM, and compares the counters of both. */
    @TearDown
    public void tearDown()
    {
        try (MemoryDirectory closedLast = directory; ChildJvm ended = server)
        {
            client.close();
            CellRunner.endServer(ended, sentCount);
        }
    }

    /** Request, reply, disposal. */
    @Benchmark
    public void roundTrip()
    {
        final long number = ++sentCount;
        while (!client.send(number))
        {
            Thread.onSpinWait();
        }
        while (0 == client.receive(1))
        {
            // No pause, as in the suite: it would be longer than the remaining wait.
        }
    }
}
