/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * gRPC over TCP: a call for each client, streaming in both directions, of messages of bytes. Its event loops do the
 * work, on both sides: the server's verifies and answers, the client's puts replies into a queue.
 */
final class GrpcContender implements Contender
{
    private static final int WINDOW_LENGTH = 4 * 1024 * 1024;
    private static final long SERVE_SLEEP_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long END_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final MethodDescriptor<byte[], byte[]> ECHO = MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName("jcaps.bench.Echo/echo")
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();

    @Override
    public String name()
    {
        return "grpc";
    }

    @Override
    public String title()
    {
        return "gRPC (Netty), TCP loopback";
    }

    @Override
    public String configuration()
    {
        return "A call for each client that streams in both directions, messages of bytes without a schema, direct " +
            "executors, flow control windows of 4 MiB, plain text. The event loops verify and answer; the server's " +
            "own thread sleeps.";
    }

    @Override
    public boolean isRemote()
    {
        return true;
    }

    @Override
    public String refusal(final Cell cell)
    {
        return Waiting.YIELD == cell.waiting() ? null : "is shown yielding, as its threads are more than two";
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory) throws IOException
    {
        final EchoService service = new EchoService(cell);
        final Server server = NettyServerBuilder.forAddress(new InetSocketAddress(RemotePort.HOST, 0))
            .directExecutor()
            .flowControlWindow(WINDOW_LENGTH)
            .maxInboundMessageSize(2 * Cell.MAX_LENGTH)
            .addService(ServerServiceDefinition.builder("jcaps.bench.Echo")
                .addMethod(ECHO, (call, headers) -> service.begin(call)).build())
            .build()
            .start();
        RemotePort.write(directory, server.getPort());
        return new EchoServer()
        {
            private long servedCount;

            /** The event loop answers; this thread reads its counter. */
            @Override
            public int serve(final int limit)
            {
                if (servedCount == service.requestCount)
                {
                    LockSupport.parkNanos(SERVE_SLEEP_NS);
                }
                final int count = (int)Math.min(limit, service.requestCount - servedCount);
                servedCount += count;
                return count;
            }

            @Override
            public Tally end()
            {
                close();
                return new Tally(service.requestCount, service.corruptCount, Tally.NO_DISPOSALS);
            }

            @Override
            public void close()
            {
                try
                {
                    server.shutdownNow().awaitTermination(END_LIMIT_NS, TimeUnit.NANOSECONDS);
                }
                catch (final InterruptedException ex)
                {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory) throws IOException
    {
        final ManagedChannel channel = NettyChannelBuilder
            .forAddress(new InetSocketAddress(RemotePort.HOST, RemotePort.read(directory)))
            .usePlaintext()
            .directExecutor()
            .flowControlWindow(WINDOW_LENGTH)
            .maxInboundMessageSize(2 * Cell.MAX_LENGTH)
            .build();
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, channel, openCount));
        }
        return clients;
    }

    private static final class EchoService
    {
        private final Cell cell;
        // Written under the lock: the calls of several clients may have several event loops.
        private volatile long requestCount;
        private volatile long corruptCount;

        EchoService(final Cell cell)
        {
            this.cell = cell;
        }

        ServerCall.Listener<byte[]> begin(final ServerCall<byte[], byte[]> call)
        {
            final Payload request = cell.request();
            final Payload reply = cell.reply();
            final UnsafeBuffer received = new UnsafeBuffer(0, 0);
            call.sendHeaders(new Metadata());
            call.request(Integer.MAX_VALUE);
            return new ServerCall.Listener<>()
            {
                @Override
                public void onMessage(final byte[] message)
                {
                    received.wrap(message);
                    final long number = Payload.number(received, 0);
                    count(request.verify(received, 0, message.length, number));
                    call.sendMessage(bytes(reply, number));
                }

                @Override
                public void onHalfClose()
                {
                    call.close(Status.OK, new Metadata());
                }
            };
        }

        private synchronized void count(final boolean isWhole)
        {
            requestCount++;
            corruptCount += isWhole ? 0 : 1;
        }
    }

    /** A new array for each message: the library keeps it until it is written. */
    private static byte[] bytes(final Payload payload, final long number)
    {
        final byte[] result = new byte[payload.length()];
        payload.source(number).getBytes(0, result);
        return result;
    }

    private static final class Client implements EchoClient
    {
        private final ManagedChannel channel;
        private final AtomicInteger openCount;
        private final ClientCall<byte[], byte[]> call;
        private final ConcurrentLinkedQueue<byte[]> replies = new ConcurrentLinkedQueue<>();
        private final Payload request;
        private final Payload reply;
        private final UnsafeBuffer received = new UnsafeBuffer(0, 0);
        private long receivedCount;
        private volatile Status end;

        Client(final Cell cell, final ManagedChannel channel, final AtomicInteger openCount)
        {
            this.channel = channel;
            this.openCount = openCount;
            request = cell.request();
            reply = cell.reply();
            call = channel.newCall(ECHO, CallOptions.DEFAULT);
            call.start(new ClientCall.Listener<>()
            {
                @Override
                public void onMessage(final byte[] message)
                {
                    replies.add(message);
                }

                @Override
                public void onClose(final Status status, final Metadata trailers)
                {
                    end = status;
                }
            }, new Metadata());
            call.request(Integer.MAX_VALUE);
        }

        @Override
        public boolean send(final long number)
        {
            if (!call.isReady() && number > 1)
            {
                return false;
            }
            // The first request may come before the stream is open, and waits for it.
            call.sendMessage(bytes(request, number));
            return true;
        }

        @Override
        public int receive(final int limit)
        {
            int count = 0;
            for (byte[] message = replies.poll(); null != message; message = ++count < limit ? replies.poll() : null)
            {
                receivedCount++;
                received.wrap(message);
                if (!reply.verify(received, 0, message.length, receivedCount))
                {
                    throw new IllegalStateException(
                        "not the reply to message " + receivedCount + ": length=" + message.length);
                }
            }
            if (0 == count && null != end)
            {
                throw new IllegalStateException("the call has ended: " + end);
            }
            return count;
        }

        @Override
        public void close()
        {
            call.halfClose();
            if (0 == openCount.decrementAndGet())
            {
                try
                {
                    channel.shutdown().awaitTermination(END_LIMIT_NS, TimeUnit.NANOSECONDS);
                }
                catch (final InterruptedException ex)
                {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]>
    {
        @Override
        public InputStream stream(final byte[] value)
        {
            return new Source(value);
        }

        @Override
        public byte[] parse(final InputStream stream)
        {
            try (stream)
            {
                // The whole message is available.
                final byte[] result = new byte[stream.available()];
                int length = 0;
                while (length < result.length)
                {
                    length += stream.read(result, length, result.length - length);
                }
                return result;
            }
            catch (final IOException ex)
            {
                throw new UncheckedIOException(ex);
            }
        }
    }

    /** A stream of known length, so that it is written at once. */
    private static final class Source extends ByteArrayInputStream implements KnownLength
    {
        Source(final byte[] bytes)
        {
            super(bytes);
        }
    }
}
