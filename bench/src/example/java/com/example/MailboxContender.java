/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * An example of a contender: two boxes in a mapped file, one for each direction, each with the number of its message
 * and the payload. To measure it beside the others:
 * <pre>
 *   javac -cp tools/target/caps.jar -d out bench/src/example/java/com/example/MailboxContender.java
 *   jar --create --file mailbox.jar -C out . -C bench/src/example/resources .
 *   ./caps bench --contender-path mailbox.jar --contenders floor,jcaps,mailbox --workloads round-trip
 * </pre>
 */
public final class MailboxContender implements Contender
{
    private static final String FILE_NAME = "mailbox";
    /** Two cache lines on from the number: the payload is not written while the other side looks for the number. */
    private static final int PAYLOAD_OFFSET = 128;
    private static final int REPLY_BOX_OFFSET = PAYLOAD_OFFSET + Cell.MAX_LENGTH;

    @Override
    public String name()
    {
        return "mailbox";
    }

    @Override
    public String title()
    {
        return "two mailboxes";
    }

    @Override
    public String configuration()
    {
        return "A box for each direction in a mapped file; the payload is copied into it, then its number is stored.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            return "only polls";
        }
        return Workload.ROUND_TRIP == cell.workload() && 1 == cell.clientCount() ? null :
            "has one box: one message in flight, of one client";
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        return new Server(
            cell, IoUtil.mapNewFile(directory.resolve(FILE_NAME).toFile(), REPLY_BOX_OFFSET + REPLY_BOX_OFFSET));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        return List.of(new Client(
            cell, IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME)));
    }

    private static final class Server implements EchoServer
    {
        private final MappedByteBuffer mapped;
        private final UnsafeBuffer buffer;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private long requestCount;
        private long corruptCount;

        Server(final Cell cell, final MappedByteBuffer mapped)
        {
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
        }

        @Override
        public int serve(final int limit)
        {
            // Pairs with the release in send: the payload is there when its number is.
            final long number = buffer.getLongAcquire(0);
            if (number == requestCount)
            {
                return 0;
            }
            requestCount++;
            if (!request.verify(buffer, PAYLOAD_OFFSET, length, requestCount))
            {
                corruptCount++;
            }
            reply.writeInPlace(buffer, REPLY_BOX_OFFSET + PAYLOAD_OFFSET, number);
            buffer.putLongRelease(REPLY_BOX_OFFSET, number);
            return 1;
        }

        @Override
        public Tally end()
        {
            return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            IoUtil.unmap(mapped);
        }
    }

    private static final class Client implements EchoClient
    {
        private final MappedByteBuffer mapped;
        private final UnsafeBuffer buffer;
        private final Payload request;
        private final Payload reply;
        private final int length;
        private long sent;

        Client(final Cell cell, final MappedByteBuffer mapped)
        {
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
            request = cell.request();
            reply = cell.reply();
            length = cell.length();
        }

        @Override
        public boolean send(final long number)
        {
            request.writeInPlace(buffer, PAYLOAD_OFFSET, number);
            buffer.putLongRelease(0, number);
            sent = number;
            return true;
        }

        @Override
        public int receive(final int limit)
        {
            if (buffer.getLongAcquire(REPLY_BOX_OFFSET) != sent)
            {
                return 0;
            }
            if (!reply.verify(buffer, REPLY_BOX_OFFSET + PAYLOAD_OFFSET, length, sent))
            {
                throw new IllegalStateException("not the reply to message " + sent);
            }
            return 1;
        }

        @Override
        public void close()
        {
            IoUtil.unmap(mapped);
        }
    }
}
