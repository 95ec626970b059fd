/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Sleeping and waking, on {@link TestFutex}, which has no spurious wake-ups.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SleepTest
{
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[64]);

    private final TestFutex futex = new TestFutex();
    private final TestRegion region = new TestRegion(new Geometry(8, 16, 4, 4, 100), futex);
    private final ExecutorService threads = Executors.newCachedThreadPool((runnable) ->
    {
        final Thread thread = new Thread(runnable);
        thread.setDaemon(true);
        return thread;
    });
    private final PortOptions options = new PortOptions().spinCount(0);
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, options);
    private final ClientPort client = clientProcess.client(TestRegion.NAME, options);

    @AfterEach
    void close()
    {
        region.close();
        threads.shutdown();
    }

    private void awaitSleepers(final int count)
    {
        while (futex.sleeperCount() != count)
        {
            Thread.onSpinWait();
        }
    }

    private Future<Integer> inThread(final Port port, final Message message)
    {
        return threads.submit(() -> port.await(message, Long.MAX_VALUE));
    }

    private Future<Integer> call(final Message reply)
    {
        return threads.submit(() -> client.call(BYTES, 0, 8, reply, Long.MAX_VALUE));
    }

    private long receive(final Message message)
    {
        int state = service.await(message, Long.MAX_VALUE);
        while (MessageState.DISPOSE == state)
        {
            state = service.await(message, Long.MAX_VALUE);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
        return message.id();
    }

    @Test
    @DisplayName("R16: a sleeping service is woken by a request, a sleeping client by its reply")
    void shouldWakeSleeperByMessage() throws ExecutionException, InterruptedException
    {
        final Message request = new Message();
        final Message reply = new Message();
        final Future<Integer> received = inThread(service, request);
        awaitSleepers(1);
        final long id = client.put(BYTES, 0, 5);
        assertThat(received.get()).isEqualTo(MessageState.REQUEST);
        final Future<Integer> replied = inThread(client, reply);
        awaitSleepers(1);
        assertThat(request.reply(BYTES, 0, 7)).isEqualTo(Status.OK);
        assertThat(replied.get()).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
    }

    @Test
    @DisplayName("R21: a disposal wakes no thread, and comes with the next message")
    void shouldNotWakeSleeperByDisposal() throws ExecutionException, InterruptedException
    {
        final Message message = new Message();
        final Message reply = new Message();
        final long id = client.put(BYTES, 0, 5);
        receive(message);
        message.reply(BYTES, 0, 5);
        final Future<Integer> received = inThread(service, message);
        awaitSleepers(1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
        assertThat(futex.sleeperCount()).isEqualTo(1);
        final long nextId = client.put(BYTES, 0, 5);
        assertThat(received.get()).isIn(MessageState.REQUEST, MessageState.DISPOSE);
        final long firstId = message.id();
        assertThat(service.get(message)).isIn(MessageState.REQUEST, MessageState.DISPOSE);
        assertThat(new long[]{firstId, message.id()}).containsExactlyInAnyOrder(id, nextId);
    }

    @Test
    @DisplayName("B5: of several sleeping calls, the one whose reply came is woken, in any order of the replies")
    void shouldWakeTheCallWhoseReplyCame() throws ExecutionException, InterruptedException
    {
        for (int round = 0; round < 6; round++)
        {
            final Message[] replies = new Message[3];
            final Message[] requests = new Message[3];
            final Future<?>[] calls = new Future<?>[3];
            for (int i = 0; i < 3; i++)
            {
                replies[i] = new Message();
                requests[i] = new Message();
                calls[i] = call(replies[i]);
                receive(requests[i]);
                awaitSleepers(i + 1);
            }
            final int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
            for (final int i : orders[round])
            {
                final long id = requests[i].id();
                assertThat(requests[i].reply(BYTES, 0, 3)).isEqualTo(Status.OK);
                assertThat(calls[i].get()).isEqualTo(MessageState.REPLY);
                assertThat(replies[i].id()).isEqualTo(id);
                replies[i].release();
            }
        }
    }

    @Test
    @DisplayName("B5: a reply for get() wakes the thread in await() though calls sleep beside it")
    void shouldWakeAwaitBesideCalls() throws ExecutionException, InterruptedException
    {
        final Message request = new Message();
        final Message reply = new Message();
        final long id = client.put(BYTES, 0, 1);
        receive(request);
        final Future<Integer> awaited = inThread(client, reply);
        awaitSleepers(1);
        final Message calledRequest = new Message();
        final Message calledReply = new Message();
        final Future<Integer> call = call(calledReply);
        receive(calledRequest);
        awaitSleepers(2);
        request.reply(BYTES, 0, 1);
        assertThat(awaited.get()).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        calledRequest.reply(BYTES, 0, 1);
        assertThat(call.get()).isEqualTo(MessageState.REPLY);
    }

    @Test
    @DisplayName("R16: each of several sleeping workers gets a request of its own")
    void shouldWakeOneWorkerForEachRequest() throws ExecutionException, InterruptedException
    {
        final Message[] messages = {new Message(), new Message(), new Message()};
        final Future<?>[] received = new Future<?>[3];
        for (int i = 0; i < 3; i++)
        {
            received[i] = inThread(service, messages[i]);
        }
        awaitSleepers(3);
        final long[] ids = {client.put(BYTES, 0, 1), client.put(BYTES, 0, 2), client.put(BYTES, 0, 3)};
        for (final Future<?> future : received)
        {
            assertThat(future.get()).isEqualTo(MessageState.REQUEST);
        }
        assertThat(new long[]{messages[0].id(), messages[1].id(), messages[2].id()})
            .containsExactlyInAnyOrder(ids);
    }

    @Test
    @DisplayName("R23: a sleeping client is woken by its service's close, and gets its outcomes")
    void shouldWakeClientByClose() throws ExecutionException, InterruptedException
    {
        final Message reply = new Message();
        final Message calledReply = new Message();
        client.put(BYTES, 0, 1);
        final Future<Integer> awaited = inThread(client, reply);
        awaitSleepers(1);
        final Future<Integer> call = call(calledReply);
        awaitSleepers(2);
        service.close();
        assertThat(awaited.get()).isEqualTo(MessageState.REPLY);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_CLOSED);
        assertThat(call.get()).isEqualTo(MessageState.REPLY);
        assertThat(calledReply.outcome()).isEqualTo(Outcome.SERVICE_CLOSED);
    }

    @Test
    @DisplayName("R25: a sleeping client is woken when its service's death is proved")
    void shouldWakeClientByDeath() throws ExecutionException, InterruptedException
    {
        final Message reply = new Message();
        client.put(BYTES, 0, 1);
        final Future<Integer> awaited = inThread(client, reply);
        awaitSleepers(1);
        serviceProcess.abandon();
        clientProcess.watch().doWork();
        assertThat(awaited.get()).isEqualTo(MessageState.REPLY);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_DIED);
        reply.release();
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("R26: threads that wait on a port return when it is closed")
    void shouldWakeOwnThreadsByClose() throws ExecutionException, InterruptedException
    {
        final Future<Integer> first = inThread(service, new Message());
        final Future<Integer> second = inThread(service, new Message());
        final Future<Integer> third = inThread(client, new Message());
        awaitSleepers(3);
        client.close();
        assertThat(third.get()).isEqualTo(Status.CLOSED);
        service.close();
        assertThat(first.get()).isEqualTo(Status.CLOSED);
        assertThat(second.get()).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("R29: an abort wakes the thread that waits for the outcome")
    void shouldWakeWaiterByAbort() throws ExecutionException, InterruptedException
    {
        final Message reply = new Message();
        final long id = client.put(BYTES, 0, 1);
        final Future<Integer> call = call(new Message());
        awaitSleepers(1);
        final Future<Integer> awaited = inThread(client, reply);
        awaitSleepers(2);
        assertThat(client.abort(id, false)).isEqualTo(AbortResult.BEFORE_SERVER);
        assertThat(awaited.get()).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        service.close();
        assertThat(call.get()).isEqualTo(MessageState.REPLY);
    }

    @Test
    @DisplayName("B4: a wait set is woken by a message on any of its ports, and by its service's end")
    void shouldWakeWaitSet() throws ExecutionException, InterruptedException
    {
        final Attachment process = region.attach();
        final ServicePort other = process.service("other", options);
        final ClientPort back = process.client(TestRegion.NAME, options);
        final ClientPort otherClient = clientProcess.client("other", options);
        final WaitSet waitSet = process.waitSet().add(other).add(back);
        final Message message = new Message();

        Future<Port> found = threads.submit(() -> waitSet.await(Long.MAX_VALUE));
        awaitSleepers(1);
        otherClient.put(BYTES, 0, 1);
        assertThat(found.get()).isSameAs(other);
        assertThat(other.get(message)).isEqualTo(MessageState.REQUEST);

        back.put(BYTES, 0, 1);
        receive(message);
        found = threads.submit(() -> waitSet.await(Long.MAX_VALUE));
        awaitSleepers(1);
        message.reply(BYTES, 0, 1);
        assertThat(found.get()).isSameAs(back);
        assertThat(back.get(message)).isEqualTo(MessageState.REPLY);
        message.release();

        found = threads.submit(() -> waitSet.await(Long.MAX_VALUE));
        awaitSleepers(1);
        service.close();
        assertThat(found.get()).isSameAs(back);
        assertThat(back.get(message)).isEqualTo(Status.NOT_CONNECTED);

        waitSet.remove(back);
        found = threads.submit(() -> waitSet.await(Long.MAX_VALUE));
        awaitSleepers(1);
        other.close();
        assertThat(found.get()).isSameAs(other);
        waitSet.close();
    }

    @Test
    @DisplayName("R5: a client with WAITSVC sleeps until the service is registered")
    void shouldWakeConnectByRegistration() throws ExecutionException, InterruptedException
    {
        final Future<ClientPort> connected = threads.submit(
            () -> clientProcess.client("late", new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC)));
        awaitSleepers(1);
        serviceProcess.service("early", options);
        awaitSleepers(1);
        assertThat(connected.isDone()).isFalse();
        final ServicePort late = serviceProcess.service("late", options);
        assertThat(connected.get().put(BYTES, 0, 1)).isPositive();
        assertThat(late.get(new Message())).isEqualTo(MessageState.REQUEST);
    }

    @Test
    @DisplayName("R5, R16: an interrupt ends a waiting connect, an await and a call; the interrupt status stays set")
    void shouldReturnWhenInterrupted() throws ExecutionException, InterruptedException
    {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> clientProcess.client("late", new PortOptions().flags(PortFlags.WAITSVC)))
            .isInstanceOfSatisfying(CapsException.class,
                (ex) -> assertThat(ex.status()).isEqualTo(Status.INTERRUPTED))
            .hasMessageContaining("name=late");
        assertThat(service.await(new Message(), Long.MAX_VALUE)).isEqualTo(Status.INTERRUPTED);
        final Message reply = new Message();
        assertThat(client.call(BYTES, 0, 1, reply, Long.MAX_VALUE)).isEqualTo(Status.INTERRUPTED);
        assertThat(reply.outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(client.inProgress()).isZero();

        final CompletableFuture<Thread> waiter = new CompletableFuture<>();
        final Future<Boolean> result = threads.submit(() ->
        {
            waiter.complete(Thread.currentThread());
            return Status.INTERRUPTED == service.await(new Message(), Long.MAX_VALUE) && Thread.interrupted();
        });
        awaitSleepers(1);
        waiter.get().interrupt();
        serviceProcess.watch().doWork();
        assertThat(result.get()).isTrue();
    }

    @Test
    @DisplayName("R16: a wake-up taken by a thread that gives up is passed on to the next one")
    void shouldPassWakeUpOn() throws ExecutionException, InterruptedException
    {
        for (int i = 0; i < 200; i++)
        {
            final Message patient = new Message();
            final Message hasty = new Message();
            final Future<Integer> patientResult = inThread(service, patient);
            awaitSleepers(1);
            final Future<Integer> hastyResult = threads.submit(() -> service.await(hasty, 100_000));
            final long firstId = client.put(BYTES, 0, 1);
            final int result = hastyResult.get();
            if (Status.TIMED_OUT == result)
            {
                assertThat(patientResult.get()).isEqualTo(MessageState.REQUEST);
            }
            else
            {
                assertThat(hasty.id()).isEqualTo(firstId);
                client.put(BYTES, 0, 1);
                assertThat(patientResult.get()).isEqualTo(MessageState.REQUEST);
                hasty.reply(BYTES, 0, 0);
            }
            patient.reply(BYTES, 0, 0);
            final Message reply = new Message();
            while (client.get(reply) >= 0)
            {
                reply.release();
            }
            while (service.get(hasty) >= 0)
            {
                hasty.release();
            }
        }
    }
}
