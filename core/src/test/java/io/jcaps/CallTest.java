/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A call puts a message and waits for its reply: B5. The host runs the service's part when the call would sleep.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CallTest
{
    private static final int LIMIT = 100;

    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 4, LIMIT));
    private final TestHost host = region.host();
    private final Attachment clientProcess = region.attach(host);
    private final Attachment serviceProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
    private final ClientPort client =
        clientProcess.client(TestRegion.NAME, new PortOptions().spinCount(0));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LIMIT]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        host.onSleep = null;
        region.close();
    }

    private long receive()
    {
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(request);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
        return request.id();
    }

    private void serve()
    {
        receive();
        bytes.putInt(4, request.buffer().getInt(0) + 1);
        assertThat(request.reply(bytes, 4, 4)).isEqualTo(Status.OK);
    }

    private void release(final int expected)
    {
        assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
        assertThat(reply.buffer().getInt(0)).isEqualTo(expected);
        reply.release();
    }

    @Test
    @DisplayName("B5: a call puts bytes or a claim and brings that one reply, asleep or with an idle strategy")
    void shouldCall()
    {
        host.onSleep = this::serve;
        bytes.putInt(0, 10);
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        release(11);
        final Claim claim = new Claim();
        client.claim(50, claim);
        claim.buffer().putInt(0, 20);
        assertThat(client.call(claim, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(claim.isFilled()).isFalse();
        release(21);
        host.onSleep = null;
        bytes.putInt(0, 30);
        assertThat(client.call(bytes, 0, 4, reply, new Serving(), Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        release(31);
        client.claim(4, claim);
        claim.buffer().putInt(0, 40);
        assertThat(client.call(claim, 4, reply, new Serving(), Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        release(41);
        assertThat(client.inProgress()).isZero();
    }

    /** An idle strategy that serves one request. */
    private final class Serving implements IdleStrategy
    {
        @Override
        public void idle(final int workCount)
        {
            idle();
        }

        @Override
        public void idle()
        {
            serve();
        }

        @Override
        public void reset()
        {
        }
    }

    @Test
    @DisplayName("B5: a call that times out aborts its message, and reports whether the service may have received it")
    void shouldTimeOut()
    {
        assertThat(client.call(bytes, 0, 4, reply, 0)).isEqualTo(Status.TIMED_OUT);
        assertThat(reply.id()).isPositive();
        assertThat(reply.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(reply.isView()).isFalse();
        assertThat(client.inProgress()).isZero();
        assertThat(service.get(request)).as("the service never receives it").isEqualTo(Status.WOULD_BLOCK);

        final AtomicBoolean isReceived = new AtomicBoolean();
        host.onSleep = () ->
        {
            if (!isReceived.getAndSet(true))
            {
                receive();
            }
        };
        assertThat(client.call(bytes, 0, 4, reply, 1_000_000)).isEqualTo(Status.TIMED_OUT);
        // On a machine that was stopped for a while, the time was over before the first sleep.
        if (isReceived.get())
        {
            assertThat(reply.id()).isEqualTo(request.id());
            assertThat(reply.outcome()).isEqualTo(Outcome.ABORTED | Outcome.RECEIVED);
            assertThat(request.reply(bytes, 0, 4)).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        }
        assertThat(client.call(bytes, 0, 4, reply, new YieldingIdleStrategy(), 100_000)).isEqualTo(Status.TIMED_OUT);
        assertThat(client.inProgress()).isZero();
    }

    @ParameterizedTest(name = "received: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("B5, R16: a call that is interrupted takes its message back; the interrupt status stays set")
    void shouldBeInterrupted(final boolean isReceived)
    {
        host.onSleep = () ->
        {
            if (isReceived)
            {
                receive();
            }
            Thread.currentThread().interrupt();
        };
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(Status.INTERRUPTED);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(reply.outcome()).isEqualTo(isReceived ? Outcome.ABORTED | Outcome.RECEIVED : Outcome.ABORTED);
        assertThat(client.inProgress()).isEqualTo(isReceived ? 1 : 0);
        if (isReceived)
        {
            request.reply(bytes, 0, 0);
            assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(client.inProgress()).isZero();
        }
    }

    @Test
    @DisplayName("B5: a call brings a reply that came while the thread was interrupted, or when its time was over")
    void shouldPreferReplyToInterrupt()
    {
        host.onSleep = () ->
        {
            serve();
            Thread.currentThread().interrupt();
        };
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(Thread.interrupted()).isTrue();
        reply.release();
    }

    @Test
    @DisplayName("B1, B5: a call whose service closes or dies brings that outcome")
    void shouldBringOutcomeWhenServiceGoes()
    {
        host.onSleep = () ->
        {
            receive();
            service.close();
        };
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        reply.release();
        final ServicePort again = serviceProcess.service(TestRegion.NAME, new PortOptions());
        final ClientPort other = clientProcess.client(TestRegion.NAME, new PortOptions().spinCount(0));
        assertThat(again.clientCount()).isEqualTo(1);
        host.onSleep = () ->
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        };
        assertThat(other.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_DIED);
        reply.release();
        assertThat(other.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("R26, B5: a call returns when another thread closes its port")
    void shouldReturnWhenClosed()
    {
        host.onSleep = client::close;
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("B5: after a call that put nothing the reply does not show the message of the call before")
    void shouldShowNoMessageWhenNothingWasPut()
    {
        host.onSleep = () ->
        {
            receive();
            service.close();
        };
        client.call(bytes, 0, 4, reply, Long.MAX_VALUE);
        reply.release();
        assertThat(reply.id()).isPositive();

        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(reply.id()).isZero();
        assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
        client.close();
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(Status.CLOSED);
        assertThat(reply.id()).isZero();
    }

    @Test
    @DisplayName("R29, B5: a call that another thread aborts brings the outcome")
    void shouldBringOutcomeOfAbort()
    {
        host.onSleep = () -> assertThat(client.abort(receive(), true)).isEqualTo(AbortResult.AT_SERVER);
        assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.outcome()).isEqualTo(Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(request.reply(bytes, 0, 1)).isEqualTo(Status.OK);
        reply.release();
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("B5, R19, R20: a reply that no thread takes is first in the ring, and a thousand calls pass it")
    void shouldPassReplyThatNoThreadTakes()
    {
        bytes.putInt(0, 1);
        final long firstId = client.put(bytes, 0, 4);
        serve();
        final long secondId = client.put(bytes, 0, 4);
        serve();
        host.onSleep = this::serve;
        for (int i = 0; i < 1_000; i++)
        {
            bytes.putInt(0, i);
            assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            release(i + 1);
        }
        assertThat(client.inProgress()).isEqualTo(2);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(firstId);
        reply.release();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(secondId);
        reply.release();
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("B5: a get in another thread does not take the reply of a call, nor a call that of a get")
    void shouldKeepCallsAndGetsApart()
    {
        final Message other = new Message();
        for (int i = 0; i < 200; i++)
        {
            bytes.putInt(0, 100);
            final long id = client.put(bytes, 0, 4);
            receive();
            final int round = i;
            host.onSleep = () ->
            {
                final long callId = receive();
                if (round % 2 == 0)
                {
                    service.reply(id, bytes, 0, 0);
                }
                bytes.putInt(4, 7);
                service.reply(callId, bytes, 4, 4);
                if (round % 2 == 1)
                {
                    service.reply(id, bytes, 0, 0);
                }
                if (round % 4 < 2)
                {
                    assertThat(client.get(other)).isEqualTo(MessageState.REPLY);
                    assertThat(other.id()).isEqualTo(id);
                    other.release();
                    assertThat(client.get(other)).isEqualTo(Status.WOULD_BLOCK);
                    assertThat(client.isReady()).isFalse();
                }
            };
            assertThat(client.call(bytes, 0, 4, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            release(7);
            if (round % 4 >= 2)
            {
                assertThat(client.get(other)).isEqualTo(MessageState.REPLY);
                assertThat(other.id()).isEqualTo(id);
                other.release();
            }
            assertThat(client.inProgress()).isZero();
        }
    }

    @Test
    @DisplayName("B5: calls of several threads each bring their own reply, whatever the order of the replies")
    void shouldBringEachCallItsReply() throws InterruptedException
    {
        final int threadCount = 3;
        final int callCount = 2_000;
        final AtomicBoolean isDone = new AtomicBoolean();
        final Throwable[] thrown = new Throwable[threadCount + 1];
        final Thread server = new Thread(() -> serveOutOfOrder(isDone));
        server.setUncaughtExceptionHandler((thread, ex) -> thrown[threadCount] = ex);
        final Thread[] threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            final int number = i;
            threads[i] = new Thread(() ->
            {
                final UnsafeBuffer source = new UnsafeBuffer(new byte[8]);
                final Message mine = new Message();
                for (int j = 0; j < callCount; j++)
                {
                    source.putLong(0, (long)number << 32 | j);
                    assertThat(client.call(source, 0, 8, mine, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
                    assertThat(mine.buffer().getLong(0)).isEqualTo(~((long)number << 32 | j));
                    mine.release();
                }
            });
            threads[i].setUncaughtExceptionHandler((thread, ex) -> thrown[number] = ex);
            threads[i].start();
        }
        server.start();
        for (final Thread thread : threads)
        {
            thread.join();
        }
        isDone.set(true);
        server.join();
        assertThat(thrown).containsOnlyNulls();
        assertThat(client.inProgress()).isZero();
    }

    private void serveOutOfOrder(final AtomicBoolean isDone)
    {
        final Message first = new Message();
        final Message second = new Message();
        final UnsafeBuffer answer = new UnsafeBuffer(new byte[8]);
        while (!isDone.get())
        {
            final boolean hasFirst = MessageState.REQUEST == service.await(first, 100_000);
            final boolean hasSecond = MessageState.REQUEST == service.await(second, 100_000);
            if (hasSecond)
            {
                answer.putLong(0, ~second.buffer().getLong(0));
                assertThat(second.reply(answer, 0, 8)).isEqualTo(Status.OK);
            }
            if (hasFirst)
            {
                answer.putLong(0, ~first.buffer().getLong(0));
                assertThat(first.reply(answer, 0, 8)).isEqualTo(Status.OK);
            }
        }
        first.release();
        second.release();
    }
}
