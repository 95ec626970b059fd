/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.death;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.MemoryDirectory;
import io.jcaps.bench.suite.Histograms;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Kills services, each in a JVM of its own, while a client of this JVM waits for their replies, and measures the time
 * from the signal to the automatic reply. That is the time in which the operating system ends the process, mostly
 * freeing its memory, and then that of the client's watch.
 */
public final class DeathMeasurement implements AutoCloseable
{
    private static final String NAME = "death";
    private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long CHILD_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    /** Pause after which a thread that was about to sleep is asleep. */
    private static final long SETTLE_MS = 20;
    private static final int HEAP_RESERVE_MIB = 64;
    private static final int WAIT_LENGTH = 8;

    private final MemoryDirectory directory = new MemoryDirectory();
    private final Path region = directory.path().resolve("region");
    private final Attachment attachment = Caps.attach(new RegionConfig().path(region));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[WAIT_LENGTH]);

    /**
     * Times of one series.
     *
     * @param touchedMib mebibytes of heap that each service had touched.
     * @param awake      times of clients that polled.
     * @param asleep     times of clients that slept.
     */
    public record Series(int touchedMib, Histogram awake, Histogram asleep)
    {
    }

    /**
     * Kills services one after the other; every other time the client sleeps.
     *
     * @param touchedMib mebibytes of heap that each service touches before.
     * @param killCount  services.
     * @param onKill     called after each kill, with the number of kills so far.
     * @return the times.
     * @throws IllegalStateException if a message has a wrong outcome.
     */
    public Series measure(final int touchedMib, final int killCount, final IntConsumer onKill)
    {
        final Series series = new Series(touchedMib, Histograms.create(), Histograms.create());
        for (int i = 0; i < killCount; i++)
        {
            final boolean isAsleep = i % 2 == 1;
            (isAsleep ? series.asleep : series.awake).recordValue(killOne(touchedMib, isAsleep));
            onKill.accept(i + 1);
        }
        return series;
    }

    /**
     * Measures the CPU time of an attachment's watch while its only client sleeps.
     *
     * @param durationNs nanoseconds of the measurement.
     * @return part of a core, 0 to 1.
     */
    public double idle(final long durationNs)
    {
        try (ChildJvm service = service(0);
            ChildJvm idle = ChildJvm.start(IdleProcess.class, List.of(), List.of(region.toString(), NAME)))
        {
            // The sleep is the measured time itself.
            TimeUnit.NANOSECONDS.sleep(durationNs);
            final List<String> lines = idle.end();
            final String[] words = lines.get(lines.size() - 1).split(" ");
            return (double)Long.parseLong(words[0]) / Long.parseLong(words[1]);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ex);
        }
    }

    @Override
    public void close()
    {
        attachment.close();
        directory.close();
    }

    private ChildJvm service(final int touchedMib)
    {
        return ChildJvm.start(
            DeathService.class,
            List.of("-Xmx" + (touchedMib + HEAP_RESERVE_MIB) + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            List.of(region.toString(), NAME, Integer.toString(touchedMib)));
    }

    private long killOne(final int touchedMib, final boolean isAsleep)
    {
        try (ChildJvm service = service(touchedMib);
            ClientPort client = attachment.client(NAME, new PortOptions().flags(PortFlags.USER).spinCount(0)))
        {
            final long receivedId = client.put(bytes, 0, WAIT_LENGTH);
            check("line of the service", DeathService.RECEIVED.equals(service.awaitLine(CHILD_TIMEOUT_NS)));
            final Message reply = new Message();
            final Waiter waiter = new Waiter(client, reply, isAsleep);
            waiter.start();
            waiter.awaitBegin();
            final long killedNs = System.nanoTime();
            service.kill();
            waiter.join();
            check("state " + waiter.result, MessageState.REPLY == waiter.result);
            check("id " + reply.id(), receivedId == reply.id());
            check("outcome " + Outcome.text(reply.outcome()),
                (Outcome.SERVICE_DIED | Outcome.RECEIVED) == reply.outcome());
            reply.release();
            check("end", Status.NOT_CONNECTED == client.get(reply));
            return waiter.toldNs - killedNs;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ex);
        }
    }

    private static void check(final String what, final boolean isRight)
    {
        if (!isRight)
        {
            throw new IllegalStateException("not what a death must lead to: " + what);
        }
    }

    private static final class Waiter extends Thread
    {
        private final ClientPort client;
        private final Message reply;
        private final boolean isAsleep;
        private final CountDownLatch begun = new CountDownLatch(1);
        private int result;
        private long toldNs;

        Waiter(final ClientPort client, final Message reply, final boolean isAsleep)
        {
            this.client = client;
            this.reply = reply;
            this.isAsleep = isAsleep;
        }

        @Override
        public void run()
        {
            begun.countDown();
            result = isAsleep ?
                client.await(reply, Long.MAX_VALUE) :
                client.await(reply, new SleepingIdleStrategy(POLL_NS), Long.MAX_VALUE);
            toldNs = System.nanoTime();
        }

        void awaitBegin() throws InterruptedException
        {
            begun.await();
            // The client sleeps in the kernel, which its thread state does not show, so this waits. If it were still
            // awake, the time would be that of a client that polls.
            TimeUnit.MILLISECONDS.sleep(SETTLE_MS);
        }
    }
}
