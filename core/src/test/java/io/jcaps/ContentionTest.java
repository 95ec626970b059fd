/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.testkit.Extent;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Many threads on one client port and one service port, for a fixed number of messages.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContentionTest
{
    private static final int MESSAGE_LIMIT = 64;
    private static final long SHORT_NS = 200_000;

    private final ExecutorService threads = Executors.newCachedThreadPool((runnable) ->
    {
        final Thread thread = new Thread(runnable);
        thread.setDaemon(true);
        return thread;
    });

    /** The events of each message, by its place in the order of puts. */
    private static final class Account
    {
        private final AtomicIntegerArray accepted;
        private final AtomicIntegerArray received;
        private final AtomicIntegerArray replied;
        private final AtomicIntegerArray disposed;
        private final AtomicIntegerArray outcomes;
        private final AtomicIntegerArray kinds;
        private final AtomicInteger acceptedCount = new AtomicInteger();
        private final AtomicInteger outcomeCount = new AtomicInteger();

        Account(final int capacity)
        {
            accepted = new AtomicIntegerArray(capacity);
            received = new AtomicIntegerArray(capacity);
            replied = new AtomicIntegerArray(capacity);
            disposed = new AtomicIntegerArray(capacity);
            outcomes = new AtomicIntegerArray(capacity);
            kinds = new AtomicIntegerArray(capacity);
        }

        static int index(final long id)
        {
            return (int)(SlotDescriptor.sequence(id) & (SlotDescriptor.COUNT_PER_LEASE - 1));
        }

        void accepted(final long id)
        {
            accepted.incrementAndGet(index(id));
            acceptedCount.incrementAndGet();
        }

        void outcome(final long id, final int outcome)
        {
            outcomes.incrementAndGet(index(id));
            kinds.set(index(id), outcome);
            outcomeCount.incrementAndGet();
        }

        void check()
        {
            final int count = acceptedCount.get();
            for (int i = 0; i < count; i++)
            {
                final int outcome = kinds.get(i);
                final String what = "message " + i + " with outcome " + Outcome.text(outcome);
                assertThat(accepted.get(i)).as(what).isEqualTo(1);
                assertThat(outcomes.get(i)).as("outcomes of " + what).isEqualTo(1);
                // RECEIVED without a reception is the careful answer: an abort that came while the service was about to
                // receive the message cannot wait for the result.
                assertThat(received.get(i)).as("receptions of " + what)
                    .isBetween(Outcome.REPLIED == outcome ? 1 : 0, Outcome.wasReceived(outcome) ? 1 : 0);
                assertThat(replied.get(i)).as("replies to " + what).isEqualTo(received.get(i));
                assertThat(disposed.get(i)).as("disposals of " + what).isEqualTo(replied.get(i));
            }
            assertThat(outcomeCount.get()).isEqualTo(count);
        }
    }

    private static int fill(final UnsafeBuffer buffer, final int length, final long nonce)
    {
        for (int i = 0; i < length; i++)
        {
            buffer.putByte(i, (byte)(nonce >>> (i & 7) * 8));
        }
        return length;
    }

    private static long checkFilled(final DirectBuffer buffer, final int from, final int length)
    {
        final long nonce = buffer.getLong(from);
        for (int i = 0; i < length; i++)
        {
            if (buffer.getByte(from + i) != (byte)(nonce >>> (i & 7) * 8))
            {
                throw new AssertionError("payload is torn at " + i + " of " + length);
            }
        }
        return nonce;
    }

    private static void checkReply(final Message reply)
    {
        if (Outcome.REPLIED == reply.outcome())
        {
            assertThat(reply.buffer().getLong(0)).isEqualTo(reply.id());
            checkFilled(reply.buffer(), 8, reply.length() - 8);
        }
        else
        {
            assertThat(reply.length()).isZero();
        }
    }

    private void runAll(final List<Callable<Void>> tasks) throws InterruptedException, ExecutionException
    {
        final List<Future<Void>> futures = new ArrayList<>();
        for (final Callable<Void> task : tasks)
        {
            futures.add(threads.submit(task));
        }
        boolean isDone = false;
        while (!isDone)
        {
            isDone = true;
            for (final Future<Void> future : futures)
            {
                if (future.isDone())
                {
                    future.get();
                }
                else
                {
                    isDone = false;
                }
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @ParameterizedTest(name = "{0} slots, {1} messages, futex {2}, {3} polls")
    @CsvSource({"2, 30000, false, 200", "4, 50000, true, 0", "32, 50000, true, 50"})
    @DisplayName("R14, R20, R21, R29, B1, B5: with many threads each message has one outcome, one worker, one disposal")
    void shouldGiveEachMessageOneOutcome(
        final int slotCount, final int messageCount, final boolean hasFutex, final int spinCount)
        throws InterruptedException, ExecutionException
    {
        final long seed = System.nanoTime();
        System.out.println("ContentionTest: seed=" + seed);
        final Account account = new Account(messageCount + 1_000);
        final TestFutex futex = hasFutex ? new TestFutex() : null;
        try (TestRegion region = new TestRegion(new Geometry(4, 8, 2, slotCount, MESSAGE_LIMIT), futex))
        {
            final PortOptions options = new PortOptions().spinCount(spinCount);
            final ServicePort service = region.attach().service(TestRegion.NAME, options);
            final ClientPort client = region.attach().client(TestRegion.NAME, options);
            final AtomicInteger senderCount = new AtomicInteger(4);
            final BlockingQueue<Long> later = new LinkedBlockingQueue<>();
            final ConcurrentHashMap<Long, Long> nonces = new ConcurrentHashMap<>();

            final List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 2; i++)
            {
                final Random random = new Random(seed + i);
                tasks.add(() -> sendAll(client, account, random, messageCount, senderCount));
                tasks.add(() -> callAll(client, account, new Random(random.nextLong()), messageCount, senderCount));
                tasks.add(() -> takeAll(client, account, senderCount));
                tasks.add(() -> serve(service, account, new Random(random.nextLong()), later, nonces,
                    client, senderCount));
            }
            tasks.add(() -> replyLater(service, account, later, nonces, client, senderCount));
            runAll(tasks);

            final Message message = new Message();
            while (service.get(message) >= 0)
            {
                assertThat(message.state()).isEqualTo(MessageState.DISPOSE);
                account.disposed.incrementAndGet(Account.index(message.id()));
            }
            assertThat(client.get(message)).isEqualTo(Status.WOULD_BLOCK);
            while (service.get(message) >= 0)
            {
                assertThat(message.state()).isEqualTo(MessageState.DISPOSE);
                account.disposed.incrementAndGet(Account.index(message.id()));
            }
            assertThat(client.inProgress()).isZero();
            assertThat(account.acceptedCount.get()).isGreaterThanOrEqualTo(messageCount);
            account.check();
        }
    }

    private static Void sendAll(
        final ClientPort client,
        final Account account,
        final Random random,
        final int messageCount,
        final AtomicInteger senderCount)
    {
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        final Claim claim = new Claim();
        final long[] recent = new long[4];
        try
        {
            while (account.acceptedCount.get() < messageCount)
            {
                final int length = 8 + random.nextInt(MESSAGE_LIMIT - 16);
                final int dice = random.nextInt(10);
                long id;
                if (dice < 5)
                {
                    id = client.put(source, 0, fill(source, length, random.nextLong()));
                }
                else
                {
                    id = client.claim(length, claim);
                    if (Status.OK == id)
                    {
                        fill((UnsafeBuffer)claim.buffer(), length, random.nextLong());
                        if (5 == dice)
                        {
                            claim.cancel();
                            continue;
                        }
                        id = claim.put();
                        if (claim.isFilled())
                        {
                            assertThat(id).isEqualTo(Status.NO_BUFFERS);
                            claim.cancel();
                        }
                    }
                }
                if (id > 0)
                {
                    account.accepted(id);
                    recent[random.nextInt(recent.length)] = id;
                }
                else
                {
                    assertThat(id).isEqualTo(Status.NO_BUFFERS);
                    LockSupport.parkNanos(20_000);
                }
                if (random.nextInt(4) == 0)
                {
                    final int result = client.abort(recent[random.nextInt(recent.length)], random.nextBoolean());
                    assertThat(result).isIn(Status.INVALID, AbortResult.RETURNED, AbortResult.BEFORE_SERVER,
                        AbortResult.AT_SERVER);
                }
            }
        }
        finally
        {
            senderCount.decrementAndGet();
        }
        return null;
    }

    private static Void callAll(
        final ClientPort client,
        final Account account,
        final Random random,
        final int messageCount,
        final AtomicInteger senderCount)
    {
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        final Message reply = new Message();
        try
        {
            while (account.acceptedCount.get() < messageCount)
            {
                final long nonce = random.nextLong();
                final int length = fill(source, 8 + random.nextInt(MESSAGE_LIMIT - 16), nonce);
                final long timeoutNs = random.nextInt(10) == 0 ? random.nextInt(100_000) : Long.MAX_VALUE;
                final int result = client.call(source, 0, length, reply, timeoutNs);
                if (Status.NO_BUFFERS == result)
                {
                    LockSupport.parkNanos(20_000);
                    continue;
                }
                account.accepted(reply.id());
                account.outcome(reply.id(), reply.outcome());
                if (MessageState.REPLY == result)
                {
                    checkReply(reply);
                    if (Outcome.REPLIED == reply.outcome() && reply.length() >= 16)
                    {
                        assertThat(reply.buffer().getLong(8)).as("reply to another call").isEqualTo(nonce);
                    }
                    reply.release();
                }
                else
                {
                    assertThat(result).isEqualTo(Status.TIMED_OUT);
                    assertThat(Outcome.kind(reply.outcome())).isEqualTo(Outcome.ABORTED);
                }
            }
        }
        finally
        {
            senderCount.decrementAndGet();
        }
        return null;
    }

    private static boolean isOver(final ClientPort client, final AtomicInteger senderCount)
    {
        return 0 == senderCount.get() && 0 == client.inProgress();
    }

    private static Void takeAll(final ClientPort client, final Account account, final AtomicInteger senderCount)
    {
        final Message reply = new Message();
        while (!isOver(client, senderCount))
        {
            final int result = client.await(reply, 0 == senderCount.get() ? SHORT_NS : 100 * SHORT_NS);
            if (MessageState.REPLY == result)
            {
                checkReply(reply);
                account.outcome(reply.id(), reply.outcome());
                reply.release();
            }
            else
            {
                assertThat(result).isEqualTo(Status.TIMED_OUT);
            }
        }
        return null;
    }

    private static Void serve(
        final ServicePort service,
        final Account account,
        final Random random,
        final BlockingQueue<Long> later,
        final ConcurrentHashMap<Long, Long> nonces,
        final ClientPort client,
        final AtomicInteger senderCount)
    {
        final Message message = new Message();
        final Claim claim = new Claim();
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        while (!isOver(client, senderCount))
        {
            final int result = service.await(message, 0 == senderCount.get() ? SHORT_NS : 100 * SHORT_NS);
            if (MessageState.DISPOSE == result)
            {
                account.disposed.incrementAndGet(Account.index(message.id()));
            }
            else if (MessageState.REQUEST == result)
            {
                final long id = message.id();
                account.received.incrementAndGet(Account.index(id));
                final long nonce = checkFilled(message.buffer(), 0, message.length());
                final int length = 16 + random.nextInt(MESSAGE_LIMIT - 15);
                switch (random.nextInt(3))
                {
                    case 0:
                        nonces.put(id, nonce);
                        later.add(id);
                        break;

                    case 1:
                        source.putLong(0, id);
                        fill(new UnsafeBuffer(source, 8, length - 8), length - 8, nonce);
                        account.replied.incrementAndGet(Account.index(id));
                        assertThat(message.reply(source, 0, length)).isEqualTo(Status.OK);
                        break;

                    default:
                        assertThat(message.claimReply(length, claim)).isEqualTo(Status.OK);
                        claim.buffer().putLong(0, id);
                        fill(new UnsafeBuffer(claim.buffer(), 8, length - 8), length - 8, nonce);
                        account.replied.incrementAndGet(Account.index(id));
                        assertThat(claim.reply()).isEqualTo(Status.OK);
                        break;
                }
            }
            else
            {
                assertThat(result).isEqualTo(Status.TIMED_OUT);
            }
        }
        message.release();
        return null;
    }

    private static Void replyLater(
        final ServicePort service,
        final Account account,
        final BlockingQueue<Long> later,
        final ConcurrentHashMap<Long, Long> nonces,
        final ClientPort client,
        final AtomicInteger senderCount) throws InterruptedException
    {
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        while (!isOver(client, senderCount))
        {
            final Long id = later.poll(SHORT_NS, TimeUnit.NANOSECONDS);
            if (null != id)
            {
                source.putLong(0, id);
                fill(new UnsafeBuffer(source, 8, 24), 24, nonces.remove(id));
                account.replied.incrementAndGet(Account.index(id));
                assertThat(service.reply(id, source, 0, 32)).isEqualTo(Status.OK);
            }
        }
        return null;
    }

    @Test
    @DisplayName("R4, R15, R23-R26, B1, B3: clients and services come and go, and no call is lost or answered twice")
    void shouldSurviveComingAndGoing() throws InterruptedException, ExecutionException
    {
        final long seed = System.nanoTime();
        System.out.println("ContentionTest: seed=" + seed);
        final int callCount = Extent.of(3_000, 10_000);
        final AtomicInteger callsLeft = new AtomicInteger(callCount);
        final AtomicInteger clientThreads = new AtomicInteger(3);
        final AtomicIntegerArray kinds = new AtomicIntegerArray(4);
        try (TestRegion region = new TestRegion(new Geometry(16, 16, 8, 2, MESSAGE_LIMIT), new TestFutex()))
        {
            final List<Callable<Void>> tasks = new ArrayList<>();
            final Attachment[] clientProcesses = {region.attach(), region.attach(), region.attach()};
            final Attachment[] serviceProcesses = {region.attach(), region.attach()};
            for (int i = 0; i < clientProcesses.length; i++)
            {
                final Random random = new Random(seed + i);
                final Attachment process = clientProcesses[i];
                tasks.add(() -> callAnyService(process, random, callsLeft, clientThreads, kinds));
            }
            for (int i = 0; i < serviceProcesses.length; i++)
            {
                final Random random = new Random(seed - 1 - i);
                final Attachment process = serviceProcesses[i];
                tasks.add(() -> serveForAWhile(process, random, clientThreads));
            }
            runAll(tasks);
            assertThat(kinds.get(Outcome.REPLIED)).isPositive();
            assertThat(kinds.get(Outcome.REPLIED) + kinds.get(Outcome.SERVICE_CLOSED))
                .isGreaterThanOrEqualTo(callCount);
        }
    }

    private static Void callAnyService(
        final Attachment process,
        final Random random,
        final AtomicInteger callsLeft,
        final AtomicInteger clientThreads,
        final AtomicIntegerArray kinds)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC).spinCount(20);
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        final Message reply = new Message();
        try
        {
            while (callsLeft.get() > 0)
            {
                final ClientPort client;
                try
                {
                    client = process.client(TestRegion.NAME, options);
                }
                catch (final CapsException ex)
                {
                    // All links wait for their services to release them.
                    assertThat(ex.status()).as(ex.getMessage()).isEqualTo(Status.NO_BUFFERS);
                    LockSupport.parkNanos(20_000);
                    continue;
                }
                for (int i = random.nextInt(100); i >= 0; i--)
                {
                    final long nonce = random.nextLong();
                    fill(source, 16, nonce);
                    final int result = client.call(source, 0, 16, reply, Long.MAX_VALUE);
                    if (Status.NOT_CONNECTED == result)
                    {
                        break;
                    }
                    assertThat(result).isEqualTo(MessageState.REPLY);
                    kinds.incrementAndGet(Outcome.kind(reply.outcome()));
                    callsLeft.decrementAndGet();
                    if (Outcome.REPLIED == reply.outcome())
                    {
                        checkReply(reply);
                        assertThat(reply.buffer().getLong(8)).isEqualTo(nonce);
                    }
                    else
                    {
                        assertThat(Outcome.kind(reply.outcome())).isEqualTo(Outcome.SERVICE_CLOSED);
                    }
                    reply.release();
                }
                client.close();
            }
        }
        finally
        {
            clientThreads.decrementAndGet();
        }
        return null;
    }

    private static Void serveForAWhile(
        final Attachment process, final Random random, final AtomicInteger clientThreads)
    {
        final UnsafeBuffer source = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
        final Message message = new Message();
        while (clientThreads.get() > 0)
        {
            final ServicePort service = process.service(TestRegion.NAME, new PortOptions().spinCount(20));
            for (int i = random.nextInt(400); i >= 0; i--)
            {
                final int result = service.await(message, SHORT_NS);
                if (MessageState.REQUEST == result && random.nextInt(50) > 0)
                {
                    source.putLong(0, message.id());
                    fill(new UnsafeBuffer(source, 8, 16), 16, checkFilled(message.buffer(), 0, 16));
                    assertThat(message.reply(source, 0, 24)).isEqualTo(Status.OK);
                }
            }
            service.close();
        }
        return null;
    }
}
