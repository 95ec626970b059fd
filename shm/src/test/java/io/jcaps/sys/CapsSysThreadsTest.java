/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Outcome;
import io.jcaps.processes.Tables;
import io.jcaps.processes.TestRegion;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.ANY;
import static io.jcaps.sys.SysPair.MAX_SIZE;
import static io.jcaps.sys.SysPair.NAME;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static io.jcaps.sys.SysPair.until;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Threads: those that wait, those that end a wait, and those that share a port.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysThreadsTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private final List<Thread> threads = new ArrayList<>();

    @AfterEach
    void after() throws InterruptedException
    {
        for (final Thread thread : threads)
        {
            thread.interrupt();
            thread.join(TimeUnit.SECONDS.toMillis(10));
            assertThat(thread.isAlive()).as("thread that the test left behind: " + thread.getName()).isFalse();
        }
    }

    /** What a call gave in another thread. */
    private record Result(long value, int errno, boolean isInterrupted)
    {
    }

    private CompletableFuture<Result> start(final CapsSys sys, final Callable<? extends Number> call)
    {
        final CompletableFuture<Result> future = new CompletableFuture<>();
        final Thread thread = new Thread(
            () ->
            {
                try
                {
                    final long value = call.call().longValue();
                    future.complete(new Result(value, sys.errno(), Thread.currentThread().isInterrupted()));
                }
                catch (final Throwable ex)
                {
                    future.completeExceptionally(ex);
                }
            });
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
        return future;
    }

    private Thread lastThread()
    {
        return threads.get(threads.size() - 1);
    }

    private static Result resultOf(final CompletableFuture<Result> future)
    {
        return future.orTimeout(1, TimeUnit.MINUTES).join();
    }

    private static void awaitSleeper(final Tables tables)
    {
        until(() -> tables.sleeperCount(NAME) > 0);
    }

    @Test
    @DisplayName("errno is each thread's own, and 0 until a call fails")
    void shouldHaveErrnoPerThread()
    {
        final CapsSys sys = region.openSys();
        assertThat(sys.errno()).isZero();
        assertFails(sys, EINVAL, sys.close(1));
        assertThat(resultOf(start(sys, () -> 1))).isEqualTo(new Result(1, 0, false));
        assertThat(resultOf(start(sys, () -> sys.client(NAME, 0, ANY, 0, CAPF_USER))))
            .isEqualTo(new Result(-1, ENOENT, false));
        assertThat(sys.errno()).isEqualTo(EINVAL);
        final CapsSys other = region.openSys();
        assertThat(other.errno()).isZero();
    }

    @Test
    @DisplayName("errno does not change when a call succeeds, as in C")
    void shouldKeepErrno()
    {
        final SysPair pair = new SysPair(region);
        assertFails(pair.client, EINVAL, pair.client.close(77));
        pair.put("x");
        assertThat(pair.client.errno()).isEqualTo(EINVAL);
    }

    @Test
    @DisplayName("R16: wait blocks until a request or a reply comes")
    void shouldWaitForMessages()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        final UnsafeBuffer request = new UnsafeBuffer(new byte[16]);
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[16]);
        for (int i = 0; i < 5; i++)
        {
            final CapsMsgId msgid = new CapsMsgId();
            final CompletableFuture<Result> service = start(pair.server, () ->
            {
                int length;
                do
                {
                    length = pair.server.wait(pair.svc, request, 16, msgid, null);
                }
                while (CAPMS_DISPOSE == msgid.state);
                return length;
            });
            awaitSleeper(tables);
            final long id = pair.put("ping");
            assertThat(resultOf(service).value()).isEqualTo(4);
            assertThat(msgid.id).isEqualTo(id);
            assertThat(request.getStringWithoutLengthAscii(0, 4)).isEqualTo("ping");

            final CapsMsgId replyId = new CapsMsgId();
            final CompletableFuture<Result> client =
                start(pair.client, () -> pair.client.wait(pair.port, reply, 16, replyId, null));
            until(() -> tables.clientSleeperCount() > 0);
            pair.reply(id, "pong!");
            assertThat(resultOf(client).value()).isEqualTo(5);
            assertThat(replyId.id).isEqualTo(id);
        }
    }

    @Test
    @DisplayName("R21: a disposal does not wake a sleeping service: it is delivered with the next message")
    void shouldNotWakeForDisposal()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        final long first = pair.put("1");
        pair.receive("1");
        pair.reply(first, "r");
        final CapsMsgId msgid = new CapsMsgId();
        final CompletableFuture<Result> service =
            start(pair.server, () -> pair.server.wait(pair.svc, pair.buffer, MAX_SIZE, msgid, null));
        awaitSleeper(tables);
        final int wakeCount = tables.wakeCount(NAME);
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[1]);
        assertThat(pair.client.get(pair.port, reply, 1, null, null)).isEqualTo(1);
        assertThat(tables.wakeCount(NAME)).isEqualTo(wakeCount);
        assertThat(tables.sleeperCount(NAME)).isEqualTo(1);

        final long second = pair.put("2");
        assertThat(resultOf(service).value()).isNotNegative();
        final Set<String> got = new HashSet<>();
        got.add(msgid.id + ":" + msgid.state);
        while (pair.server.get(pair.svc, pair.buffer, MAX_SIZE, msgid, null) >= 0)
        {
            assertThat(got.add(msgid.id + ":" + msgid.state)).isTrue();
        }
        assertThat(got).containsExactlyInAnyOrder(first + ":" + CAPMS_DISPOSE, second + ":" + CAPMS_REQUEST);
    }

    @Test
    @DisplayName("R16: wait that is interrupted is EINTR, at the service; the port is as good as before")
    void shouldInterruptService()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        for (int i = 0; i < 5; i++)
        {
            final CompletableFuture<Result> service =
                start(pair.server, () -> pair.server.wait(pair.svc, pair.buffer, MAX_SIZE, pair.msgid, null));
            awaitSleeper(tables);
            lastThread().interrupt();
            assertThat(resultOf(service)).isEqualTo(new Result(-1, EINTR, false));
            assertThat(tables.sleeperCount(NAME)).isZero();
        }
        pair.put("x");
        pair.receive("x");
    }

    @Test
    @DisplayName("R16: wait that is interrupted is EINTR, at the client; its messages are still in progress")
    void shouldInterruptClient()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        final long id = pair.put("x");
        final CompletableFuture<Result> client =
            start(pair.client, () -> pair.client.wait(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null));
        until(() -> tables.clientSleeperCount() > 0);
        lastThread().interrupt();
        assertThat(resultOf(client)).isEqualTo(new Result(-1, EINTR, false));
        pair.receive("x");
        pair.reply(id, "y");
        pair.takeReply(id, "y");
    }

    @Test
    @DisplayName("R16: interrupted before: a message that is there is taken, else EINTR at once")
    void shouldBeInterruptedBefore()
    {
        final SysPair pair = new SysPair(region);
        pair.put("x");
        Thread.currentThread().interrupt();
        assertThat(pair.server.wait(pair.svc, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(1);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
        assertFails(pair.server, EINTR, pair.server.wait(pair.svc, pair.buffer, MAX_SIZE, pair.msgid, null));
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    @DisplayName("R5: with WAITSVC the call blocks until the service is registered")
    void shouldWaitForService()
    {
        final int uid = region.ownUid();
        final CapsSys server = region.openSys();
        final CapsSys client = region.openSys();
        final CompletableFuture<Result> connected =
            start(client, () -> client.client(NAME, uid, ANY, 0, CAPF_USER | CAPF_WAITSVC));
        final Thread thread = lastThread();
        // Other services are not it.
        server.service("other", uid, ANY, 0, CAPF_USER);
        until(() -> Thread.State.RUNNABLE != thread.getState() || isInSleep(thread));
        assertThat(connected).isNotDone();
        final int svc = server.service(NAME, uid, ANY, 0, CAPF_USER);
        final Result result = resultOf(connected);
        assertThat(result.value()).isPositive();
        final long id = client.put((int)result.value(), null, 0);
        final CapsMsgId msgid = new CapsMsgId();
        assertThat(server.wait(svc, null, 0, msgid, null)).isZero();
        assertThat(msgid.id).isEqualTo(id);
    }

    private static boolean isInSleep(final Thread thread)
    {
        for (final StackTraceElement element : thread.getStackTrace())
        {
            if ("sleep".equals(element.getMethodName()))
            {
                return true;
            }
        }
        return false;
    }

    @Test
    @DisplayName("R5: an interrupted WAITSVC is EINTR, and leaves nothing in the tables")
    void shouldInterruptWaitForService()
    {
        final int uid = region.ownUid();
        final CapsSys client = region.openSys();
        final CompletableFuture<Result> connected =
            start(client, () -> client.client(NAME, uid, ANY, 0, CAPF_USER | CAPF_WAITSVC));
        final Thread thread = lastThread();
        until(() -> isInSleep(thread));
        thread.interrupt();
        assertThat(resultOf(connected)).isEqualTo(new Result(-1, EINTR, false));
        assertThat(region.tables().openPorts()).isEmpty();
    }

    @Test
    @DisplayName("R5: many that wait for one service are all connected when it comes")
    void shouldWakeAllThatWaitForService()
    {
        final int uid = region.ownUid();
        final CapsSys server = region.openSys();
        final List<CompletableFuture<Result>> results = new ArrayList<>();
        for (int i = 0; i < 6; i++)
        {
            final CapsSys client = i % 2 == 0 ? server : region.openSys();
            results.add(start(client, () -> client.client(NAME, uid, ANY, 0, CAPF_USER | CAPF_WAITSVC)));
        }
        server.service(NAME, uid, ANY, 0, CAPF_USER);
        for (final CompletableFuture<Result> result : results)
        {
            assertThat(resultOf(result).value()).isPositive();
        }
        assertThat(region.tables().usedLinks()).hasSize(6);
    }

    @Test
    @DisplayName("R23: the service closes: a client asleep in wait gets its outcomes, then ENOTCONN")
    void shouldWakeClientOfClosedService()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        final long id = pair.put("x");
        final CapsMsgId msgid = new CapsMsgId();
        final CompletableFuture<Result> client =
            start(pair.client, () -> pair.client.wait(pair.port, pair.buffer, MAX_SIZE, msgid, null));
        until(() -> tables.clientSleeperCount() > 0);
        pair.server.close(pair.svc);
        assertThat(resultOf(client).value()).isZero();
        assertThat(msgid.id).isEqualTo(id);
        assertThat(msgid.outcome).isEqualTo(Outcome.SERVICE_CLOSED);

        final CompletableFuture<Result> second =
            start(pair.client, () -> pair.client.wait(pair.port, pair.buffer, MAX_SIZE, msgid, null));
        assertThat(resultOf(second)).isEqualTo(new Result(-1, ENOTCONN, false));
    }

    @Test
    @DisplayName("R23: the service closes: a client asleep in wait with nothing in progress gets ENOTCONN")
    void shouldWakeIdleClientOfClosedService()
    {
        final SysPair pair = new SysPair(region);
        final Tables tables = region.tables();
        final CompletableFuture<Result> client =
            start(pair.client, () -> pair.client.wait(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null));
        until(() -> tables.clientSleeperCount() > 0);
        pair.server.close();
        assertThat(resultOf(client)).isEqualTo(new Result(-1, ENOTCONN, false));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R26: the own port closes under those that wait: each gets EINVAL, and no exception")
    void shouldEndWaitsOfClosedPort(final boolean isWholeProcess)
    {
        for (int round = 0; round < 50; round++)
        {
            try (CapsSys sys = CapsSys.open(region.path()))
            {
                final int svc = sys.service(NAME, region.ownUid(), ANY, 0, CAPF_USER);
                final CountDownLatch started = new CountDownLatch(3);
                final List<CompletableFuture<Result>> results = new ArrayList<>();
                for (int i = 0; i < 3; i++)
                {
                    results.add(start(sys, () ->
                    {
                        started.countDown();
                        return sys.wait(svc, new UnsafeBuffer(new byte[8]), 8, new CapsMsgId(), null);
                    }));
                }
                // Some rounds close when all are asleep, some while they fall asleep.
                until(() -> started.getCount() == 0);
                if (round % 2 == 0)
                {
                    until(() -> region.tables().sleeperCount(NAME) == 3);
                }
                if (isWholeProcess)
                {
                    sys.close();
                }
                else
                {
                    assertThat(sys.close(svc)).isZero();
                }
                for (final CompletableFuture<Result> result : results)
                {
                    assertThat(resultOf(result)).isEqualTo(new Result(-1, EINVAL, false));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R16: a thread that still waits on a closed port does not affect the next port")
    void shouldNotSpoilTheNextPort(final boolean isFutex)
    {
        System.setProperty("jcaps.futex", Boolean.toString(isFutex));
        try (CapsSys sys = CapsSys.open(region.path()))
        {
            final int uid = region.ownUid();
            final Tables tables = region.tables();
            for (int round = 0; round < 30; round++)
            {
                final int closed = sys.service(NAME, uid, ANY, 0, CAPF_USER);
                final CompletableFuture<Result> waiter =
                    start(sys, () -> sys.wait(closed, new UnsafeBuffer(new byte[8]), 8, new CapsMsgId(), null));
                awaitSleeper(tables);
                assertThat(sys.close(closed)).isZero();
                // Most likely in the entry that the other one had.
                final int next = sys.service(NAME, uid, ANY, 0, CAPF_USER);
                assertThat(resultOf(waiter)).isEqualTo(new Result(-1, EINVAL, false));
                // If it were less than 0, the first one to sleep on this port would not be seen, and never be woken.
                assertThat(tables.sleeperCount(NAME)).as("round " + round).isZero();
                assertThat(sys.close(next)).isZero();
            }
        }
        finally
        {
            System.clearProperty("jcaps.futex");
        }
    }

    @Test
    @DisplayName("get and close in two threads: each get gives a message or an errno, and never throws")
    void shouldSurviveCloseBesideGet()
    {
        final SysPair pair = new SysPair(region);
        for (int round = 0; round < 300; round++)
        {
            final int svc = pair.server.service("raced", pair.uid, ANY, 0, CAPF_USER);
            final int port = pair.client.client("raced", pair.uid, ANY, 0, CAPF_USER);
            for (int i = 0; i < 20; i++)
            {
                assertThat(pair.client.put(port, bytes("0123456789"), 10)).isPositive();
            }
            final CountDownLatch started = new CountDownLatch(1);
            final CompletableFuture<Result> getter = start(pair.server, () ->
            {
                final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
                int result;
                do
                {
                    result = pair.server.get(svc, buffer, 16, null, null);
                    started.countDown();
                }
                while (result >= 0 || EWOULDBLOCK == pair.server.errno());
                return result;
            });
            until(() -> started.getCount() == 0);
            assertThat(pair.server.close(svc)).isZero();
            assertThat(resultOf(getter)).isEqualTo(new Result(-1, EINVAL, false));
            assertThat(pair.client.close(port)).isZero();
        }
    }

    @Test
    @DisplayName("R20: several threads serve one port, another replies, in any order; each message has one outcome")
    void shouldServeWithManyThreads()
    {
        final SysPair pair = new SysPair(region);
        final int count = 3_000;
        final Set<Long> received = ConcurrentHashMap.newKeySet();
        final List<CompletableFuture<Result>> services = new ArrayList<>();
        for (int i = 0; i < 3; i++)
        {
            services.add(start(pair.server, () ->
            {
                final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
                final CapsMsgId msgid = new CapsMsgId();
                final List<Long> held = new ArrayList<>();
                while (pair.server.wait(pair.svc, buffer, 16, msgid, null) >= 0)
                {
                    if (CAPMS_REQUEST == msgid.state)
                    {
                        assertThat(received.add(msgid.id)).isTrue();
                        held.add(0, msgid.id);
                    }
                    // Held back, and replied to from the last to the first.
                    if (held.size() > 5 || CAPMS_REQUEST == msgid.state && buffer.getInt(0) >= count - 20)
                    {
                        for (final long id : held)
                        {
                            assertThat(pair.server.reply(pair.svc, bytes("r"), 1, id)).isZero();
                        }
                        held.clear();
                    }
                }
                assertThat(pair.server.errno()).isEqualTo(EINTR);
                for (final long id : held)
                {
                    assertThat(pair.server.reply(pair.svc, bytes("r"), 1, id)).isZero();
                }
                return 0;
            }));
        }
        final Set<Long> open = new HashSet<>();
        final UnsafeBuffer request = new UnsafeBuffer(new byte[4]);
        for (int i = 0; i < count; i++)
        {
            request.putInt(0, i);
            open.add(pair.client.put(pair.port, request, 4));
            // 3 threads hold 5 each at most: with more in progress one of them always replies.
            if (open.size() > 40)
            {
                assertThat(pair.client.wait(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(1);
                assertThat(open.remove(pair.msgid.id)).isTrue();
            }
        }
        until(() -> received.size() == count);
        for (final Thread thread : threads)
        {
            thread.interrupt();
        }
        while (!open.isEmpty())
        {
            assertThat(pair.client.wait(pair.port, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(1);
            assertThat(open.remove(pair.msgid.id)).isTrue();
        }
        services.forEach((service) -> assertThat(resultOf(service).value()).isZero());
        assertThat(received).hasSize(count);
    }

    @Test
    @DisplayName("many threads put and wait on one client port: each reply comes to one of them")
    void shouldShareClientPort()
    {
        final SysPair pair = new SysPair(region);
        final int count = 1_000;
        start(pair.server, () ->
        {
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
            final CapsMsgId msgid = new CapsMsgId();
            while (true)
            {
                final int length = pair.server.wait(pair.svc, buffer, 16, msgid, null);
                if (length < 0)
                {
                    return length;
                }
                if (CAPMS_REQUEST == msgid.state)
                {
                    pair.server.reply(pair.svc, buffer, length, msgid.id);
                }
            }
        });
        final Set<Long> sent = ConcurrentHashMap.newKeySet();
        final Set<Long> returned = ConcurrentHashMap.newKeySet();
        final List<CompletableFuture<Result>> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++)
        {
            clients.add(start(pair.client, () ->
            {
                final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
                final CapsMsgId msgid = new CapsMsgId();
                for (int j = 0; j < count; j++)
                {
                    assertThat(sent.add(pair.client.put(pair.port, buffer, 8))).isTrue();
                    assertThat(pair.client.wait(pair.port, buffer, 16, msgid, null)).isEqualTo(8);
                    assertThat(returned.add(msgid.id)).isTrue();
                }
                return 0;
            }));
        }
        clients.forEach((client) -> assertThat(resultOf(client).value()).isZero());
        assertThat(returned).isEqualTo(sent).hasSize(4 * count);
    }
}
