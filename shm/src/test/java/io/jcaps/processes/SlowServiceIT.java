/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageHandler;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortAgent;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A service that holds a request longer than its client waits.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowServiceIT
{
    private static final String NAME = "slow";
    private static final int SLOTS = TestRegion.SMALL.slotCount();
    private static final long HOLD_SECONDS = Long.getLong("hold.seconds", 10);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("F32, B5, R14: a call that times out frees its slot when the late reply comes")
    void shouldTimeOutAndRestoreSlots() throws InterruptedException
    {
        holdBeyondDeadline(TimeUnit.MILLISECONDS.toNanos(50), 0);
    }

    @Test
    @Tag("full")
    @DisplayName("F32, B5, R14: the same with a limit of 1 s, and a handler that holds for 10 s, or -Dhold.seconds=")
    void shouldTimeOutLongBeforeHandlerReplies() throws InterruptedException
    {
        holdBeyondDeadline(TimeUnit.SECONDS.toNanos(1), TimeUnit.SECONDS.toNanos(HOLD_SECONDS));
    }

    private void holdBeyondDeadline(final long timeoutNs, final long holdNs) throws InterruptedException
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final ServicePort service = region.closing(region.attach()).service(NAME, options);
        final ClientPort client = region.closing(region.attach()).client(NAME, options);
        final CountDownLatch goingOn = new CountDownLatch(1);
        final List<Long> disposed = new CopyOnWriteArrayList<>();
        final List<Integer> results = new CopyOnWriteArrayList<>();
        final List<Throwable> errors = new CopyOnWriteArrayList<>();
        final AgentRunner runner = new AgentRunner(new YieldingIdleStrategy(), errors::add, null,
            new PortAgent(service, new MessageHandler()
            {
                @Override
                public void onMessage(final Message message)
                {
                    try
                    {
                        goingOn.await();
                    }
                    catch (final InterruptedException ex)
                    {
                        Thread.currentThread().interrupt();
                    }
                    results.add(message.reply(message.buffer(), 0, message.length()));
                }

                @Override
                public void onDispose(final long id)
                {
                    disposed.add(id);
                }
            }, 1));
        region.closing(runner);
        final Thread thread = new Thread(runner);
        thread.start();

        final long beginNs = System.nanoTime();
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
        final Message reply = new Message();
        Pattern.fill(bytes, 100, 1);
        assertThat(client.call(bytes, 0, 100, reply, timeoutNs)).isEqualTo(Status.TIMED_OUT);
        assertThat(System.nanoTime() - beginNs).isGreaterThanOrEqualTo(timeoutNs);
        final long called = reply.id();
        assertThat(reply.outcome()).as("told that it may have been acted on").isEqualTo(
            Outcome.ABORTED | Outcome.RECEIVED);
        // Its outcome was taken; the slot stays in use until the service replies.
        assertThat(client.inProgress()).isEqualTo(1);

        // What is awaited, not called, stays in progress after a time limit, and is taken later.
        final List<Long> waiting = new ArrayList<>();
        for (int i = 1; i < SLOTS; i++)
        {
            waiting.add(client.put(bytes, 0, 100));
            assertThat(waiting.get(i - 1)).isPositive();
        }
        assertThat(client.await(reply, timeoutNs)).isEqualTo(Status.TIMED_OUT);
        assertThat(client.inProgress()).isEqualTo(SLOTS);
        assertThat(client.put(bytes, 0, 100)).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.isConnected()).isTrue();
        while (System.nanoTime() - beginNs < holdNs)
        {
            assertThat(client.await(reply, Math.min(timeoutNs, holdNs))).isEqualTo(Status.TIMED_OUT);
        }

        goingOn.countDown();
        for (final long id : waiting)
        {
            assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(id);
            assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
            assertThat(Pattern.isIn(reply.buffer(), 100, 1)).isTrue();
            reply.release();
        }
        assertThat(client.get(reply)).as("no call takes the late reply").isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.inProgress()).isZero();
        // The service sees no difference: its late reply was accepted, and is disposed of like any other. A reply can
        // be here before the service's thread has noted its result, but DISPOSE follows that note on the same thread.
        await().until(() -> disposed.size() == SLOTS);
        assertThat(results).hasSize(SLOTS).containsOnly(Status.OK);
        assertThat(disposed).contains(called).containsAll(waiting).doesNotHaveDuplicates();
        for (int i = 0; i < SLOTS; i++)
        {
            assertThat(client.put(bytes, 0, 100)).isPositive();
        }
        runner.close();
        thread.join();
        assertThat(errors).isEmpty();
    }
}
