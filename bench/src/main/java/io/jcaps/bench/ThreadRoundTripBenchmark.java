/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.ServicePort;
import io.jcaps.host.LocalRegion;
import io.jcaps.shm.RegionConfig;
import org.agrona.CloseHelper;
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
 * Round trips between two threads of one JVM, in a region of its own memory: what is left of {@link RoundTripBenchmark}
 * without mapping and second JVM.
 */
@State(Scope.Thread)
@BenchmarkMode({Mode.SampleTime, Mode.Throughput})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED")
public class ThreadRoundTripBenchmark
{
    /** Payload in bytes. */
    @Param({"32", "1024", "65536"})
    public int length;

    private Attachment serviceAttachment;
    private Attachment clientAttachment;
    private EchoLoop echo;
    private Thread thread;
    private RoundTripClient client;
    private ClientPort clientPort;
    private volatile boolean isRunning = true;

    /** Starts the other thread. */
    @Setup
    public void setup()
    {
        final RoundTripOptions options = new RoundTripOptions().length(length);
        final LocalRegion region = new LocalRegion(BenchRegion.GEOMETRY);
        serviceAttachment =
            Attachment.attach(region.host(), RegionConfig.DEFAULT_WATCH_INTERVAL_NS, Throwable::printStackTrace);
        clientAttachment =
            Attachment.attach(region.host(), RegionConfig.DEFAULT_WATCH_INTERVAL_NS, Throwable::printStackTrace);
        final ServicePort servicePort = serviceAttachment.service(EchoService.NAME, options.servicePortOptions());
        clientPort = clientAttachment.client(EchoService.NAME, options.clientPortOptions());
        client = new RoundTripClient(clientPort, options);
        echo = new EchoLoop(servicePort, options);
        thread = new Thread(this::echo, "echo");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Ends it, and compares what was counted.
     *
     * @throws InterruptedException if told to stop.
     */
    @TearDown
    public void tearDown() throws InterruptedException
    {
        clientPort.close();
        isRunning = false;
        thread.join();
        CloseHelper.closeAll(clientAttachment, serviceAttachment);
        if (echo.requestCount() != client.messageCount() || echo.disposalCount() != client.messageCount())
        {
            throw new IllegalStateException("sent " + client.messageCount() + ", received " +
                EchoService.counts(echo.requestCount(), echo.disposalCount(), echo.corruptCount()));
        }
    }

    /** Request, reply, disposal. */
    @Benchmark
    public void roundTrip()
    {
        client.roundTrip();
    }

    private void echo()
    {
        while (isRunning)
        {
            echo.run();
        }
        echo.drain();
    }
}
