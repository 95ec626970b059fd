/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.aeron.Aeron;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.ReservedValueSupplier;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.BufferClaim;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.Header;
import io.aeron.protocol.DataHeaderFlyweight;
import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Payload;
import io.jcaps.bench.Tally;
import io.jcaps.bench.Waiting;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Aeron's IPC: one stream of requests, and a stream of replies for each client. The number of the client is in the
 * reserved value of each frame.
 */
final class AeronContender implements Contender
{
    private static final String CHANNEL = "aeron:ipc";
    private static final String DIRECTORY_NAME = "aeron";
    private static final int REQUEST_STREAM_ID = 1;
    private static final int FIRST_REPLY_STREAM_ID = 2;
    /**
     * A frame carries 16 KiB. Fewer, longer ones were measured to be slower: the receiver puts the first frames of a
     * long message together while the sender writes the next.
     */
    private static final int MTU_LENGTH = DataHeaderFlyweight.HEADER_LENGTH + 16 * 1024;
    /**
     * A sender may be half a term ahead, and learns the receiver's position only when the driver wakes. With 1 MiB, the
     * minimum for the longest message, pipelined short messages reached a fifth of their rate. Twice this length was as
     * fast, but the first touches of its pages are so many that they show in the tail.
     */
    private static final int SHORT_TERM_LENGTH = 8 * 1024 * 1024;
    /** Long messages soon touch all pages of a long term, and with shorter terms wait for the driver more often. */
    private static final int LONG_TERM_LENGTH = 32 * 1024 * 1024;
    private static final int LONG_LENGTH = 1024;
    /** Sleep of the driver: each time it wakes, it may take the core of one of the two sides. */
    private static final long DRIVER_SLEEP_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long CONNECT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);

    /** The longest frame of IPC in bytes: 64 KiB less 32 bytes, header included. */
    private static final int MAX_MTU_LENGTH = 65_504;
    /** Most bytes for the files of all streams, which have memory from the start. */
    private static final long ALL_TERMS_LENGTH = 512L * 1024 * 1024;
    private static final int TERMS_PER_LOG = 3;
    private static final int LEAST_TERM_LENGTH = 64 * 1024;
    /** Cores needed for a driver that spins, besides the two sides. */
    private static final int SPINNING_CPU_COUNT = 3;
    /** Calls of the server that find no request, or a full reply stream, between two duty cycles of the driver. */
    private static final int INVOKE_INTERVAL = 64;

    private final boolean isExclusive;
    private final boolean isInvoked;

    /**
     * @param isExclusive whether each publication has one writer.
     * @param isInvoked   whether the server's thread runs the driver, too; else it has a thread of its own.
     */
    AeronContender(final boolean isExclusive, final boolean isInvoked)
    {
        this.isExclusive = isExclusive;
        this.isInvoked = isInvoked;
    }

    @Override
    public String name()
    {
        return (isExclusive ? "aeron-exclusive" : "aeron-shared") + (isInvoked ? "-invoker" : "");
    }

    @Override
    public String title()
    {
        return (isExclusive ? "Aeron IPC, exclusive publication" : "Aeron IPC, shared publication") +
            (isInvoked ? ", driver in invoker mode" : "");
    }

    @Override
    public String configuration()
    {
        final String publications = isExclusive ?
            "An exclusive publication for each client's requests, and for its replies" :
            "One shared publication for the requests of all clients, one for each client's replies";
        return publications + ", with terms of 8 MiB, or 32 MiB for messages from 1 KiB on, less if there are many " +
            "clients; files are not sparse, and touched in advance. Messages up to 64,416 bytes are claimed and " +
            "written in place, longer ones offered, and reassembled from frames of 16 KiB. The driver runs in the " +
            "server's JVM, " + (isInvoked ? "invoked by the server's thread when it finds nothing" :
            isDriverSpinning() ? "on one thread that spins" :
            "on one thread that sleeps for 1 ms at a time: there is no core for one that spins") + ".";
    }

    @Override
    public String refusal(final Cell cell)
    {
        if (Waiting.BLOCK == cell.waiting())
        {
            return "has no way to sleep until a message comes, only to back off";
        }
        // The longest message is an eighth of a term.
        return cell.length() > termLength(cell) / 8 ? "its files for " + cell.clientCount() +
            " clients would need more than " + ALL_TERMS_LENGTH + " bytes" : null;
    }

    @Override
    public List<String> jvmArguments()
    {
        return List.of();
    }

    @Override
    public EchoServer serve(final Cell cell, final Path directory)
    {
        final MediaDriver.Context context = new MediaDriver.Context()
            .aeronDirectoryName(directory.resolve(DIRECTORY_NAME).toString())
            .dirDeleteOnShutdown(true)
            .threadingMode(isInvoked ? ThreadingMode.INVOKER : ThreadingMode.SHARED)
            .sharedIdleStrategy(
                isDriverSpinning() ? BusySpinIdleStrategy.INSTANCE : new SleepingIdleStrategy(DRIVER_SLEEP_NS))
            .ipcMtuLength(mtuLength(cell))
            .ipcTermBufferLength(termLength(cell))
            .termBufferSparseFile(false);
        final MediaDriver driver = MediaDriver.launch(context);
        Aeron aeron = null;
        try
        {
            aeron = attach(directory, driver.sharedAgentInvoker());
            return new Server(cell, driver, aeron);
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietCloseAll(aeron, driver);
            throw ex;
        }
    }

    @Override
    public List<EchoClient> connect(final Cell cell, final Path directory)
    {
        final Aeron aeron = attach(directory, null);
        try
        {
            final AtomicInteger openCount = new AtomicInteger(cell.clientCount());
            final List<Client> clients = new ArrayList<>();
            for (int i = 0; i < cell.clientCount(); i++)
            {
                clients.add(new Client(cell, aeron, openCount, i));
            }
            // Waits only after all have been opened: the driver connects them at the same time.
            final long deadlineNs = System.nanoTime() + CONNECT_TIMEOUT_NS;
            for (final Client client : clients)
            {
                client.awaitConnection(deadlineNs);
            }
            return new ArrayList<>(clients);
        }
        catch (final RuntimeException ex)
        {
            CloseHelper.quietClose(aeron);
            throw ex;
        }
    }

    /** Connects to the driver; driverInvoker is null if the driver has a thread of its own, or runs in another JVM. */
    private static Aeron attach(final Path directory, final AgentInvoker driverInvoker)
    {
        return Aeron.connect(new Aeron.Context()
            .aeronDirectoryName(directory.resolve(DIRECTORY_NAME).toString())
            .preTouchMappedMemory(true)
            .driverAgentInvoker(driverInvoker)
            .useConductorAgentInvoker(null != driverInvoker)
            .subscriberErrorHandler(LangUtil::rethrowUnchecked));
    }

    private static boolean isDriverSpinning()
    {
        return Runtime.getRuntime().availableProcessors() >= SPINNING_CPU_COUNT;
    }

    /** One frame per message if it can be claimed; a longer message is faster in shorter frames. */
    private static int mtuLength(final Cell cell)
    {
        final int frameLength =
            BitUtil.align(DataHeaderFlyweight.HEADER_LENGTH + cell.length(), FrameDescriptor.FRAME_ALIGNMENT);
        return frameLength <= MAX_MTU_LENGTH ? Math.max(MTU_LENGTH, frameLength) : MTU_LENGTH;
    }

    private int termLength(final Cell cell)
    {
        final int wanted = cell.length() < LONG_LENGTH ? SHORT_TERM_LENGTH : LONG_TERM_LENGTH;
        final int logCount = cell.clientCount() * (isExclusive ? 2 : 1) + (isExclusive ? 0 : 1);
        int length = wanted;
        while (length > LEAST_TERM_LENGTH && (long)length * TERMS_PER_LOG * logCount > ALL_TERMS_LENGTH)
        {
            length /= 2;
        }
        return length;
    }

    private Sender sender(final Aeron aeron, final int streamId, final Payload payload, final int clientIndex)
    {
        return new Sender(
            isExclusive ? aeron.addExclusivePublication(CHANNEL, streamId) : aeron.addPublication(CHANNEL, streamId),
            payload,
            clientIndex);
    }

    /**
     * Writes messages in place if they fit one frame; Aeron takes longer ones only from memory of the sender.
     */
    static final class Sender implements AutoCloseable
    {
        private final Publication publication;
        private final Payload payload;
        private final int length;
        private final long clientIndex;
        final boolean isClaimed;
        private final BufferClaim claim = new BufferClaim();
        private final ReservedValueSupplier reservedValue;
        private UnsafeBuffer source;
        private long sourceNumber;

        Sender(final Publication publication, final Payload payload, final int clientIndex)
        {
            this.publication = publication;
            this.payload = payload;
            this.clientIndex = clientIndex;
            reservedValue = (buffer, offset, frameLength) -> clientIndex;
            length = payload.length();
            isClaimed = length <= publication.maxPayloadLength();
        }

        boolean send(final long number)
        {
            final long result = isClaimed ? claim(number) : offer(number);
            if (result > 0)
            {
                return true;
            }
            if (Publication.BACK_PRESSURED != result && Publication.ADMIN_ACTION != result)
            {
                throw new IllegalStateException("cannot send: " + Publication.errorString(result));
            }
            return false;
        }

        boolean isConnected()
        {
            return publication.isConnected();
        }

        @Override
        public void close()
        {
            publication.close();
        }

        private long claim(final long number)
        {
            final long result = publication.tryClaim(length, claim);
            if (result > 0)
            {
                payload.write(claim.buffer(), claim.offset(), number);
                claim.reservedValue(clientIndex);
                claim.commit();
            }
            return result;
        }

        private long offer(final long number)
        {
            if (number != sourceNumber)
            {
                // Written once, even if the offer is repeated.
                source = payload.source(number);
                sourceNumber = number;
            }
            return publication.offer(source, 0, length, reservedValue);
        }
    }

    private final class Server implements EchoServer
    {
        private final MediaDriver driver;
        /** Invoker of the driver, and of this side's conductor, which then has no thread either; or null. */
        private final AgentInvoker invoker;
        private final AgentInvoker conductorInvoker;
        private final Aeron aeron;
        private final Subscription subscription;
        private final FragmentHandler handler;
        private final Sender[] senders;
        private final Payload request;
        private final boolean yields;
        private final int replyStep;
        private boolean isEnding;
        private int callCount;
        private long requestCount;
        private long corruptCount;

        Server(final Cell cell, final MediaDriver driver, final Aeron aeron)
        {
            this.driver = driver;
            this.aeron = aeron;
            invoker = driver.sharedAgentInvoker();
            conductorInvoker = aeron.conductorAgentInvoker();
            request = cell.request();
            yields = Waiting.YIELD == cell.waiting();
            replyStep = cell.replyStep();
            subscription = aeron.addSubscription(CHANNEL, REQUEST_STREAM_ID);
            senders = new Sender[cell.clientCount()];
            for (int i = 0; i < senders.length; i++)
            {
                senders[i] = sender(aeron, FIRST_REPLY_STREAM_ID + i, cell.reply(), i);
            }
            handler = senders[0].isClaimed ? this::onRequest : new FragmentAssembler(this::onRequest, cell.length());
        }

        @Override
        public int serve(final int limit)
        {
            final long before = requestCount;
            if (0 == subscription.poll(handler, limit))
            {
                idle();
            }
            return (int)(requestCount - before);
        }

        /** Runs the driver: a full reply stream, or a missing request, may wait for it. */
        private void idle()
        {
            if (null != invoker && 0 == ++callCount % INVOKE_INTERVAL)
            {
                invoker.invoke();
                conductorInvoker.invoke();
            }
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
            CloseHelper.closeAll(aeron, driver);
        }

        private void onRequest(final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            requestCount++;
            final long number = Payload.number(buffer, offset);
            if (!request.verify(buffer, offset, length, number))
            {
                corruptCount++;
            }
            if (!isEnding && 0 == number % replyStep)
            {
                final Sender sender = senders[(int)header.reservedValue()];
                while (!sender.send(number))
                {
                    idle();
                    if (yields)
                    {
                        Thread.yield();
                    }
                }
            }
        }
    }

    private final class Client implements EchoClient
    {
        private final Aeron aeron;
        private final AtomicInteger openCount;
        private final Sender sender;
        private final Subscription subscription;
        private final FragmentHandler handler;
        private final Payload reply;
        private final int replyStep;
        private long receivedCount;

        Client(final Cell cell, final Aeron aeron, final AtomicInteger openCount, final int clientIndex)
        {
            this.aeron = aeron;
            this.openCount = openCount;
            reply = cell.reply();
            replyStep = cell.replyStep();
            sender = sender(aeron, REQUEST_STREAM_ID, cell.request(), clientIndex);
            subscription = aeron.addSubscription(CHANNEL, FIRST_REPLY_STREAM_ID + clientIndex);
            handler = sender.isClaimed ? this::onReply : new FragmentAssembler(this::onReply, cell.length());
        }

        void awaitConnection(final long deadlineNs)
        {
            while (!sender.isConnected() || !subscription.isConnected())
            {
                if (System.nanoTime() - deadlineNs >= 0)
                {
                    throw new IllegalStateException("no connection to the server in " +
                        TimeUnit.NANOSECONDS.toSeconds(CONNECT_TIMEOUT_NS) + " s: publication " +
                        sender.isConnected() + ", subscription " + subscription.isConnected());
                }
                Thread.yield();
            }
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
            CloseHelper.closeAll(sender, subscription);
            if (0 == openCount.decrementAndGet())
            {
                aeron.close();
            }
        }

        private void onReply(final DirectBuffer buffer, final int offset, final int length, final Header header)
        {
            receivedCount += replyStep;
            if (!reply.verify(buffer, offset, length, receivedCount))
            {
                throw new IllegalStateException(
                    "not the reply to message " + receivedCount + ": length=" + length);
            }
        }
    }
}
