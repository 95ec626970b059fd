/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.core.time.TimeProvider;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.impl.StoreFileListener;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.threads.YieldingPauser;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.agrona.BitUtil.SIZE_OF_INT;

/**
 * Chronicle Queue: an append-only log in mapped files, one for the requests of all clients, and one for the replies to
 * each. The log keeps all that was written, but memory is limited: so its files are short, and deleted when they have
 * been read.
 */
final class ChronicleQueueContender implements Contender
{
    private static final String REQUESTS_NAME = "requests";
    private static final String REPLIES_NAME = "replies-";
    private static final RollCycle ROLL_CYCLE = RollCycles.FAST_HOURLY;
    /** Bytes after which a queue continues in its next file. */
    private static final long FILE_LENGTH = 128L * 1024 * 1024;
    private static final String FILE_SUFFIX = ".cq4";
    /** Mapped length in bytes: a whole file, with room for the message that ends it. */
    private static final long BLOCK_LENGTH = 2 * FILE_LENGTH;
    /** Most files of one queue: the one that is written, and some that are being read or deleted. */
    private static final int MOST_FILES = 3;
    /** Bytes of memory needed for requests and replies; a deleted file keeps its memory until it is unmapped. */
    private static final long LEAST_SPACE = 2 * (MOST_FILES + 1) * FILE_LENGTH;
    private static final long DELETION_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);

    @Override
    public String name()
    {
        return "chronicle-queue";
    }

    @Override
    public String title()
    {
        return "Chronicle Queue";
    }

    @Override
    public String configuration()
    {
        return "Queues on tmpfs, one for all requests and one for the replies to each client; documents are written " +
            "and read in the mapped memory, tailers poll; checks of bounds, threads and interrupts off, no " +
            "pretoucher: each page is new when it is written. A queue goes on in another file after 128 MiB, and " +
            "its reader deletes the one before, or the log would fill the memory.";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            return "its tailers poll";
        }
        if (Workload.STREAM == cell.workload())
        {
            return "is shown with a reply to each message";
        }
        return (long)cell.window() * cell.length() > FILE_LENGTH ?
            "a window of more than its files' " + FILE_LENGTH + " bytes" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of(
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            // Otherwise it writes a warning to standard error.
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "-Dchronicle.analytics.disable=true",
            "-Dchronicle.announcer.disable=true",
            "-Dchronicle.disk.monitor.disable=true",
            "-Dbytes.bounds.unchecked=true",
            "-Ddisable.single.threaded.check=true");
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory) throws IOException
    {
        final long space = Files.getFileStore(directory).getUsableSpace();
        if (space < LEAST_SPACE)
        {
            throw new IOException("its files may need " + LEAST_SPACE + " bytes, and " + directory + " has " + space);
        }
        return new Server(cell, directory);
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final Log requests = new Log(directory.resolve(REQUESTS_NAME), false);
        final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
        final List<EchoClient> clients = new ArrayList<>();
        for (int i = 0; i < cell.clientCount(); i++)
        {
            clients.add(new Client(cell, i, requests, new Log(directory.resolve(REPLIES_NAME + i), true), openCount));
        }
        return clients;
    }

    /**
     * A queue, open in one of the two JVMs.
     */
    private static final class Log implements AutoCloseable
    {
        private final RollClock clock = new RollClock();
        private final SingleChronicleQueue queue;

        Log(final Path path, final boolean isRead)
        {
            queue = SingleChronicleQueueBuilder.single(path.toFile())
                .rollCycle(ROLL_CYCLE)
                .timeProvider(clock)
                .blockSize(BLOCK_LENGTH)
                .checkInterrupts(false)
                .pauserSupplier(() -> new YieldingPauser(0))
                .storeFileListener(isRead ? new Deletion() : StoreFileListener.noOp())
                .build();
        }

        /**
         * Continues the queue in its next file. Its reader is at most a window behind, so all earlier files only wait
         * to be deleted; on a busy machine that may take time, and this waits for it.
         *
         * @throws IllegalStateException if they are not deleted.
         */
        void endFile(final int cycle)
        {
            clock.endCycle(cycle);
            final long startNs = System.nanoTime();
            while (fileCount() > MOST_FILES)
            {
                if (System.nanoTime() - startNs > DELETION_TIMEOUT_NS)
                {
                    throw new IllegalStateException("files that were read are not deleted: " + queue.file());
                }
                Thread.yield();
            }
        }

        @Override
        public void close()
        {
            queue.close();
        }

        private int fileCount()
        {
            final String[] names = queue.file().list((directory, name) -> name.endsWith(FILE_SUFFIX));
            return null == names ? 0 : names.length;
        }
    }

    /**
     * A clock that advances when a file is full, so that the queue rolls by length. Written under the queue's lock.
     */
    private static final class RollClock implements TimeProvider
    {
        private volatile long timeMs = ROLL_CYCLE.lengthInMillis();

        @Override
        public long currentTimeMillis()
        {
            return timeMs;
        }

        void endCycle(final int cycle)
        {
            final long nextMs = (cycle + 1L) * ROLL_CYCLE.lengthInMillis();
            if (timeMs < nextMs)
            {
                timeMs = nextMs;
            }
        }
    }

    /**
     * Deletes files that were read.
     */
    private static final class Deletion implements StoreFileListener
    {
        @Override
        public void onReleased(final int cycle, final File file)
        {
            file.delete();
        }
    }

    /**
     * Writes messages, each with its client's index before it.
     */
    private static final class Writer
    {
        private final Log log;
        private final ExcerptAppender appender;
        private final Payload payload;
        private final UnsafeBuffer buffer = new UnsafeBuffer();

        Writer(final Log log, final Payload payload)
        {
            this.log = log;
            this.payload = payload;
            appender = log.queue.createAppender();
        }

        void write(final int clientIndex, final long number)
        {
            try (DocumentContext context = appender.writingDocument())
            {
                final Bytes<?> bytes = context.wire().bytes();
                final int length = SIZE_OF_INT + payload.length();
                final long position = bytes.writePosition();
                buffer.wrap(bytes.addressForWrite(position), length);
                buffer.putInt(0, clientIndex);
                payload.write(buffer, SIZE_OF_INT, number);
                bytes.writeSkip(length);
                if (position > FILE_LENGTH)
                {
                    log.endFile(appender.cycle());
                }
            }
        }
    }

    private static final class Server implements EchoServer
    {
        private final Payload request;
        private final Log requests;
        private final ExcerptTailer tailer;
        private final Log[] replies;
        private final Writer[] writers;
        private final UnsafeBuffer buffer = new UnsafeBuffer();
        private long requestCount;
        private long corruptCount;

        Server(final Cell cell, final Path directory)
        {
            request = cell.request();
            requests = new Log(directory.resolve(REQUESTS_NAME), true);
            tailer = requests.queue.createTailer();
            replies = new Log[cell.clientCount()];
            writers = new Writer[replies.length];
            for (int i = 0; i < replies.length; i++)
            {
                replies[i] = new Log(directory.resolve(REPLIES_NAME + i), false);
                writers[i] = new Writer(replies[i], cell.reply());
            }
        }

        @Override
        public int serve(final int limit)
        {
            int count = 0;
            while (count < limit && answer())
            {
                count++;
            }
            return count;
        }

        @Override
        public Tally end()
        {
            return new Tally(requestCount, corruptCount, Tally.NO_DISPOSALS);
        }

        @Override
        public void close()
        {
            CloseHelper.closeAll(replies);
            CloseHelper.close(requests);
        }

        private boolean answer()
        {
            try (DocumentContext context = tailer.readingDocument(false))
            {
                if (!context.isPresent())
                {
                    return false;
                }
                final Bytes<?> bytes = context.wire().bytes();
                final int length = (int)bytes.readRemaining();
                buffer.wrap(bytes.addressForRead(bytes.readPosition()), length);
                requestCount++;
                final int clientIndex = buffer.getInt(0);
                final long number = Payload.number(buffer, SIZE_OF_INT);
                if (!request.verify(buffer, SIZE_OF_INT, length - SIZE_OF_INT, number))
                {
                    corruptCount++;
                }
                writers[clientIndex].write(clientIndex, number);
                return true;
            }
        }
    }

    private static final class Client implements EchoClient
    {
        private final int index;
        private final Payload reply;
        private final Log requests;
        private final Log replies;
        private final AtomicInteger openCount;
        private final Writer writer;
        private final ExcerptTailer tailer;
        private final UnsafeBuffer buffer = new UnsafeBuffer();
        private long receivedCount;

        Client(
            final Cell cell, final int index, final Log requests, final Log replies, final AtomicInteger openCount)
        {
            this.index = index;
            this.requests = requests;
            this.replies = replies;
            this.openCount = openCount;
            reply = cell.reply();
            writer = new Writer(requests, cell.request());
            tailer = replies.queue.createTailer();
        }

        @Override
        public boolean send(final long number)
        {
            writer.write(index, number);
            return true;
        }

        @Override
        public int receive(final int limit)
        {
            int count = 0;
            while (count < limit && take())
            {
                count++;
            }
            return count;
        }

        @Override
        public void close()
        {
            replies.close();
            if (0 == openCount.decrementAndGet())
            {
                requests.close();
            }
        }

        private boolean take()
        {
            try (DocumentContext context = tailer.readingDocument(false))
            {
                if (!context.isPresent())
                {
                    return false;
                }
                final Bytes<?> bytes = context.wire().bytes();
                final int length = (int)bytes.readRemaining();
                buffer.wrap(bytes.addressForRead(bytes.readPosition()), length);
                receivedCount++;
                if (index != buffer.getInt(0) ||
                    !reply.verify(buffer, SIZE_OF_INT, length - SIZE_OF_INT, receivedCount))
                {
                    throw new IllegalStateException(
                        "not the reply to message " + receivedCount + ": length=" + (length - SIZE_OF_INT));
                }
                return true;
            }
        }
    }
}
