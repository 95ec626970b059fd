/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Calls as futures: each completes once, with the outcome that its message had (B1).
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AsyncCallsTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 3, 4, 100));
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME);
    private final ClientPort client = clientProcess.client(TestRegion.NAME);
    private final AsyncCalls calls = new AsyncCalls(client);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
    private final Message request = new Message();

    @AfterEach
    void close()
    {
        assertThat(client.heldCount()).as("views that were not released").isZero();
        region.close();
    }

    private AsyncCall<AsyncReply> call(final long number)
    {
        bytes.putLong(0, number);
        final AsyncCall<AsyncReply> call = calls.callAsync(bytes, 0, 8);
        assertThat(call.id()).isPositive();
        assertThat(call.outcome()).isEqualTo(AsyncCall.PENDING);
        return call;
    }

    private void receive()
    {
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(request);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
    }

    private void doubleIt()
    {
        receive();
        bytes.putLong(0, 2 * request.buffer().getLong(0));
        assertThat(request.reply(bytes, 0, 8)).isEqualTo(Status.OK);
    }

    private void assertCancelled(final AsyncCall<?> call, final int outcome)
    {
        assertThat(call.isCancelled()).isTrue();
        assertThatThrownBy(call::join).isInstanceOf(CancellationException.class);
        assertThat(Outcome.text(call.outcome())).isEqualTo(Outcome.text(outcome));
    }

    private static void assertRefused(final AsyncCall<?> call, final int status)
    {
        assertThat(call.id()).isZero();
        assertThat(call.outcome()).isEqualTo(AsyncCall.PENDING);
        assertThat(call.isCancelled()).isFalse();
        assertThatThrownBy(call::join).isInstanceOf(CompletionException.class).cause()
            .isInstanceOfSatisfying(CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(status));
    }

    @Test
    @DisplayName("B1: each future completes with the reply to its own request, whatever the order")
    void shouldCompleteWithTheReply()
    {
        final AsyncCall<AsyncReply> first = call(3);
        final AsyncCall<Long> second =
            calls.callAsync(bytes, 0, 8, (reply) -> reply.buffer().getLong(0) + reply.credentials().euid());
        assertThat(calls.pendingCount()).isEqualTo(2);
        assertThat(calls.doWork()).isZero();
        assertThat(first).isNotDone();
        receive();
        doubleIt();
        assertThat(service.reply(first.id(), bytes, 0, 100)).isEqualTo(Status.OK);
        assertThat(calls.doWork()).isEqualTo(2);
        assertThat(calls.pendingCount()).isZero();
        assertThat(second.join()).isEqualTo(6 + TestRegion.UID);
        assertThat(second.outcome()).isEqualTo(Outcome.REPLIED);
        assertThat(first.join().id()).isEqualTo(first.id());
        assertThat(first.join().payload()).hasSize(100).startsWith(6);
        assertThat(first.join()).hasToString("AsyncReply{id=" + first.id() + ", outcome=REPLIED, length=100}");
        assertThat(first.cancel(true)).as("too late").isFalse();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R13: a claim that is written in place is put as it is, and a reply is read in place")
    void shouldPutAClaim()
    {
        final Claim claim = new Claim();
        assertThatThrownBy(() -> calls.callAsync(claim, 8, AsyncReply::of)).isInstanceOf(IllegalStateException.class);
        assertThat(client.claim(50, claim)).isEqualTo(Status.OK);
        assertThatThrownBy(() -> calls.callAsync(claim, 51, AsyncReply::of))
            .isInstanceOf(IllegalArgumentException.class);
        assertThat(calls.pendingCount()).isZero();
        claim.buffer().putLong(0, 21);
        final AsyncCall<Long> call = calls.callAsync(claim, 8, (reply) -> reply.buffer().getLong(0));
        assertThat(claim.isFilled()).isFalse();
        doubleIt();
        calls.doWork();
        assertThat(call.join()).isEqualTo(42);
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("B1, R23, R25: when the service goes, each future completes, and reports whether it was received")
    void shouldCompleteWhenServiceGoes(final boolean isDeath)
    {
        final int gone = isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED;
        final AsyncCall<AsyncReply> received = call(1);
        final AsyncCall<Long> unseen = calls.callAsync(bytes, 0, 8, (reply) -> reply.buffer().getLong(0));
        receive();
        if (isDeath)
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        }
        else
        {
            service.close();
        }
        // This returns, because no further outcome can come.
        calls.run();
        assertThat(Outcome.text(received.join().outcome())).isEqualTo(Outcome.text(gone | Outcome.RECEIVED));
        assertThat(received.join().payload()).isEmpty();
        assertThat(unseen.outcome()).isEqualTo(gone);
        assertThatThrownBy(unseen::join).as("its reader looks at no outcome").cause()
            .isInstanceOf(IllegalStateException.class).hasMessageContaining("has no payload");
        assertThat(client.isClosed()).as("it can connect again").isFalse();
        assertRefused(calls.callAsync(bytes, 0, 1), Status.NOT_CONNECTED);
        assertThat(calls.pendingCount()).isZero();
    }

    @Test
    @DisplayName("R14: without a free slot the future fails, and no message is put; a wrong length throws")
    void shouldFailWhenNothingWasPut()
    {
        final List<AsyncCall<AsyncReply>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++)
        {
            all.add(call(i));
        }
        assertRefused(calls.callAsync(bytes, 0, 8), Status.NO_BUFFERS);
        assertThatThrownBy(() -> calls.callAsync(bytes, 0, 101)).isInstanceOf(IllegalArgumentException.class);
        assertThat(calls.pendingCount()).isEqualTo(4);
        for (int i = 0; i < 4; i++)
        {
            doubleIt();
        }
        calls.doWork();
        assertThat(all).allSatisfy((call) -> assertThat(call.join().outcome()).isEqualTo(Outcome.REPLIED));
    }

    @Test
    @DisplayName("R29: a call cancelled before the service received it never reaches the service, and reports that")
    void shouldCancelBeforeService()
    {
        final AsyncCall<AsyncReply> call = call(1);
        final CompletableFuture<Integer> derived = call.handle((reply, ex) -> call.outcome());
        assertThat(call.cancel(false)).isTrue();
        assertCancelled(call, Outcome.ABORTED);
        assertThat(derived.join()).as("known where the cancellation shows").isEqualTo(Outcome.ABORTED);
        assertThat(call.cancel(false)).as("still cancelled").isTrue();
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        calls.doWork();
        assertCancelled(call, Outcome.ABORTED);
        assertThat(calls.pendingCount()).isZero();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R29: a call that the service has received is cancelled only by force; its outcome has RECEIVED")
    void shouldCancelAtService()
    {
        final AsyncCall<AsyncReply> call = call(1);
        final AsyncCall<AsyncReply> other = call(2);
        receive();
        final long id = request.id();
        assertThat(call.cancel(false)).isFalse();
        assertThat(call).isNotDone();
        assertThat(call.cancel(true)).isTrue();
        assertCancelled(call, Outcome.ABORTED | Outcome.RECEIVED);
        doubleIt();
        assertThat(service.reply(id, bytes, 0, 8)).as("disposed of").isEqualTo(Status.OK);
        calls.doWork();
        assertThat(other.join().outcome()).isEqualTo(Outcome.REPLIED);
        assertCancelled(call, Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R29: a call with a reply cannot be cancelled: it completes with the reply")
    void shouldNotCancelWhatIsReplied()
    {
        final AsyncCall<AsyncReply> call = call(4);
        doubleIt();
        assertThat(call.cancel(true)).isFalse();
        assertThat(call).isNotDone();
        calls.doWork();
        assertThat(call.join().payload()).startsWith(8);
    }

    @Test
    @DisplayName("R29: a call that was not cancelled, because the service had received it, completes with the reply")
    void shouldCompleteWhatWasNotCancelled()
    {
        final AsyncCall<AsyncReply> call = call(5);
        receive();
        assertThat(call.cancel(false)).isFalse();
        request.reply();
        calls.doWork();
        assertThat(call.join().outcome()).isEqualTo(Outcome.REPLIED);
    }

    @Test
    @DisplayName("B1: a future that failed by its own time limit gets its outcome later")
    void shouldReportOutcomeAfterFailure()
    {
        final AsyncCall<AsyncReply> call = call(5);
        call.completeExceptionally(new IllegalStateException("as orTimeout does"));
        assertThat(call.outcome()).isEqualTo(AsyncCall.PENDING);
        doubleIt();
        calls.doWork();
        assertThat(call).isCompletedExceptionally();
        assertThat(call.outcome()).isEqualTo(Outcome.REPLIED);
    }

    @Test
    @DisplayName("B1: a future that failed by its own time limit gets its outcome when the port is closed")
    void shouldTellOutcomeAfterFailureAndClose()
    {
        final AsyncCall<AsyncReply> call = call(5);
        call.completeExceptionally(new IllegalStateException("as orTimeout does"));
        calls.close();
        assertThat(call).isCompletedExceptionally();
        assertThat(Outcome.text(call.outcome())).isEqualTo("ABORTED|RECEIVED");
    }

    @Test
    @DisplayName("B1: an exception of a reader fails its own call; the others complete")
    void shouldFailOneCallWhenItsReaderThrows()
    {
        final AsyncCall<Object> broken = calls.callAsync(bytes, 0, 8, (reply) ->
        {
            throw new AssertionError("reader");
        });
        final AsyncCall<AsyncReply> sound = call(7);
        doubleIt();
        doubleIt();
        assertThat(calls.doWork()).isEqualTo(2);
        assertThatThrownBy(broken::join).cause().isInstanceOf(AssertionError.class).hasMessage("reader");
        assertThat(broken.outcome()).isEqualTo(Outcome.REPLIED);
        assertThat(sound.join().payload()).startsWith(14);
    }

    @Test
    @DisplayName("R24: the close of the port by any thread cancels the calls in flight; a later call is refused")
    void shouldCancelAllWhenPortIsClosed()
    {
        final AsyncCall<AsyncReply> call = call(1);
        client.close();
        assertThat(calls.doWork()).isZero();
        assertCancelled(call, Outcome.ABORTED | Outcome.RECEIVED);
        assertRefused(calls.callAsync(bytes, 0, 8), Status.CLOSED);
        assertThat(call.cancel(true)).isTrue();

        final AsyncCalls others = new AsyncCalls(clientProcess.client(TestRegion.NAME));
        final AsyncCall<AsyncReply> other = others.callAsync(bytes, 0, 8);
        others.onClose();
        others.close();
        assertCancelled(other, Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(others.port().isClosed()).isTrue();
    }

    @Test
    @DisplayName("B4: a sleeping thread completes them; an interrupt ends the thread, the port and the calls in flight")
    void shouldSleepUntilRepliesCome() throws InterruptedException
    {
        final Thread thread = new Thread(calls);
        thread.start();
        for (int i = 1; i <= 100; i++)
        {
            final AsyncCall<AsyncReply> call = call(i);
            doubleIt();
            assertThat(call.join().payload()).startsWith(2 * i);
        }
        final AsyncCall<AsyncReply> last = call(1);
        final AsyncCall<AsyncReply> cancelled = call(2);
        assertThat(cancelled.cancel(true)).isTrue();
        thread.interrupt();
        // The watch, whose rounds this test makes itself, wakes a thread that was interrupted in its sleep.
        while (thread.isAlive())
        {
            clientProcess.watch().doWork();
            thread.join(1);
        }
        assertThat(client.isClosed()).isTrue();
        assertCancelled(last, Outcome.ABORTED | Outcome.RECEIVED);
        assertCancelled(cancelled, Outcome.ABORTED);
    }

    @Test
    @DisplayName("B4: a wait set returns their port when there is something to complete")
    void shouldBeServedByAWaitSet()
    {
        try (WaitSet set = clientProcess.waitSet().add(calls.port()))
        {
            assertThat(set.poll()).isNull();
            final AsyncCall<AsyncReply> call = call(4);
            doubleIt();
            assertThat(set.await(Long.MAX_VALUE)).isSameAs(calls.port());
            assertThat(calls.doWork()).isEqualTo(1);
            assertThat(call.join().payload()).startsWith(8);
        }
    }

    @Test
    @DisplayName("A port for one thread is refused, because two threads would use it")
    void shouldRefusePortOfOneThread()
    {
        final ClientPort single = clientProcess.client(TestRegion.NAME, new PortOptions().singleThreaded(true));
        assertThatThrownBy(() -> new AsyncCalls(single)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(TestRegion.NAME);
    }

    @Test
    @DisplayName("F38: a close that fails half-way still cancels the calls: no thread waits for them")
    void shouldCancelAllWhenCloseFails()
    {
        final boolean[] isFailing = new boolean[1];
        final ClientPort port = region.attach(new ForwardingHost(region.host())
        {
            @Override
            public boolean lockTables(final long timeoutNs)
            {
                if (isFailing[0])
                {
                    throw new RegionException("injected");
                }
                return super.lockTables(timeoutNs);
            }
        }).client(TestRegion.NAME);
        final AsyncCalls failing = new AsyncCalls(port);
        final AsyncCall<AsyncReply> call = failing.callAsync(bytes, 0, 8);
        isFailing[0] = true;
        assertThatThrownBy(failing::close).isInstanceOf(RegionException.class);
        isFailing[0] = false;
        assertCancelled(call, Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(failing.pendingCount()).isZero();
    }
}
