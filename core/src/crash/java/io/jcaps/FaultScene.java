/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.FailingHost;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.SteppingHost;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A service and its client, each in a process whose host can fail and whose process can die. It records what was put,
 * received, replied to, disposed of, and returned, and checks that each message has its one true outcome. On both ports
 * a sleeper is announced for good, so that each wake-up that is due goes to the host.
 */
final class FaultScene
{
    static final int LENGTH = 64;
    private static final Geometry GEOMETRY = new Geometry(4, 8, 4, 4, LENGTH);
    private static final int MAX_STEPS = 40;

    final TestRegion region = new TestRegion(GEOMETRY);
    final Side serviceSide = new Side(region.host());
    final Side clientSide;
    final ServicePort service;
    final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
    final Message request = new Message();
    final Message reply = new Message();
    final Claim claim = new Claim();
    final Claim replyClaim = new Claim();
    final Set<Long> put = new HashSet<>();
    final Set<Long> received = new HashSet<>();
    final Set<Long> replied = new HashSet<>();
    final Set<Long> disposed = new HashSet<>();
    final Map<Long, Integer> outcomes = new HashMap<>();
    ClientPort client;
    /** The last message that the service received and holds. */
    long held;
    boolean isHeld;
    /** An operation began that may reply, abort or receive, and did not return. */
    boolean isUncertain;
    boolean isCalling;
    private boolean isPeeked;
    int abortResult;
    private int callResult;

    /** One process. */
    static final class Side
    {
        final WakeCounter wakes;
        final TestHost sleeping;
        final SteppingHost stepping;
        final FailingHost failing;
        Attachment attachment;

        Side(final TestHost host)
        {
            sleeping = host;
            wakes = new WakeCounter(host);
            stepping = new SteppingHost(wakes);
            failing = new FailingHost(stepping);
        }

        boolean isDead()
        {
            return stepping.isDead();
        }

        /** The operating system's part of a death. */
        void bury()
        {
            stepping.bury();
            attachment.abandon();
        }
    }

    /** Counts the wake-ups that reach the operating system, by the word. */
    static final class WakeCounter extends ForwardingHost
    {
        final Map<Integer, Integer> counts = new HashMap<>();

        WakeCounter(final Host host)
        {
            super(host);
        }

        @Override
        public void wake(final int wakeOffset, final int limit)
        {
            counts.merge(wakeOffset, 1, Integer::sum);
            super.wake(wakeOffset, limit);
        }
    }

    FaultScene(final int clientUid, final PortOptions serviceOptions, final PortOptions clientOptions)
    {
        serviceSide.attachment = attach(serviceSide.failing);
        service = serviceSide.attachment.service(TestRegion.NAME, serviceOptions);
        final TestHost host = region.host(TestRegion.user(clientUid, clientUid));
        // What it says of itself; the service asks the operating system.
        host.claimed = TestRegion.user(TestRegion.UID, TestRegion.UID);
        clientSide = new Side(host);
        clientSide.attachment = attach(clientSide.failing);
        client = clientSide.attachment.client(TestRegion.NAME, clientOptions);
        region.tables().getAndAddInt(service.entry.sleepersOffset(), 1);
        region.tables().getAndAddInt(client.entry.sleepersOffset(), 1);
    }

    private static Attachment attach(final Host host)
    {
        return Attachment.attach(host, 0, (ex) -> {});
    }

