/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import com.sun.management.ThreadMXBean;
import io.jcaps.layout.Geometry;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The data path allocates nothing, once it is warm.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AllocationTest
{
    private static final int ROUND_COUNT = Extent.of(20_000, 100_000);
    /** A deoptimization of compiled code allocates, too, ever more rarely; a message that allocates does so in each. */
    private static final int MAX_ATTEMPTS = 100;
    private static final int WARM_UP_COUNT = 20_000;

    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    private final TestRegion region = new TestRegion(new Geometry(4, 8, 4, 4, 200));
    private final ServicePort service = region.service();
    private final ClientPort client = region.client();
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Message disposal = new Message();
    private final Claim claim = new Claim();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[200]);
    private long checked;

    @AfterEach
    void close()
    {
        region.close();
    }

    private void assertAllocatesNothing(final Runnable round)
    {
        final long threadId = Thread.currentThread().getId();
        for (int i = 0; i < WARM_UP_COUNT; i++)
        {
            round.run();
        }
        // Allocations that the JVM makes once, for example to load a class late, do not count: those that do are made
        // there in each of the attempts, and a hundred thousand times.
        long least = Long.MAX_VALUE;
        for (int attempt = 0; attempt < MAX_ATTEMPTS && 0 != least; attempt++)
        {
            final long before = threads.getThreadAllocatedBytes(threadId);
            for (int i = 0; i < ROUND_COUNT; i++)
            {
                round.run();
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(threadId) - before);
        }
        assertThat(least).as("bytes allocated in " + ROUND_COUNT + " rounds").isZero();
    }

    private void check(final boolean condition)
    {
        if (!condition)
        {
            throw new AssertionError("round " + checked);
        }
        checked++;
    }

    @Test
    @DisplayName("B6: put, get, reply, get and release do not allocate, for short messages and long ones")
    void shouldNotAllocateInRoundTrip()
    {
        for (final int length : new int[]{8, 200})
        {
            assertAllocatesNothing(() ->
            {
                check(client.put(bytes, 0, length) > 0);
                check(service.get(request) == MessageState.REQUEST || service.get(request) == MessageState.REQUEST);
                check(Status.OK == request.reply(bytes, 0, length));
                check(client.get(reply) == MessageState.REPLY);
                reply.release();
                check(service.get(disposal) == MessageState.DISPOSE);
            });
        }
    }

    @Test
    @DisplayName("B6: batches of requests, replies and disposals, written in place, do not allocate")
    void shouldNotAllocateInBatches()
    {
        final int[] disposalCount = {0};
        final MessageHandler echo = new MessageHandler()
        {
            @Override
            public void onMessage(final Message message)
            {
                message.replyBuffer(message.length()).putLong(0, message.buffer().getLong(0));
                check(Status.OK == message.reply(message.length()));
            }

            @Override
            public void onDispose(final long id)
            {
                disposalCount[0]++;
            }
        };
        final MessageHandler take = (message) -> check(Outcome.REPLIED == message.outcome());
        for (final int length : new int[]{8, 200})
        {
            assertAllocatesNothing(() ->
            {
                for (int i = 0; i < 4; i++)
                {
                    client.next(length).putLong(0, i);
                    check(client.put(length) > 0);
                }
                check(null == client.next(length));
                check(Status.NO_BUFFERS == client.put(length));
                check(service.poll(echo, 10) >= 4);
                check(client.poll(take, 10) == 4);
            });
        }
        service.poll(echo, 10);
        check(disposalCount[0] > 0);
    }

    @Test
    @DisplayName("B6: claims in both directions and replies by id do not allocate")
    void shouldNotAllocateWithClaims()
    {
        assertAllocatesNothing(() ->
        {
            check(Status.OK == client.claim(100, claim));
            claim.buffer().putLong(0, 4711);
            check(claim.put(50, 4711) > 0);
            check(Status.OK == client.claim(1, claim));
            claim.cancel();
            int state = service.get(request);
            if (MessageState.DISPOSE == state)
            {
                state = service.get(request);
            }
            check(MessageState.REQUEST == state);
            check(Status.OK == service.claim(request.id(), 10, claim));
            claim.cancel();
            check(Status.OK == request.claimReply(10, claim));
            claim.buffer().putLong(0, 4712);
            check(Status.OK == claim.reply());
            check(client.get(reply) == MessageState.REPLY && 4711 == reply.cookie() && 1 == client.heldCount());
            reply.release();
            check(0 == client.claimedCount());
        });
    }

    @Test
    @DisplayName("R16, R17, R29: empty polls, aborts, and gets of messages that are too long do not allocate")
    void shouldNotAllocateWithoutResult()
    {
        assertAllocatesNothing(() ->
        {
            check(Status.WOULD_BLOCK == client.get(reply));
            final long id = client.put(bytes, 0, 20);
            check(AbortResult.BEFORE_SERVER == client.abort(id, true));
            check(MessageState.REPLY == client.get(reply));
            reply.release();
            check(Status.WOULD_BLOCK == service.get(request));
            check(client.put(bytes, 0, 20) > 0);
            check(MessageState.REQUEST == service.get(request, 10));
            check(Status.OK == request.reply(bytes, 0, 20));
            check(MessageState.REPLY == client.get(reply, 10));
            check(MessageState.REPLY == client.get(reply));
            reply.release();
            check(MessageState.DISPOSE == service.get(disposal));
            check(Status.INVALID == service.reply(id, bytes, 0, 0));
            check(!client.isReady());
        });
    }

    @Test
    @DisplayName("B5: a call that times out does not allocate")
    void shouldNotAllocateInCall()
    {
        assertAllocatesNothing(() ->
        {
            check(Status.TIMED_OUT == client.call(bytes, 0, 20, reply, 0));
            check(Status.WOULD_BLOCK == service.get(request));
        });
    }
}
