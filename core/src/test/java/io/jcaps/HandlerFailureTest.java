/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.SteppingHost;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A handler that fails, with each kind of throwable, at each step of its work with a message.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandlerFailureTest
{
    private static final int REPLY_LENGTH = 40;

    private final TestRegion region = new TestRegion(2, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message reply = new Message();
    private final Claim claim = new Claim();
    private final List<Throwable> errors = new CopyOnWriteArrayList<>();

    /** The throwable of a handler. */
    enum Failure
    {
        RUNTIME(() -> new IllegalStateException("on purpose")),
        CHECKED(() -> new IOException("on purpose")),
        INTERRUPTED(() -> new InterruptedException("on purpose")),
        ASSERTION(() -> new AssertionError("on purpose")),
        STACK_OVERFLOW(Failure::overflow),
        OUT_OF_MEMORY(() -> new OutOfMemoryError("on purpose")),
        INTERNAL(() -> new InternalError("on purpose")),
        LINKAGE(() -> new NoClassDefFoundError("on purpose")),
        THREAD_DEATH(DeathOfThread::new),
        NEITHER(Neither::new);

        private final Supplier<Throwable> supplier;

        Failure(final Supplier<Throwable> supplier)
        {
            this.supplier = supplier;
        }

        private static Throwable overflow()
        {
            try
            {
                return new AssertionError("deep enough: " + recurse(1));
            }
            catch (final StackOverflowError error)
            {
                return error;
            }
        }

        private static int recurse(final int depth)
        {
            return recurse(depth + 1) + 1;
        }

        boolean isException()
        {
            return ordinal() <= INTERRUPTED.ordinal();
        }
    }

    /** Like ThreadDeath, which is deprecated in newer JDKs. */
    private static final class DeathOfThread extends Error
    {
        private static final long serialVersionUID = 1L;
    }

    private static final class Neither extends Throwable
    {
        private static final long serialVersionUID = 1L;
    }

    /** The step after which the handler fails. */
    enum Step
    {
        HOLDING(0),
        AFTER_RELEASE(0),
        CLAIMED(0),
        CLAIMED_AND_FILLED(0),
        CLAIMED_BY_ID(0),
        CLAIM_CANCELLED(0),
        CLAIM_REPLIED(REPLY_LENGTH),
        REPLIED(REPLY_LENGTH),
        REPLIED_AND_RELEASED(REPLY_LENGTH);

        final int length;

        Step(final int length)
        {
            this.length = length;
        }

        boolean hasReplied()
        {
            return 0 != length;
        }
    }

    static Stream<Arguments> combinations()
    {
        return Arrays.stream(Failure.values()).flatMap(
            (failure) -> Arrays.stream(Step.values()).map((step) -> Arguments.of(failure, step)));
    }

    @AfterEach
    void close()
    {
        // After an Error the program still has it, and a process stays in the region while a claim is not spent.
        claim.cancel();
        region.close();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(final Throwable throwable) throws T
    {
        throw (T)throwable;
    }

    /** Fails at the first request, with a disposal before it or not; replies to any other with a claim. */
    private final class Handler implements MessageHandler
    {
        private final ServicePort service;
        private final Failure failure;
        private final Step step;
        private boolean hasFailed;
        private Throwable thrown;

        Handler(final ServicePort service, final Failure failure, final Step step)
        {
            this.service = service;
            this.failure = failure;
            this.step = step;
        }

        @Override
        public void onMessage(final Message message)
        {
            if (MessageState.DISPOSE == message.state())
            {
                return;
            }
            if (hasFailed)
            {
                reply(message);
                return;
            }
            hasFailed = true;
            switch (step)
            {
                case HOLDING -> assertThat(message.buffer().getInt(0)).isEqualTo(1);
                case AFTER_RELEASE -> message.release();
                case CLAIMED -> assertThat(message.claimReply(REPLY_LENGTH, claim)).isEqualTo(Status.OK);
                case CLAIMED_AND_FILLED ->
                {
                    assertThat(message.claimReply(REPLY_LENGTH, claim)).isEqualTo(Status.OK);
                    claim.buffer().setMemory(0, REPLY_LENGTH, (byte)-1);
                }
                case CLAIMED_BY_ID ->
                    assertThat(service.claim(message.id(), REPLY_LENGTH, claim)).isEqualTo(Status.OK);
                case CLAIM_CANCELLED ->
                {
                    assertThat(message.claimReply(REPLY_LENGTH, claim)).isEqualTo(Status.OK);
                    claim.cancel();
                }
                case CLAIM_REPLIED -> reply(message);
                case REPLIED -> assertThat(message.reply(bytes, 0, REPLY_LENGTH)).isEqualTo(Status.OK);
                case REPLIED_AND_RELEASED ->
                {
                    assertThat(message.reply(bytes, 0, REPLY_LENGTH)).isEqualTo(Status.OK);
                    message.release();
                }
                default -> throw new IllegalStateException(step.name());
            }
            thrown = failure.supplier.get();
            HandlerFailureTest.<RuntimeException>sneak(thrown);
        }

        private void reply(final Message message)
        {
            assertThat(message.claimReply(REPLY_LENGTH, claim)).isEqualTo(Status.OK);
            assertThat(claim.reply()).isEqualTo(Status.OK);
        }
    }

    @ParameterizedTest(name = "{0} {1}, by an invoker")
    @MethodSource("combinations")
    @DisplayName(
        "B4, B1, F34: whatever a handler throws, each request has one outcome, and nothing leaks")
    void shouldAnswerOnceWhateverHandlerThrows(final Failure failure, final Step step)
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final Handler handler = new Handler(service, failure, step);
        final AgentInvoker invoker = new AgentInvoker(errors::add, null, new PortAgent(service, handler, 1));
        invoker.start();
        bytes.putInt(0, 1);
        final long first = client.put(bytes, 0, 4);
        final long second = client.put(bytes, 0, 4);
        final boolean isError = !failure.isException() && Failure.NEITHER != failure;
        if (isError)
        {
            assertThatThrownBy(invoker::invoke).isSameAs(handler.thrown).hasNoSuppressedExceptions();
        }
        else
        {
            invoker.invoke();
        }
        // An invoker treats any interrupt as a request to close.
        assertThat(Thread.interrupted()).isEqualTo(Failure.INTERRUPTED == failure);
        if (Failure.INTERRUPTED != failure)
        {
            assertThat(errors).hasSize(1);
            assertThat(errors.get(0)).isSameAs(handler.thrown);
        }
        assertOutcomes(service, client, failure, step, first, second, invoker::invoke);
        invoker.close();
    }

    @ParameterizedTest(name = "{0}, by a runner")
    @EnumSource(Failure.class)
    @DisplayName(
        "B4, B1, F34: under a runner the port continues after an exception, and closes with its thread otherwise")
    void shouldAnswerOnceByRunner(final Failure failure) throws InterruptedException
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        bytes.putInt(0, 1);
        final long first = client.put(bytes, 0, 4);
        final long second = client.put(bytes, 0, 4);
        final Handler handler = new Handler(service, failure, Step.CLAIMED_AND_FILLED);
        final List<Throwable> uncaught = new CopyOnWriteArrayList<>();
        final AgentRunner runner =
            new AgentRunner(new YieldingIdleStrategy(), errors::add, null, new PortAgent(service, handler, 1));
        final Thread thread = new Thread(runner);
        thread.setUncaughtExceptionHandler((dead, throwable) -> uncaught.add(throwable));
        thread.start();
        final boolean goesOn = failure.isException() && Failure.INTERRUPTED != failure;
        if (!goesOn && Failure.NEITHER != failure)
        {
            thread.join();
            assertThat(uncaught).hasSize(failure.isException() ? 0 : 1);
        }
        assertOutcomes(service, client, failure, Step.CLAIMED_AND_FILLED, first, second, Thread::yield);
        runner.close();
        thread.join();
        assertThat(service.isClosed()).isTrue();
        if (Failure.INTERRUPTED == failure)
        {
            assertThat(errors).isEmpty();
        }
        else
        {
            assertThat(errors).hasSize(1);
            assertThat(errors.get(0)).isSameAs(handler.thrown);
        }
    }

    private void assertOutcomes(
        final ServicePort service,
        final ClientPort client,
        final Failure failure,
        final Step step,
        final long first,
        final long second,
        final Runnable turn)
    {
        final boolean isAnswered = failure.isException() || step.hasReplied();
        assertOutcome(client, turn, first,
            isAnswered ? Outcome.REPLIED : Outcome.SERVICE_CLOSED | Outcome.RECEIVED, step.length);
        if (failure.isException() && Failure.INTERRUPTED != failure)
        {
            assertOutcome(client, turn, second, Outcome.REPLIED, REPLY_LENGTH);
            for (int i = 0; i < 10; i++)
            {
                assertOutcome(client, turn, client.put(bytes, 0, 4), Outcome.REPLIED, REPLY_LENGTH);
            }
            assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(service.isClosed()).isFalse();
            // As soon as this client has left, another may take the link: no view and no claim of it is left.
            client.close();
            assertThat(service.clientCount()).isZero();
            assertThat(region.linksInUse()).isZero();
        }
        else
        {
            assertOutcome(client, turn, second, Outcome.SERVICE_CLOSED, 0);
            assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
            assertThat(client.inProgress()).isZero();
            assertThat(client.put(bytes, 0, 4)).isEqualTo(Status.NOT_CONNECTED);
            assertThat(service.isClosed()).isTrue();
        }
    }

    private void assertOutcome(
        final ClientPort client, final Runnable turn, final long id, final int outcome, final int length)
    {
        int state = client.get(reply);
        while (Status.WOULD_BLOCK == state)
        {
            turn.run();
            state = client.get(reply);
        }
        assertThat(state).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        assertThat(reply.length()).isEqualTo(length);
        reply.release();
    }

    @Test
    @DisplayName("B4, R24, F34: the claim of a handler that throws is void, also if its client has gone: no leak")
    void shouldReleaseLinkWhenHandlerThrowsAfterItsClientHasGone()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final PortAgent agent = new PortAgent(service, (message) ->
        {
            assertThat(message.claimReply(REPLY_LENGTH, claim)).isEqualTo(Status.OK);
            client.close();
            assertThat(service.clientCount()).isZero();
            throw new IllegalStateException("on purpose");
        }, 1);
        client.put(bytes, 0, 4);
        assertThatThrownBy(agent::doWork).isInstanceOf(IllegalStateException.class).hasMessage("on purpose");
        assertThat(claim.isFilled()).isFalse();
        assertThat(service.clientCount()).isZero();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("F34: a void claim sends no reply, and its message was replied to with 0 bytes")
    void shouldNotReplyByVoidClaim()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final List<Message> kept = new ArrayList<>();
        final PortAgent agent = new PortAgent(service, (message) ->
        {
            if (MessageState.REQUEST == message.state())
            {
                message.claimReply(REPLY_LENGTH, claim);
                kept.add(message);
                throw new IllegalStateException("on purpose");
            }
        }, 1);
        final long id = client.put(bytes, 0, 4);
        assertThatThrownBy(agent::doWork).isInstanceOf(IllegalStateException.class);
        assertThat(kept).hasSize(1);
        assertThatThrownBy(claim::reply).isInstanceOf(IllegalStateException.class).hasMessageContaining("spent");
        claim.cancel();
        assertThat(service.reply(id, bytes, 0, 8)).isEqualTo(Status.INVALID);
        assertOutcome(client, Thread::yield, id, Outcome.REPLIED, 0);
    }

    @Test
    @DisplayName("F34, B2: the death of a service's thread closes nothing: the port waits for another thread")
    void shouldContinueWithPortWhoseThreadDied() throws InterruptedException
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final List<Throwable> uncaught = new CopyOnWriteArrayList<>();
        final long first = client.put(bytes, 0, 4);
        final Thread thread = new Thread(() ->
        {
            assertThat(service.get(new Message())).isEqualTo(MessageState.REQUEST);
            throw new IllegalStateException("on purpose");
        });
        thread.setUncaughtExceptionHandler((dead, throwable) -> uncaught.add(throwable));
        thread.start();
        thread.join();
        assertThat(uncaught).hasSize(1);
        assertThat(client.isConnected()).isTrue();
        assertThat(client.call(bytes, 0, 4, reply, TimeUnit.MILLISECONDS.toNanos(20))).isEqualTo(Status.TIMED_OUT);
        assertThat(reply.outcome()).isEqualTo(Outcome.ABORTED);
        // Any thread with the id can reply; a close of the port ends it for its clients.
        assertThat(service.reply(first, bytes, 0, 5)).isEqualTo(Status.OK);
        assertOutcome(client, Thread::yield, first, Outcome.REPLIED, 5);
        final long second = client.put(bytes, 0, 4);
        service.close();
        assertOutcome(client, Thread::yield, second, Outcome.SERVICE_CLOSED, 0);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    @ParameterizedTest(name = "completed by the watch: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F34, R23: a close that fails for lack of memory is completed by the next close, or by the watch")
    void shouldCompleteCloseThatFailed(final boolean isByWatch)
    {
        int failureCount = 0;
        for (int store = 0; failureCount == store; store++)
        {
            final SteppingHost host = new SteppingHost(region.host());
            final Attachment process = region.attach(host);
            final ServicePort service = process.service(TestRegion.NAME, new PortOptions());
            final ClientPort client = region.client();
            final AssertionError thrown = new AssertionError("on purpose");
            final PortAgent agent = new PortAgent(service, (message) ->
            {
                throw thrown;
            }, 1);
            final long id = client.put(bytes, 0, 4);
            assertThat(service.clientCount()).isEqualTo(1);
            final OutOfMemoryError noMemory = new OutOfMemoryError("on purpose");
            final int failing = store;
            final int[] storeCount = new int[1];
            final boolean[] hasFailed = new boolean[1];
            assertThatThrownBy(() -> doWorkFailing(agent, host, () ->
            {
                if (service.isClosed() && !isTidyingUp() && storeCount[0]++ == failing)
                {
                    hasFailed[0] = true;
                    throw noMemory;
                }
            })).isSameAs(thrown);
            if (hasFailed[0])
            {
                failureCount++;
                assertThat(thrown).hasSuppressedException(noMemory);
                if (isByWatch)
                {
                    process.watch().doWork();
                }
                else
                {
                    agent.onClose();
                }
            }
            assertOutcome(client, Thread::yield, id, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, 0);
            assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
            client.close();
            process.close();
            assertThat(region.portsInUse()).isZero();
            assertThat(region.linksInUse()).isZero();
        }
        assertThat(failureCount).isGreaterThan(1);
    }

    /**
     * Whether this is after the end of the port: any process does later what is left undone there. Or at the release of
     * the tables' lock, which is no store: a failure there leaves the lock free (HostFaultTest).
     */
    private static boolean isTidyingUp()
    {
        return StackWalker.getInstance().walk((frames) -> frames.anyMatch((frame) ->
            "onClosed".equals(frame.getMethodName()) || "unlockTables".equals(frame.getMethodName())));
    }

    private static void doWorkFailing(final PortAgent agent, final SteppingHost host, final Runnable beforeStore)
    {
        host.beforeStore(beforeStore);
        try
        {
            agent.doWork();
        }
        finally
        {
            host.beforeStore(null);
        }
    }
}
