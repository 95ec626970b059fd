/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client that outlives its service, and keeps account of what it is owed: one outcome for each message.
 */
final class Claimant
{
    private final ClientPort port;
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[131_072]);
    private final Map<Long, Long> numbers = new HashMap<>();
    private final List<Long> aborted = new ArrayList<>();
    private final List<Future<?>> waits = new ArrayList<>();
    // What came: the outcome, and whether the reply was whole.
    private final Map<Long, String> outcomes = new HashMap<>();
    private int callCount;

    Claimant(final ClientPort port)
    {
        this.port = port;
    }

    ClientPort port()
    {
        return port;
    }

    long put(final long number)
    {
        final long id = port.put(bytes, 0, Letter.fill(bytes, number));
        assertThat(id).isPositive();
        synchronized (this)
        {
            numbers.put(id, number);
        }
        return id;
    }

    /** Calls in a thread of its own; returns when the request is put. No reply may come before that. */
    void call(final ExecutorService executor, final long number)
    {
        final int before = port.inProgress();
        callCount++;
        waits.add(executor.submit(
            () ->
            {
                final UnsafeBuffer request = new UnsafeBuffer(new byte[131_072]);
                final Message reply = new Message();
                assertThat(port.call(request, 0, Letter.fill(request, number), reply, Long.MAX_VALUE))
                    .isEqualTo(MessageState.REPLY);
                note(reply, number);
                return null;
            }));
        while (port.inProgress() == before)
        {
            Thread.onSpinWait();
        }
    }

    /** Waits for all that is due in a thread of its own: asleep, when the service dies. */
    void await(final ExecutorService executor)
    {
        waits.add(executor.submit(this::drain));
    }

    void markAborted(final long id)
    {
        aborted.add(id);
    }

    /** Takes replies while the service lives. */
    void take(final int count)
    {
        final Message reply = new Message();
        for (int i = 0; i < count; i++)
        {
            assertThat(port.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            final long number;
            synchronized (this)
            {
                number = numbers.remove(reply.id());
            }
            assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
            assertThat(Letter.isReply(reply.buffer(), reply.length(), number)).isTrue();
            reply.release();
        }
    }

    /**
     * The service is dead: each message must have had exactly one outcome, the one that its remains imply.
     *
     * @param remains  of the service.
     * @param received ids that the service has reported as received.
     */
    void check(final Remains remains, final List<Long> received) throws Exception
    {
        for (final Future<?> wait : waits)
        {
            wait.get();
        }
        drain();
        final Map<Long, String> expected = new HashMap<>();
        for (final long id : outcomes.keySet())
        {
            // A message that was called is known by its outcome alone.
            expected.put(id, text(expectedOutcome(remains, id)));
        }
        for (final long id : numbers.keySet())
        {
            expected.put(id, text(expectedOutcome(remains, id)));
        }
        assertThat(outcomes).as("outcomes").isEqualTo(expected).hasSize(numbers.size() + callCount);
        for (final long id : received)
        {
            if (outcomes.containsKey(id))
            {
                assertThat(outcomes.get(id)).as("received: " + id).containsAnyOf("RECEIVED", "REPLIED");
            }
        }
        assertThat(port.inProgress()).as("slots out").isZero();
        assertThat(port.put(bytes, 0, 8)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(port.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
        port.close();
    }

    private int expectedOutcome(final Remains remains, final long id)
    {
        return aborted.contains(id) ? Outcome.ABORTED : remains.outcome(id);
    }

    private static String text(final int outcome)
    {
        return Outcome.text(outcome) + (Outcome.REPLIED == outcome ? ", whole" : "");
    }

    private void drain()
    {
        final Message reply = new Message();
        for (int state = port.await(reply, Long.MAX_VALUE); Status.NOT_CONNECTED != state;
            state = port.await(reply, Long.MAX_VALUE))
        {
            assertThat(state).isEqualTo(MessageState.REPLY);
            final Long number;
            synchronized (this)
            {
                number = numbers.get(reply.id());
            }
            assertThat(number).as("put: " + reply.id()).isNotNull();
            note(reply, number);
        }
    }

    private synchronized void note(final Message reply, final long number)
    {
        final String whole = Outcome.REPLIED != reply.outcome() ? "" :
            Letter.isReply(reply.buffer(), reply.length(), number) ? ", whole" : ", torn";
        assertThat(outcomes.put(reply.id(), Outcome.text(reply.outcome()) + whole)).as("second outcome").isNull();
        reply.release();
    }
}
