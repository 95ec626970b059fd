/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

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

import java.util.concurrent.TimeUnit;

/**
 * Round trips between two JVMs, one message in flight: the echo is a child of the fork. Replies are verified and
 * disposed of.
 */
@State(Scope.Thread)
@BenchmarkMode({Mode.SampleTime, Mode.Throughput})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED")
public class RoundTripBenchmark
{
    /** Payload in bytes. */
    @Param({"32", "1024", "65536"})
    public int length;

    /** Claimed and written there, or copied. */
    @Param({"false", "true"})
    public boolean inPlace;

    private EchoPair pair;
    private RoundTripClient client;

    /** Starts the other JVM. */
    @Setup
    public void setup()
    {
        final RoundTripOptions options = new RoundTripOptions().length(length).inPlace(inPlace);
        pair = new EchoPair(options);
        client = new RoundTripClient(pair.port(), options);
    }

    /** Ends it, and compares what was counted. */
    @TearDown
    public void tearDown()
    {
        try (EchoPair ended = pair)
        {
            ended.end(client.messageCount());
        }
    }

    /** Request, reply, disposal. */
    @Benchmark
    public void roundTrip()
    {
        client.roundTrip();
    }
}
