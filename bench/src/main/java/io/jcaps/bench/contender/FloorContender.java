/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The floor under every transport: a number bounced between two JVMs, in two words on two cache lines of a mapped file
 * in memory. Each side polls one word, and writes a changed number to the other.
 */
final class FloorContender implements Contender
{
    private static final String FILE_NAME = "floor";
    private static final int FILE_LENGTH = 4096;
    private static final int PING_OFFSET = 0;
    /** In bytes; two lines apart, as the prefetcher fetches lines in pairs. */
    private static final int PONG_OFFSET = 128;
    private static final int LONGEST_LENGTH = 32;

    @Override
    public String name()
    {
        return "floor";
    }

    @Override
    public String title()
    {
        return "floor: two cache lines";
    }

    @Override
    public String configuration()
    {
        return "Two words on two cache lines of a mapped file, store with release, load with acquire: no payload, no " +
            "queue.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (cell.length() > LONGEST_LENGTH)
        {
            return "carries one word, whatever the length";
        }
        if (Waiting.SPIN != cell.waiting())
        {
            return "knows no waiting but to spin";
        }
        final boolean isOneAtATime = Workload.ROUND_TRIP == cell.workload() && 1 == cell.clientCount();
        return isOneAtATime ? null : "carries one message at a time, of one client";
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        return new Server(IoUtil.mapNewFile(directory.resolve(FILE_NAME).toFile(), FILE_LENGTH));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        return List.of(new Client(IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME)));
    }

    private static final class Server implements EchoServer
    {
        private final MappedByteBuffer mapped;
        private final UnsafeBuffer buffer;
        private long number;

        Server(final MappedByteBuffer mapped)
        {
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
        }

        @Override
        public int serve(final int limit)
        {
            final long seen = buffer.getLongAcquire(PING_OFFSET);
            if (seen == number)
            {
                return 0;
            }
            number = seen;
            buffer.putLongRelease(PONG_OFFSET, seen);
            return 1;
        }

        @Override
        public Tally end()
        {
            return new Tally(number, 0, Tally.NO_DISPOSALS);
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
        private long number;

        Client(final MappedByteBuffer mapped)
        {
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
        }

        @Override
        public boolean send(final long number)
        {
            this.number = number;
            buffer.putLongRelease(PING_OFFSET, number);
            return true;
        }

        @Override
        public int receive(final int limit)
        {
            return buffer.getLongAcquire(PONG_OFFSET) == number ? 1 : 0;
        }

        @Override
        public void close()
        {
            IoUtil.unmap(mapped);
        }
    }
}
