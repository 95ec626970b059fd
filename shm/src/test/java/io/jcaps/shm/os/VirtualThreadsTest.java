/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.AsyncCall;
import io.jcaps.AsyncCalls;
import io.jcaps.AsyncReply;
import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionFixture;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualThreadsTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("F46: with more virtual threads waiting than there are carriers, others run, and a time limit holds")
    void shouldLetOtherVirtualThreadsRun() throws Exception
    {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads need JDK 21");
        final List<CompletableFuture<Integer>> waits = new ArrayList<>();
        try (Attachment caps = Caps.attach(fixture.config());
            ServicePort service = caps.service("idle", new PortOptions().spinCount(0)))
        {
            for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++)
            {
                waits.add(start(() -> service.await(new Message(), Long.MAX_VALUE)));
            }
            final ClientPort client = caps.client("idle", new PortOptions().spinCount(0));
            final UnsafeBuffer request = new UnsafeBuffer(new byte[8]);
            assertThat(start(() ->
                client.call(request, 0, 8, new Message(), TimeUnit.MILLISECONDS.toNanos(20))).get())
                .isEqualTo(Status.TIMED_OUT);
            assertThat(start(() -> 42).get()).isEqualTo(42);
        }
        for (final CompletableFuture<Integer> wait : waits)
        {
            assertThat(wait.get()).isIn(Status.CLOSED, 0, 2);
        }
    }

    @Test
    @DisplayName("B1: many virtual threads wait for futures of one port, and one is cancelled with its true outcome")
    void shouldCompleteCallsOfVirtualThreads() throws Exception
    {
        assumeTrue(Runtime.version().feature() >= 21, "virtual threads need JDK 21");
        final int callerCount = 64;
        final Geometry geometry = new Geometry(8, 8, 4, callerCount, 1024);
        final List<CompletableFuture<Integer>> callers = new ArrayList<>();
        try (Attachment caps = Caps.attach(fixture.config().geometry(geometry));
            ServicePort service = caps.service("doubling");
            AsyncCalls calls = new AsyncCalls(caps.client("doubling")))
        {
            final Thread completing = new Thread(calls);
            completing.start();
            for (int i = 0; i < callerCount; i++)
            {
                final int number = i;
                callers.add(start(() ->
                {
                    final UnsafeBuffer bytes = new UnsafeBuffer(new byte[4]);
                    bytes.putInt(0, number);
                    return calls.callAsync(bytes, 0, 4, (reply) -> reply.buffer().getInt(0)).join();
                }));
            }
            final Message request = new Message();
            final UnsafeBuffer reply = new UnsafeBuffer(new byte[4]);
            for (int i = 0; i < callerCount;)
            {
                if (MessageState.REQUEST == service.await(request, Long.MAX_VALUE))
                {
                    reply.putInt(0, 2 * request.buffer().getInt(0));
                    assertThat(request.reply(reply, 0, 4)).isEqualTo(Status.OK);
                    i++;
                }
            }
            for (int i = 0; i < callerCount; i++)
            {
                assertThat(callers.get(i).get()).isEqualTo(2 * i);
            }
            assertThat(start(() ->
            {
                final AsyncCall<AsyncReply> call = calls.callAsync(reply, 0, 4);
                return call.cancel(true) ? call.outcome() : AsyncCall.PENDING;
            }).get()).isIn(Outcome.ABORTED, Outcome.ABORTED | Outcome.RECEIVED);
            calls.close();
            completing.join();
        }
    }

    private interface Call
    {
        int run();
    }

    /** As {@code Thread.startVirtualThread}, which JDK 17 lacks. */
    private static CompletableFuture<Integer> start(final Call call) throws ReflectiveOperationException
    {
        final CompletableFuture<Integer> result = new CompletableFuture<>();
        final Runnable runnable = () ->
        {
            try
            {
                result.complete(call.run());
            }
            catch (final Throwable ex)
            {
                result.completeExceptionally(ex);
            }
        };
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, runnable);
        return result;
    }
}
