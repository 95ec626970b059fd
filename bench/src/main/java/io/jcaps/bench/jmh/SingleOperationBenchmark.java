/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.jmh;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/**
 * Each operation alone, on one thread with both ports: 32 bytes, once for each slot of a link. The operations before
 * and after it are not timed. With {@code -prof gc} none shows an allocation.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-Dagrona.disable.bounds.checks=true"})
@OperationsPerInvocation(SingleOperationBenchmark.COUNT)
public class SingleOperationBenchmark
{
    static final int COUNT = SlotDescriptor.MAX_SLOT_COUNT;

    private static final int LENGTH = 32;
    private static final String SERVICE_NAME = "jcaps.bench.jmh";

    /** The stage of the messages of all slots, in the order of a message's life except for CLAIMED. */
    enum Stage
    {
        FREE, SENT, RECEIVED, REPLIED, VIEWED, RELEASED, CLAIMED
    }

    /** Both ports. Brings the messages to a stage before each invocation, and ends them after it. */
    public abstract static class Ports
    {
        private final Stage start;
        private final Message[] requests = new Message[COUNT];
        private final Message[] replies = new Message[COUNT];
        private final Claim[] claims = new Claim[COUNT];
        private final UnsafeBuffer source = new UnsafeBuffer(new byte[LENGTH]);
        private Attachment attachment;
        private ServicePort service;
        private ClientPort client;
        private Stage stage = Stage.FREE;

        Ports(final Stage start)
        {
            this.start = start;
        }

        /** Opens both ports. */
        @Setup
        public void open()
        {
            final PortOptions options = new PortOptions().spinOnly(true).singleThreaded(true);
            final LocalRegion region = new LocalRegion(
                new Geometry(2, 2, 1, SlotDescriptor.MAX_SLOT_COUNT, Geometry.MAX_MESSAGE_LIMIT));
            attachment = Attachment.attach(region.host(), 0, Throwable::printStackTrace);
            service = attachment.service(SERVICE_NAME, options);
            client = attachment.client(SERVICE_NAME, options);
            for (int i = 0; i < COUNT; i++)
            {
                requests[i] = new Message();
                replies[i] = new Message();
                claims[i] = new Claim();
            }
        }

        /** Closes them. */
        @TearDown
        public void close()
        {
            attachment.close();
        }

        /** Brings the messages to the stage. */
        @Setup(Level.Invocation)
        public void before()
        {
            if (Stage.CLAIMED == start)
            {
                claim();
            }
            while (start != stage)
            {
                step();
            }
        }

        /** Ends the messages. */
        @TearDown(Level.Invocation)
        public void after()
        {
            while (Stage.FREE != stage)
            {
                step();
            }
        }

        private void step()
        {
            switch (stage)
            {
                case FREE -> put();
                case SENT -> getRequests();
                case RECEIVED -> reply();
                case REPLIED -> getReplies();
                case VIEWED -> release();
                case RELEASED -> getDisposals();
                default -> cancel();
            }
        }

        final void claim()
        {
            for (final Claim claim : claims)
            {
                check(Status.OK, client.claim(LENGTH, claim));
            }
            stage = Stage.CLAIMED;
        }

        final void cancel()
        {
            for (final Claim claim : claims)
            {
                claim.cancel();
            }
            stage = Stage.FREE;
        }

        final void put()
        {
            for (int i = 0; i < COUNT; i++)
            {
                checkId(client.put(source, 0, LENGTH));
            }
            stage = Stage.SENT;
        }

        final void putClaims()
        {
            for (final Claim claim : claims)
            {
                checkId(claim.put());
            }
            stage = Stage.SENT;
        }

        final void getRequests()
        {
            for (final Message request : requests)
            {
                check(MessageState.REQUEST, service.get(request));
            }
            stage = Stage.RECEIVED;
        }

        final void reply()
        {
            for (final Message request : requests)
            {
                check(Status.OK, request.reply(source, 0, LENGTH));
            }
            stage = Stage.REPLIED;
        }

        final void getReplies()
        {
            for (final Message reply : replies)
            {
                check(MessageState.REPLY, client.get(reply));
            }
            stage = Stage.VIEWED;
        }

        final void release()
        {
            for (final Message reply : replies)
            {
                reply.release();
            }
            stage = Stage.RELEASED;
        }

        final void getDisposals()
        {
            for (final Message request : requests)
            {
                check(MessageState.DISPOSE, service.get(request));
            }
            stage = Stage.FREE;
        }

        final void getNothing()
        {
            for (final Message reply : replies)
            {
                check(Status.WOULD_BLOCK, client.get(reply));
            }
        }

        final long generations()
        {
            long sum = 0;
            for (int i = 0; i < COUNT; i++)
            {
                sum += client.serviceGeneration();
            }
            return sum;
        }

        private static void check(final int expected, final int result)
        {
            if (expected != result)
            {
                throw new IllegalStateException("expected " + expected + ", was " + Status.text(result));
            }
        }

        private static void checkId(final long id)
        {
            if (id <= 0)
            {
                throw new IllegalStateException("cannot put: " + Status.text((int)id));
            }
        }
    }

    /** All slots are free. */
    @State(Scope.Thread)
    public static class Free extends Ports
    {
        /** For JMH. */
        public Free()
        {
            super(Stage.FREE);
        }
    }

    /** All slots are claimed. */
    @State(Scope.Thread)
    public static class Claimed extends Ports
    {
        /** For JMH. */
        public Claimed()
        {
            super(Stage.CLAIMED);
        }
    }

    /** All slots hold a request. */
    @State(Scope.Thread)
    public static class Sent extends Ports
    {
        /** For JMH. */
        public Sent()
        {
            super(Stage.SENT);
        }
    }

    /** The service has received all. */
    @State(Scope.Thread)
    public static class Received extends Ports
    {
        /** For JMH. */
        public Received()
        {
            super(Stage.RECEIVED);
        }
    }

    /** The service has replied to all. */
    @State(Scope.Thread)
    public static class Replied extends Ports
    {
        /** For JMH. */
        public Replied()
        {
            super(Stage.REPLIED);
        }
    }

    /** The client has all replies in view. */
    @State(Scope.Thread)
    public static class Viewed extends Ports
    {
        /** For JMH. */
        public Viewed()
        {
            super(Stage.VIEWED);
        }
    }

    /** The client has released all replies. */
    @State(Scope.Thread)
    public static class Released extends Ports
    {
        /** For JMH. */
        public Released()
        {
            super(Stage.RELEASED);
        }
    }

    /**
     * A copy is put.
     *
     * @param ports with all slots free.
     */
    @Benchmark
    public void put(final Free ports)
    {
        ports.put();
    }

    /**
     * Memory is claimed.
     *
     * @param ports with all slots free.
     */
    @Benchmark
    public void claim(final Free ports)
    {
        ports.claim();
    }

    /**
     * A claim is put.
     *
     * @param ports with all slots claimed.
     */
    @Benchmark
    public void putClaim(final Claimed ports)
    {
        ports.putClaims();
    }

    /**
     * The service gets a request.
     *
     * @param ports with a request in each slot.
     */
    @Benchmark
    public void getRequest(final Sent ports)
    {
        ports.getRequests();
    }

    /**
     * The service replies with a copy.
     *
     * @param ports with all requests received.
     */
    @Benchmark
    public void reply(final Received ports)
    {
        ports.reply();
    }

    /**
     * The client gets a reply.
     *
     * @param ports with all requests replied to.
     */
    @Benchmark
    public void getReply(final Replied ports)
    {
        ports.getReplies();
    }

    /**
     * The client releases a reply, which disposes of it.
     *
     * @param ports with all replies in view.
     */
    @Benchmark
    public void release(final Viewed ports)
    {
        ports.release();
    }

    /**
     * The service gets a disposal.
     *
     * @param ports with all replies disposed of.
     */
    @Benchmark
    public void getDisposal(final Released ports)
    {
        ports.getDisposals();
    }

    /**
     * The client finds nothing.
     *
     * @param ports without messages.
     */
    @Benchmark
    public void getNothing(final Free ports)
    {
        ports.getNothing();
    }

    /**
     * The client reads the service's generation.
     *
     * @param ports without messages.
     * @return sum of what was read.
     */
    @Benchmark
    public long getGeneration(final Free ports)
    {
        return ports.generations();
    }
}
