/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * This project's transport with all of its rules: each reply is disposed of, and each disposal is delivered.
 */
final class CapsContender implements Contender
{
    static final String SERVICE_NAME = "jcaps.bench.echo";
    private static final String FILE_NAME = "region";
    /** Only length measured with another collector: its barriers do not depend on the length. */
    private static final int SHOWN_LENGTH = 32;

    /** Longest await, so that a waiting server checks its parent at intervals. */
    private static final long AWAIT_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final boolean isTuned;
    private final String collector;

    /**
     * @param isTuned whether its ports have the options that suit a cell; otherwise they are as in the first program of
     *                the README, with default options and {@code await}.
     */
    CapsContender(final boolean isTuned)
    {
        this.isTuned = isTuned;
        collector = null;
    }

    /**
     * The tuned contender, in JVMs with another collector than the others have.
     *
     * @param collector name as in its JVM argument, such as ZGC.
     */
    CapsContender(final String collector)
    {
        isTuned = true;
        this.collector = collector;
    }

    @Override
    public String name()
    {
        return null != collector ? "jcaps-" + collector.toLowerCase(Locale.ROOT) : isTuned ? "jcaps" : "jcaps-await";
    }

    @Override
    public String title()
    {
        return null != collector ? "jcaps, collector " + collector :
            isTuned ? "jcaps" : "jcaps, default options and await";
    }