    void accept()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
    }

    void put()
    {
        final long id = client.put(bytes, 0, LENGTH);
        if (id > 0)
        {
            put.add(id);
        }
    }

    /** One get at the service; whether there was something. */
    boolean receive()
    {
        return received(service.get(request));
    }

    void acceptAndPut()
    {
        accept();
        put();
    }

    void putAndReceive()
    {
        put();
        receive();
    }

    boolean received(final int state)
    {
        if (MessageState.REQUEST == state)
        {
            if (isCalling)
            {
                // Its sender knows the id when the call is over.
                put.add(request.id());
            }
            assertThat(clientSide.isDead() || put.contains(request.id())).as("was put: %s", request).isTrue();
            // One that was longer than wanted comes again (R17).
            assertThat(received.add(request.id()) || isPeeked).as("received once").isTrue();
            isPeeked = !request.isView();
            held = request.id();
            isHeld = true;
        }
        else if (MessageState.DISPOSE == state)
        {
            assertThat(disposed.add(request.id())).as("disposed of once").isTrue();
            isHeld &= held != request.id();
        }
        return state >= 0;
    }

    void reply()
    {
        replied(request.reply(bytes, 0, LENGTH));
    }

    void replied(final int status)
    {
        if (Status.OK == status)
        {
            replied.add(held);
            isHeld = false;
        }
    }

    /** One get at the client; whether there was something. */
    boolean take()
    {
        return taken(client.get(reply));
    }

    boolean taken(final int state)
    {
        if (MessageState.REPLY == state)
        {
            ended();
        }
        return state >= 0;
    }

    /** Serves a request while the client sleeps; if the service is dead, the client is notified. */
    void serve()
    {
        if (serviceSide.isDead())
        {
            clientSide.attachment.watch().doWork();
        }
        else if (isHeld || receive())
        {
            replied(service.reply(held, bytes, 0, LENGTH));
        }
    }

    /** A call, whatever comes of it. */
    void call()
    {
        isCalling = true;
        final int result = client.call(bytes, 0, LENGTH, reply, Long.MAX_VALUE);
        isCalling = false;
        callResult = result;
        if (MessageState.REPLY == result || Status.TIMED_OUT == result || Status.INTERRUPTED == result)
        {
            put.add(reply.id());
            ended();
        }
    }

    /** A call has thrown, or returned that nothing was put: what was put, if anything, it tells. */
    void failedCall()
    {
        isCalling = false;
        if (0 == callResult && 0 != reply.id() && !clientSide.isDead())
        {
            put.add(reply.id());
            ended();
        }
    }

    /** The reply message tells what became of a message. */
    void ended()
    {
        assertThat(put).as("returned").contains(reply.id());
        assertThat(outcomes.put(reply.id(), reply.outcome())).as("outcome once").isNull();
    }

    // ---- afterwards

    /** Everything that is due is done, by rounds of the watch and gets; then the books must balance. */
    void settle()
    {
        for (int i = 0; i < MAX_STEPS; i++)
        {
            step();
        }
        for (final Map.Entry<Long, Integer> entry : outcomes.entrySet())
        {
            checkTrue(entry.getKey(), entry.getValue());
        }
        if (!serviceSide.isDead() && !service.isClosed())
        {
            assertThat(disposed).as("each that was received is disposed of").containsAll(received);
            assertThat(received).as("what is disposed of was received").containsAll(disposed);
        }
        if (!clientSide.isDead() && !client.isClosed())
        {
            assertThat(outcomes.keySet()).as("one outcome each").containsExactlyInAnyOrderElementsOf(put);
            assertThat(client.inProgress()).as("slots in use").isZero();
        }
    }

    private void step()
    {
        if (!serviceSide.isDead() && !service.isClosed())
        {
            serviceSide.attachment.watch().doWork();
            if (replyClaim.isFilled())
            {
                replied(replyClaim.reply());
            }
            if (isHeld)
            {
                replied(service.reply(held, bytes, 0, LENGTH));
            }
            request.release();
            receive();
        }
        if (!clientSide.isDead() && !client.isClosed())
        {
            clientSide.attachment.watch().doWork();
            if (claim.isFilled())
            {
                final long id = claim.put();
                if (id > 0)
                {
                    put.add(id);
                }
            }
            reply.release();
            take();
        }
    }

    /** What the outcome says did happen. */
    private void checkTrue(final long id, final int outcome)
    {
        final int kind = Outcome.kind(outcome);
        if (Outcome.REPLIED == kind)
        {
            assertThat(isUncertain || replied.contains(id)).as("replied to: %d", id).isTrue();
        }
        else if (!Outcome.wasReceived(outcome))
        {
            assertThat(received).as("not received, as reported").doesNotContain(id);
        }
        else
        {
            assertThat(isUncertain || received.contains(id)).as("received, as reported: %d", id).isTrue();
        }
        switch (kind)
        {
            case Outcome.SERVICE_DIED -> assertThat(serviceSide.isDead()).isTrue();
            case Outcome.SERVICE_CLOSED -> assertThat(service.isClosed()).isTrue();
            default ->
            {
            }
        }
    }

    /** A call and its reply, with nothing left of it. */
    void checkTraffic()
    {
        if (!serviceSide.isDead() && !service.isClosed() && !clientSide.isDead() && client.isConnected())
        {
            put();
            settle();
            assertThat(outcomes).as("a further message is served").containsValue(Outcome.REPLIED);
        }
    }

    /** Whoever lives closes; what the dead left, the next process that reaps frees. */
    void close()
    {
        reply.release();
        for (final Side side : new Side[]{clientSide, serviceSide})
        {
            if (!side.isDead())
            {
                side.attachment.close();
            }
        }
        region.close();
    }

    int wakeCount(final Side waker, final Port port)
    {
        return waker.wakes.counts.getOrDefault(port.entry.wakeOffset(), 0);
    }
}
