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
 * The floor under every transport whose ends sleep: a number bounced between two JVMs in two words of a mapped file in
 * memory. Each side sleeps on the one, and wakes the other after it has written to its word.
 */
final class FutexFloorContender implements Contender
{
    private static final String FILE_NAME = "futex-floor";
    private static final int FILE_LENGTH = 4096;
    private static final int PING_OFFSET = 0;
    /** In bytes; two lines apart, as the prefetcher fetches lines in pairs. */
    private static final int PONG_OFFSET = 128;
    private static final int LONGEST_LENGTH = 32;
    /** The word that a client writes when it closes. A message has this number only after four billion. */
    private static final int CLOSED = -1;

    @Override
    public String name()
    {
        return "futex-floor";
    }

    @Override
    public String title()
    {
        return "floor: two futexes";
    }

    @Override
    public String configuration()
    {
        return "Two words of a mapped file; each side sleeps in futex on the one that the other writes, " +
            "and wakes the other after each store, through JNA: no spinning first, no payload, no queue.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (cell.length() > LONGEST_LENGTH)
        {
            return "carries one word, whatever the length";
        }
        if (Waiting.BLOCK != cell.waiting())
        {
            return "knows no waiting but to sleep";
        }
        if (Workload.ROUND_TRIP != cell.workload() || 1 != cell.clientCount())
        {
            return "carries one message at a time, of one client";
        }
        final String osName = System.getProperty("os.name");
        final String archName = System.getProperty("os.arch");
        return 0 == LibC.futexNumber(osName, archName) ? "no futex known on " + osName + ", " + archName : null;
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
            new LibC.Futex(),
            IoUtil.mapNewFile(directory.resolve(FILE_NAME).toFile(), FILE_LENGTH));
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        return List.of(new Client(
            new LibC.Futex(),
            IoUtil.mapExistingFile(directory.resolve(FILE_NAME).toFile(), FILE_NAME)));
    }

    private static final class Server implements EchoServer
    {
        private final LibC.Futex futex;
        private final MappedByteBuffer mapped;
        private final UnsafeBuffer buffer;
        private final long pingAddress;
        private final long pongAddress;
        private int seen;
        private long requestCount;
        private long corruptCount;

        Server(final LibC.Futex futex, final MappedByteBuffer mapped)
        {
            this.futex = futex;
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
            pingAddress = buffer.addressOffset() + PING_OFFSET;
            pongAddress = buffer.addressOffset() + PONG_OFFSET;
        }

        @Override
        public int serve(final int limit)
        {
            int number = buffer.getIntAcquire(PING_OFFSET);
            if (number == seen)
            {
                // No time limit: a timer would cost 0.7 us. The client's close changes the word, too.
                futex.sleep(pingAddress, seen);
                number = buffer.getIntAcquire(PING_OFFSET);
                if (number == seen)
                {
                    return 0;
                }
            }
            if (CLOSED == number)
            {
                futex.sleep(pingAddress, CLOSED, SERVE_TIMEOUT_NS);
                return 0;
            }
            if (number != seen + 1)
            {
                corruptCount++;
            }
            seen = number;
            requestCount++;
            buffer.putIntRelease(PONG_OFFSET, number);
            futex.wake(pongAddress);
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
        private final LibC.Futex futex;
        private final MappedByteBuffer mapped;
        private final UnsafeBuffer buffer;
        private final long pingAddress;
        private final long pongAddress;
        private int number;

        Client(final LibC.Futex futex, final MappedByteBuffer mapped)
        {
            this.futex = futex;
            this.mapped = mapped;
            buffer = new UnsafeBuffer(mapped);
            pingAddress = buffer.addressOffset() + PING_OFFSET;
            pongAddress = buffer.addressOffset() + PONG_OFFSET;
        }

        @Override
        public boolean send(final long number)
        {
            // A futex is a word of 32 bits; the numbers wrap around alike on both sides.
            this.number = (int)number;
            buffer.putIntRelease(PING_OFFSET, this.number);
            futex.wake(pingAddress);
            return true;
        }

        @Override
        public int receive(final int limit)
        {
            final int before = number - 1;
            int seen = buffer.getIntAcquire(PONG_OFFSET);
            while (seen == before)
            {
                // No time limit here either: if the server dies, the parent of both ends this process.
                futex.sleep(pongAddress, before);
                seen = buffer.getIntAcquire(PONG_OFFSET);
            }
            if (seen != number)
            {
                throw new IllegalStateException("not the reply to message " + number + ": " + seen);
            }
            return 1;
        }

        @Override
        public void close()
        {
            buffer.putIntRelease(PING_OFFSET, CLOSED);
            futex.wake(pingAddress);
            IoUtil.unmap(mapped);
        }
    }
}