    @Override
    public String configuration()
    {
        if (null != collector)
        {
            return "As jcaps, in JVMs with the collector " + collector + " in place of the parallel one.";
        }
        return !isTuned ? "As in the first program: default options on both sides, which spin for a while and then " +
            "sleep; each message is awaited. Requests and replies are claimed and written in place." :
            "Requests and replies are claimed and written in place, polled with get on ports of one thread each, " +
            "opened to spin only; or, to block, awaited on ports that sleep at once. Every reply's disposal is " +
            "delivered to the service.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (cell.length() > Geometry.MAX_MESSAGE_LIMIT)
        {
            return "a message has at most " + Geometry.MAX_MESSAGE_LIMIT + " bytes";
        }
        if (null != collector && Workload.ROUND_TRIP != cell.workload() && Workload.PIPELINED != cell.workload() ||
            null != collector && (Waiting.SPIN != cell.waiting() || cell.clientCount() > 1 ||
            cell.length() > SHOWN_LENGTH))
        {
            return "is shown with short messages of one client that spins";
        }
        if (!isTuned && (Workload.ROUND_TRIP != cell.workload() || cell.clientCount() > 1))
        {
            return "is shown with one request in flight, of one client";
        }
        return cell.window() > SlotDescriptor.MAX_SLOT_COUNT && Workload.STREAM != cell.workload() ?
            "a client has at most " + SlotDescriptor.MAX_SLOT_COUNT + " messages in flight" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return null == collector ? List.of() : List.of("-XX:+Use" + collector);
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(config(cell, directory));
        return new Server(cell, isTuned, attachment, attachment.service(SERVICE_NAME, options(cell)));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(config(cell, directory).createIfMissing(false));
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(
                cell, isTuned, attachment, openCount, attachment.client(SERVICE_NAME, options(cell))));
        }
        return clients;
    }

    static RegionConfig config(final Cell cell, final Path directory)
    {
        final int portCount = cell.clientCount() + 1;
        return new RegionConfig()
            .path(directory.resolve(FILE_NAME))
            .geometry(new Geometry(
                4, portCount, cell.clientCount(), SlotDescriptor.MAX_SLOT_COUNT, Geometry.MAX_MESSAGE_LIMIT))
            .hugePages(cell.tuning().hugePages());
    }

    private PortOptions options(final Cell cell)
    {
        return isTuned ? tunedOptions(cell) : new PortOptions();
    }

    static PortOptions tunedOptions(final Cell cell)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER).singleThreaded(true)
            .prefaultLength(cell.tuning().prefault() ? cell.length() : 0);
        return Waiting.BLOCK == cell.waiting() ? options.spinCount(0) : options.spinOnly(true);
    }

    static final class Server implements EchoServer
    {
        private final Attachment attachment;
        private final ServicePort port;
        private final Payload request;
        private final Payload reply;
        private final boolean isBlocking;
        private final boolean isStream;
        private final boolean isAwaiting;
        private final long awaitNs;
        private final Thread thread = Thread.currentThread();
        private final Message message = new Message();
        private final Claim claim = new Claim();
        private long requestCount;
        private long corruptCount;
        private long disposalCount;

        Server(final Cell cell, final boolean isTuned, final Attachment attachment, final ServicePort port)
        {
            this.attachment = attachment;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            isBlocking = Waiting.BLOCK == cell.waiting();
            isStream = Workload.STREAM == cell.workload();
            isAwaiting = isBlocking || !isTuned;
            awaitNs = isBlocking ? Long.MAX_VALUE : AWAIT_NS;
        }

        @Override
        public int serve(final int limit)
        {
            int count = 0;
            while (count < limit)
            {
                final int state = isAwaiting ? port.await(message, awaitNs) : port.get(message);
                if (MessageState.REQUEST == state)
                {
                    answer();
                    count++;
                }
                else if (MessageState.DISPOSE == state)
                {
                    disposalCount++;
                }
                else
                {
                    break;
                }
            }
            return count;
        }

        @Override
        public void wake()
        {
            if (isBlocking)
            {
                thread.interrupt();
            }
        }

        @Override
        public Tally end()
        {
            Thread.interrupted();
            while (port.get(message) >= 0)
            {
                if (MessageState.DISPOSE == message.state())
                {
                    disposalCount++;
                }
            }
            return new Tally(requestCount, corruptCount, disposalCount);
        }

        @Override
        public void close()
        {
            attachment.close();
        }

        private void answer()
        {
            requestCount++;
            final int length = message.length();
            final DirectBuffer buffer = message.buffer();
            final long number = Payload.number(buffer, 0);
            if (!request.verify(buffer, 0, length, number))
            {
                corruptCount++;
            }
            if (isStream)
            {
                message.reply();
                return;
            }
            int result = message.claimReply(length, claim);
            if (Status.OK == result)
            {
                reply.writeInPlace(claim.buffer(), 0, number);
                result = claim.reply();
            }
            if (Status.OK != result)
            {
                throw new IllegalStateException("cannot reply: " + Status.text(result));
            }
        }
    }

    static final class Client implements EchoClient
    {
        private final AutoCloseable attachment;
        private final AtomicInteger openCount;
        private final ClientPort port;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private final boolean isStream;
        private final boolean isAwaiting;
        private final Claim claim = new Claim();
        private final Message message = new Message();
        private long receivedCount;

        Client(
            final Cell cell,
            final boolean isTuned,
            final AutoCloseable attachment,
            final AtomicInteger openCount,
            final ClientPort port)
        {
            this.attachment = attachment;
            this.openCount = openCount;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
            isStream = Workload.STREAM == cell.workload();
            isAwaiting = Waiting.BLOCK == cell.waiting() || !isTuned;
        }

        @Override
        public boolean send(final long number)
        {
            int result = port.claim(length, claim);
            if (Status.NO_BUFFERS == result)
            {
                return false;
            }
            if (Status.OK == result)
            {
                request.writeInPlace(claim.buffer(), 0, number);
                final long id = claim.put();
                if (id > 0)
                {
                    return true;
                }
                result = (int)id;
            }
            throw new IllegalStateException("cannot put: " + Status.text(result));
        }

        @Override
        public int receive(final int limit)
        {
            int count = 0;
            while (count < limit)
            {
                final int state =
                    isAwaiting && 0 == count ? port.await(message, Long.MAX_VALUE) : port.get(message);
                if (Status.WOULD_BLOCK == state)
                {
                    break;
                }
                receivedCount++;
                if (MessageState.REPLY != state || Outcome.REPLIED != message.outcome() || !isNext())
                {
                    throw new IllegalStateException("not the reply to message " + receivedCount + ": " +
                        Status.text(state) + ", " + Outcome.text(message.outcome()) + ", length=" + message.length());
                }
                message.release();
                count++;
            }
            return count;
        }

        private boolean isNext()
        {
            return isStream ? 0 == message.length() :
                reply.verify(message.buffer(), 0, message.length(), receivedCount);
        }

        @Override
        public void close()
        {
            port.close();
            if (0 == openCount.decrementAndGet())
            {
                CloseHelper.close(attachment);
            }
        }
    }
}
