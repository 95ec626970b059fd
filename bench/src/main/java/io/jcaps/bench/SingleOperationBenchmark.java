/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.LocalRegion;
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
 * Each operation alone, on one thread with both ports: 32 bytes, once for each slot of a link. What must come before it
 * and after it is not timed. With {@code -prof gc} none shows an allocation.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED")
@OperationsPerInvocation(SingleOperationBenchmark.COUNT)
public class SingleOperationBenchmark
{
    static final int COUNT = SlotDescriptor.MAX_SLOT_COUNT;

    private static final int LENGTH = 32;

    /** Both ports, and how far a link's messages have come. */
    public abstract static class Ports
    {
        final Message[] requests = new Message[COUNT];
        final Message[] replies = new Message[COUNT];
        final Claim[] claims = new Claim[COUNT];
        final UnsafeBuffer source = new UnsafeBuffer(new byte[LENGTH]);
        Attachment attachment;
        ServicePort service;
        ClientPort client;

        /** Opens both ports. */
        @Setup
        public void open()
        {
            final PortOptions options = new PortOptions().spinOnly(true).singleThreaded(true);
            attachment = Attachment.attach(
                new LocalRegion(BenchRegion.GEOMETRY).host(), 0, Throwable::printStackTrace);
            service = attachment.service(EchoService.NAME, options);
            client = attachment.client(EchoService.NAME, options);
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

        final void claim()
        {
            for (final Claim claim : claims)
            {
                check(Status.OK, client.claim(LENGTH, claim));
            }
        }

        final void cancel()
        {
            for (final Claim claim : claims)
            {
                claim.cancel();
            }
        }

        final void put()
        {
            for (int i = 0; i < COUNT; i++)
            {
                if (client.put(source, 0, LENGTH) <= 0)
                {
                    throw new IllegalStateException("cannot put");
                }
            }
        }

        final void putClaims()
        {
            for (final Claim claim : claims)
            {
                if (claim.put() <= 0)
                {
                    throw new IllegalStateException("cannot put");
                }
            }
        }

        final void getRequests()
        {
            for (final Message request : requests)
            {
                check(MessageState.REQUEST, service.get(request));
            }
        }

        final void reply()
        {
            for (final Message request : requests)
            {
                check(Status.OK, request.reply(source, 0, LENGTH));
            }
        }

        final void getReplies()
        {
            for (final Message reply : replies)
            {
                check(MessageState.REPLY, client.get(reply));
            }
        }

        final void release()
        {
            for (final Message reply : replies)
            {
                reply.release();
            }
        }

        final void getDisposals()
        {
            for (final Message request : requests)
            {
                check(MessageState.DISPOSE, service.get(request));
            }
        }

        private static void check(final int expected, final int result)
        {
            if (expected != result)
            {
                throw new IllegalStateException("expected " + expected + ", was " + Status.text(result));
            }
        }
    }

    /** No message is there. */
    @State(Scope.Thread)
    public static class Empty extends Ports
    {
    }

    /** All slots are free. */
    @State(Scope.Thread)
    public static class Free extends Ports
    {
        /** Takes what was put back out. */
        @TearDown(Level.Invocation)
        public void after()
        {
            getRequests();
            reply();
            getReplies();
            release();
            getDisposals();
        }
    }

    /** All slots are free, and are claimed only. */
    @State(Scope.Thread)
    public static class Unclaimed extends Ports
    {
        /** Gives the claims back. */
        @TearDown(Level.Invocation)
        public void after()
        {
            cancel();
        }
    }

    /** All slots are claimed. */
    @State(Scope.Thread)
    public static class Claimed extends Ports
    {
        /** Claims. */
        @Setup(Level.Invocation)
        public void before()
        {
            claim();
        }

        /** Takes what was put back out. */
        @TearDown(Level.Invocation)
        public void after()
        {
            getRequests();
            reply();
            getReplies();
            release();
            getDisposals();
        }
    }

    /** All slots hold a request. */
    @State(Scope.Thread)
    public static class Sent extends Ports
    {
        /** Puts. */
        @Setup(Level.Invocation)
        public void before()
        {
            put();
        }

        /** Takes what was received back out. */
        @TearDown(Level.Invocation)
        public void after()
        {
            reply();
            getReplies();
            release();
            getDisposals();
        }
    }

    /** The service has received all. */
    @State(Scope.Thread)
    public static class Received extends Ports
    {
        /** Puts and receives. */
        @Setup(Level.Invocation)
        public void before()
        {
            put();
            getRequests();
        }

        /** Takes the replies back out. */
        @TearDown(Level.Invocation)
        public void after()
        {
            getReplies();
            release();
            getDisposals();
        }
    }

    /** The service has replied to all. */
    @State(Scope.Thread)
    public static class Replied extends Ports
    {
        /** Puts, receives, replies. */
        @Setup(Level.Invocation)
        public void before()
        {
            put();
            getRequests();
            reply();
        }

        /** Disposes of the replies. */
        @TearDown(Level.Invocation)
        public void after()
        {
            release();
            getDisposals();
        }
    }

    /** The client has all replies in view. */
    @State(Scope.Thread)
    public static class Viewed extends Ports
    {
        /** Puts, receives, replies, gets the replies. */
        @Setup(Level.Invocation)
        public void before()
        {
            put();
            getRequests();
            reply();
            getReplies();
        }

        /** Takes the disposals. */
        @TearDown(Level.Invocation)
        public void after()
        {
            getDisposals();
        }
    }

    /** The client has released all replies. */
    @State(Scope.Thread)
    public static class Released extends Ports
    {
        /** All but the disposals. */
        @Setup(Level.Invocation)
        public void before()
        {
            put();
            getRequests();
            reply();
            getReplies();
            release();
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
    public void claim(final Unclaimed ports)
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
     * The client disposes of a reply.
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
     * @return number found.
     */
    @Benchmark
    public int getNothing(final Empty ports)
    {
        int count = 0;
        for (final Message reply : ports.replies)
        {
            count += Status.WOULD_BLOCK == ports.client.get(reply) ? 0 : 1;
        }
        return count;
    }

    /**
     * The client reads the service's generation.
     *
     * @param ports without messages.
     * @return sum of what was read.
     */
    @Benchmark
    public long generation(final Empty ports)
    {
        long sum = 0;
        for (int i = 0; i < COUNT; i++)
        {
            sum += ports.client.serviceGeneration();
        }
        return sum;
    }
}
