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
import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.DirectBuffer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The transport of this project, as its users have it: every rule of it holds, each reply is disposed of, and each
 * disposal is delivered.
 */
final class CapsContender implements Contender
{
    private static final String SERVICE_NAME = "jcaps.bench.echo";
    private static final String FILE_NAME = "region";

    @Override
    public String name()
    {
        return "jcaps";
    }

    @Override
    public String title()
    {
        return "jcaps";
    }

    @Override
    public String configuration()
    {
        return "Requests and replies are claimed and written in place, polled with get on ports of one thread each, " +
            "opened to spin only; or, to block, awaited on ports that sleep at once. Every reply's disposal is " +
            "delivered to the service.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        return null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(config(cell, directory));
        return new Server(cell, attachment, attachment.service(SERVICE_NAME, options(cell)));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(config(cell, directory).createIfMissing(false));
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, attachment, openCount, attachment.client(SERVICE_NAME, options(cell))));
        }
        return clients;
    }

    private static RegionConfig config(final Cell cell, final Path directory)
    {
        final int portCount = cell.clientCount() + 1;
        return new RegionConfig()
            .path(directory.resolve(FILE_NAME))
            .geometry(new Geometry(
                4, portCount, cell.clientCount(), SlotDescriptor.MAX_SLOT_COUNT, Geometry.MAX_MESSAGE_LIMIT))
            .hugePages(cell.tuning().hugePages());
    }

    private static PortOptions options(final Cell cell)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER).singleThreaded(true)
            .prefaultLength(cell.tuning().prefault() ? cell.length() : 0);
        return Waiting.BLOCK == cell.waiting() ? options.spinCount(0) : options.spinOnly(true);
    }

    private static final class Server implements EchoServer
    {
        private final Attachment attachment;
        private final ServicePort port;
        private final Payload request;
        private final Payload reply;
        private final boolean isBlocking;
        private final Thread thread = Thread.currentThread();
        private final Message message = new Message();
        private final Claim claim = new Claim();
        private long requestCount;
        private long corruptCount;
        private long disposalCount;

        Server(final Cell cell, final Attachment attachment, final ServicePort port)
        {
            this.attachment = attachment;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            isBlocking = Waiting.BLOCK == cell.waiting();
        }

        @Override
        public int serve(final int limit)
        {
            int count = 0;
            while (count < limit)
            {
                final int state = isBlocking ? port.await(message, Long.MAX_VALUE) : port.get(message);
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

    private static final class Client implements EchoClient
    {
        private final Attachment attachment;
        private final AtomicInteger openCount;
        private final ClientPort port;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private final boolean isBlocking;
        private final Claim claim = new Claim();
        private final Message message = new Message();
        private long receivedCount;

        Client(final Cell cell, final Attachment attachment, final AtomicInteger openCount, final ClientPort port)
        {
            this.attachment = attachment;
            this.openCount = openCount;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
            isBlocking = Waiting.BLOCK == cell.waiting();
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
                    isBlocking && 0 == count ? port.await(message, Long.MAX_VALUE) : port.get(message);
                if (Status.WOULD_BLOCK == state)
                {
                    break;
                }
                if (MessageState.REPLY != state || Outcome.REPLIED != message.outcome() ||
                    !reply.verify(message.buffer(), 0, message.length(), ++receivedCount))
                {
                    throw new IllegalStateException("not the reply to message " + receivedCount + ": " +
                        Status.text(state) + ", " + Outcome.text(message.outcome()) + ", length=" + message.length());
                }
                message.release();
                count++;
            }
            return count;
        }

        @Override
        public void close()
        {
            port.close();
            if (0 == openCount.decrementAndGet())
            {
                attachment.close();
            }
        }
    }
}
