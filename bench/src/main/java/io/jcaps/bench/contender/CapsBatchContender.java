/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageHandler;
import io.jcaps.Outcome;
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
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The transport of this project by its batch calls: handlers, and payloads written in place without claims. */
final class CapsBatchContender implements Contender
{
    @Override
    public String name()
    {
        return "jcaps-batch";
    }

    @Override
    public String title()
    {
        return "jcaps, by batches";
    }

    @Override
    public String configuration()
    {
        return "As jcaps, on ports that spin only, by ServicePort.poll with replyBuffer, and ClientPort.next and " +
            "poll. Every reply's disposal is delivered to the service.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (cell.length() > Geometry.MAX_MESSAGE_LIMIT)
        {
            return "a message has at most " + Geometry.MAX_MESSAGE_LIMIT + " bytes";
        }
        if (Waiting.BLOCK == cell.waiting())
        {
            return "poll does not block";
        }
        return cell.window() > SlotDescriptor.MAX_SLOT_COUNT && Workload.STREAM != cell.workload() ?
            "a client has at most " + SlotDescriptor.MAX_SLOT_COUNT + " messages in flight" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(CapsContender.config(cell, directory));
        return new Server(
            cell, attachment, attachment.service(CapsContender.SERVICE_NAME, CapsContender.tunedOptions(cell)));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final Attachment attachment = Caps.attach(CapsContender.config(cell, directory).createIfMissing(false));
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, attachment, openCount,
                attachment.client(CapsContender.SERVICE_NAME, CapsContender.tunedOptions(cell))));
        }
        return clients;
    }

    private static final class Server implements EchoServer, MessageHandler
    {
        private final Attachment attachment;
        private final ServicePort port;
        private final Payload request;
        private final Payload reply;
        private final boolean isStream;
        private long requestCount;
        private long corruptCount;
        private long disposalCount;

        Server(final Cell cell, final Attachment attachment, final ServicePort port)
        {
            this.attachment = attachment;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            isStream = Workload.STREAM == cell.workload();
        }

        @Override
        public int serve(final int limit)
        {
            final long before = requestCount;
            final int result = port.poll(this, limit);
            if (result < 0)
            {
                throw new IllegalStateException("cannot poll: " + Status.text(result));
            }
            return (int)(requestCount - before);
        }

        @Override
        public void onMessage(final Message message)
        {
            requestCount++;
            final int length = message.length();
            final DirectBuffer buffer = message.buffer();
            final long number = Payload.number(buffer, 0);
            if (!request.verify(buffer, 0, length, number))
            {
                corruptCount++;
            }
            final int result = isStream ? message.reply() : reply(message, length, number);
            if (Status.OK != result)
            {
                throw new IllegalStateException("cannot reply: " + Status.text(result));
            }
        }

        private int reply(final Message message, final int length, final long number)
        {
            reply.writeInPlace(message.replyBuffer(length), 0, number);
            return message.reply(length);
        }

        @Override
        public void onDispose(final long id)
        {
            disposalCount++;
        }

        @Override
        public Tally end()
        {
            while (port.poll(this, SlotDescriptor.MAX_SLOT_COUNT) > 0)
            {
                Thread.onSpinWait();
            }
            return new Tally(requestCount, corruptCount, disposalCount);
        }

        @Override
        public void close()
        {
            attachment.close();
        }
    }

    private static final class Client implements EchoClient, MessageHandler
    {
        private final Attachment attachment;
        private final AtomicInteger openCount;
        private final ClientPort port;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private final boolean isStream;
        private long receivedCount;

        Client(
            final Cell cell, final Attachment attachment, final AtomicInteger openCount, final ClientPort port)
        {
            this.attachment = attachment;
            this.openCount = openCount;
            this.port = port;
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
            isStream = Workload.STREAM == cell.workload();
        }

        @Override
        public boolean send(final long number)
        {
            final MutableDirectBuffer buffer = port.next(length);
            if (null != buffer)
            {
                request.writeInPlace(buffer, 0, number);
            }
            final long id = port.put(length);
            if (id <= 0 && Status.NO_BUFFERS != id)
            {
                throw new IllegalStateException("cannot put: " + Status.text((int)id));
            }
            return id > 0;
        }

        @Override
        public int receive(final int limit)
        {
            final int count = port.poll(this, limit);
            if (count < 0)
            {
                throw new IllegalStateException("cannot poll: " + Status.text(count));
            }
            return count;
        }

        @Override
        public void onMessage(final Message message)
        {
            receivedCount++;
            final boolean isNext = isStream ? 0 == message.length() :
                reply.verify(message.buffer(), 0, message.length(), receivedCount);
            if (Outcome.REPLIED != message.outcome() || !isNext)
            {
                throw new IllegalStateException("not the reply to message " + receivedCount + ": " +
                    Outcome.text(message.outcome()) + ", length=" + message.length());
            }
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
