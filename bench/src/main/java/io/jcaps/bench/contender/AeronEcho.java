/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.aeron.Aeron;
import io.aeron.ChannelUriStringBuilder;
import io.aeron.CommonContext;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.jcaps.bench.Cell;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Both sides over one pair of Aeron streams, and the channels of a pair between two hosts, with the bridge's settings
 * of channels and drivers.
 */
final class AeronEcho
{
    static final String CONFIGURATION = "Messages of up to one datagram of 1,408 bytes are claimed and written in " +
        "place, longer ones offered, and put together by FragmentAssembler. Terms of 2 MiB.";
    static final String IPC = "aeron:ipc";
    static final int REQUEST_STREAM_ID = 1;
    static final int REPLY_STREAM_ID = 2;

    /** An eighth of it is the longest message. */
    private static final int TERM_LENGTH = 2 * 1024 * 1024;
    static final String IPC_LOG = IPC + "?term-length=" + TERM_LENGTH;
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final int SPIN_COUNT = 200;
    private static final int YIELD_COUNT = 20;

    private AeronEcho()
    {
    }

    static String refusal(final Cell cell)
    {
        if (Waiting.YIELD != cell.waiting())
        {
            return "is shown yielding, as its threads are more than two";
        }
        return cell.clientCount() > 1 ? "is shown with one client" :
            cell.length() > TERM_LENGTH / 8 ? "a message has at most " + TERM_LENGTH / 8 + " bytes" : null;
    }

    static IdleStrategy idleStrategy()
    {
        return new BackoffIdleStrategy(
            SPIN_COUNT, YIELD_COUNT, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(1));
    }

    static MediaDriver launchDriver(final Path directory)
    {
        return MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(directory.toString())
            .dirDeleteOnShutdown(true)
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(idleStrategy())
            .termBufferSparseFile(false));
    }

    static Aeron attach(final Path directory)
    {
        return Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(directory.toString())
            .preTouchMappedMemory(true)
            .subscriberErrorHandler(LangUtil::rethrowUnchecked));
    }

    private static ChannelUriStringBuilder channel()
    {
        return new ChannelUriStringBuilder().media(CommonContext.UDP_MEDIA);
    }

    static String requests(final int port)
    {
        return channel().endpoint(RemotePort.endpoint(port)).build();
    }

    /** The server's stream of replies to an image of requests. */
    static String replies(final int port, final long imageId)
    {
        return response(port).responseCorrelationId(imageId).termLength(TERM_LENGTH).build();
    }

    private static ChannelUriStringBuilder response(final int port)
    {
        return channel().controlMode(CommonContext.CONTROL_MODE_RESPONSE)
            .controlEndpoint(RemotePort.endpoint(port + 1));
    }

    static RemoteStreams connect(final Aeron aeron, final int port)
    {
        final Subscription replies = aeron.addSubscription(response(port).build(), REPLY_STREAM_ID);
        final ExclusivePublication requests = aeron.addExclusivePublication(
            channel().endpoint(RemotePort.endpoint(port)).responseCorrelationId(replies.registrationId())
                .termLength(TERM_LENGTH).build(), REQUEST_STREAM_ID);
        awaitConnection(requests, replies);
        return new RemoteStreams(requests, replies);
    }

    private static void awaitConnection(final ExclusivePublication requests, final Subscription replies)
    {
        final long deadlineNs = System.nanoTime() + CONNECT_TIMEOUT_NS;
        while (!requests.isConnected() || !replies.isConnected())
        {
            if (System.nanoTime() - deadlineNs >= 0)
            {
                throw new IllegalStateException("no connection to the server in " +
                    TimeUnit.NANOSECONDS.toSeconds(CONNECT_TIMEOUT_NS) + " s: publication " +
                    requests.isConnected() + ", subscription " + replies.isConnected());
            }
            Thread.yield();
        }
    }

    /** The client's streams to another host. */
    record RemoteStreams(ExclusivePublication requests, Subscription replies)
    {
    }

    /** The server. */
    static final class Server implements EchoServer
    {
        private final AutoCloseable[] resources;
        private final Subscription subscription;
        private final Function<Image, ExclusivePublication> replies;
        private final FragmentHandler handler;
        private final Payload request;
        private final Payload reply;
        private AeronContender.Sender sender;
        private boolean isConnected;
        private boolean isEnding;
        private long requestCount;
        private long corruptCount;

        Server(
            final Cell cell,
            final Subscription subscription,
            final Function<Image, ExclusivePublication> replies,
            final AutoCloseable... resources)
        {
            this.resources = resources;
            this.subscription = subscription;
            this.replies = replies;
            request = cell.request();
            reply = cell.reply();
            handler = new FragmentAssembler(this::onRequest, cell.length());
        }

        @Override
        public int serve(final int limit)
        {
            if (null == sender)
            {
                if (0 == subscription.imageCount())
                {
                    return 0;
                }
                // Added outside the handler, once there is an image to reply to.
                sender = new AeronContender.Sender(replies.apply(subscription.imageAtIndex(0)), reply, 0);
            }
            if (!isConnected)
            {
                isConnected = sender.isConnected();
                return 0;
            }
            final long before = requestCount;
            subscription.poll(handler, limit);
            return (int)(requestCount - before);
        }

        @Override
        public Tally end()
        {
            isEnding = true;
            while (subscription.poll(handler, Integer.MAX_VALUE) > 0)
            {
                // The handler counts the requests.
            }
            return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            CloseHelper.closeAll(resources);
        }

        private void onRequest(final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            requestCount++;
            final long number = Payload.number(buffer, offset);
            if (!request.verify(buffer, offset, length, number))
            {
                corruptCount++;
            }
            while (!isEnding && !sender.send(number))
            {
                Thread.yield();
            }
        }
    }

    /** The client. */
    static final class Client implements EchoClient
    {
        private final AutoCloseable[] resources;
        private final AeronContender.Sender sender;
        private final Subscription subscription;
        private final FragmentHandler handler;
        private final Payload reply;
        private long receivedCount;

        Client(
            final Cell cell,
            final ExclusivePublication publication,
            final Subscription subscription,
            final AutoCloseable... resources)
        {
            this.resources = resources;
            this.subscription = subscription;
            reply = cell.reply();
            sender = new AeronContender.Sender(publication, cell.request(), 0);
            handler = new FragmentAssembler(this::onReply, cell.length());
            awaitConnection(publication, subscription);
        }

        @Override
        public boolean send(final long number)
        {
            return sender.send(number);
        }

        @Override
        public int receive(final int limit)
        {
            final long before = receivedCount;
            subscription.poll(handler, limit);
            return (int)(receivedCount - before);
        }

        @Override
        public void close()
        {
            CloseHelper.closeAll(resources);
        }

        private void onReply(final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            receivedCount++;
            if (!reply.verify(buffer, offset, length, receivedCount))
            {
                throw new IllegalStateException(
                    "not the reply to message " + receivedCount + ": length=" + length);
            }
        }
    }
}
