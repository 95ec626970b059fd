/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client that keeps books on what it put and what became of it.
 */
final class CrashClient
{
    final CrashProcess process;
    final CrashService service;
    final ClientPort port;
    final int number;
    final Set<Long> aborted = new HashSet<>();
    private final Map<Long, Long> values = new HashMap<>();
    private final Map<Long, Integer> outcomes = new HashMap<>();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[CrashPayload.LIMIT]);
    private final Message view = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();
    private int putCount;
    private long newest;

    CrashClient(final CrashProcess process, final CrashService service, final String name, final int number)
    {
        this(process, service, number, process.attachment().client(name, new PortOptions().spinCount(0)));
    }

    CrashClient(final CrashProcess process, final CrashService service, final int number, final ClientPort port)
    {
        this.process = process;
        this.service = service;
        this.number = number;
        this.port = port;
    }

    boolean isLiving()
    {
        return process.isLiving() && !port.isClosed();
    }

    /** The message that was put last. */
    long newest()
    {
        return newest;
    }

    /** Number of the next message. */
    private long next(final int kind)
    {
        return CrashPayload.value(number, ++putCount, kind);
    }

    long put(final int kind)
    {
        final long value = next(kind);
        final long id = port.put(bytes, 0, CrashPayload.fill(bytes, value));
        if (id > 0)
        {
            values.put(id, value);
            newest = id;
        }
        return id;
    }

    long putInPlace(final int kind)
    {
        final long value = next(kind);
        final int length = CrashPayload.fill(bytes, value);
        assertThat(port.claim(length, claim)).isEqualTo(Status.OK);
        claim.buffer().putBytes(0, bytes, 0, length);
        final long id = claim.put();
        values.put(id, value);
        newest = id;
        return id;
    }

    void claimAndCancel(final int kind)
    {
        assertThat(port.claim(CrashPayload.fill(bytes, next(kind)), claim)).isEqualTo(Status.OK);
        claim.cancel();
    }

    /** A call during which the service does something. */
    int call(final int kind, final Runnable serve)
    {
        final long value = next(kind);
        final int result = port.call(bytes, 0, CrashPayload.fill(bytes, value), reply,
            new ServingStrategy(serve), Long.MAX_VALUE);
        values.put(reply.id(), value);
        keep(reply);
        reply.release();
        return result;
    }

    /** A call that is given up at once. */
    void callInVain(final int kind)
    {
        final long value = next(kind);
        assertThat(port.call(bytes, 0, CrashPayload.fill(bytes, value), reply, 0)).isEqualTo(Status.TIMED_OUT);
        values.put(reply.id(), value);
        aborted.add(reply.id());
        keep(reply);
    }

    int abort(final long id, final boolean isHard)
    {
        aborted.add(id);
        return port.abort(id, isHard);
    }

    /** Takes a reply and holds its view. */
    int takeView()
    {
        final int state = port.get(view);
        if (MessageState.REPLY == state)
        {
            keep(view);
        }
        return state;
    }

    void releaseView()
    {
        if (view.isView())
        {
            if (Outcome.REPLIED == view.outcome())
            {
                // Still what it was (R25), whatever became of its sender.
                assertThat(CrashPayload.check(view)).isEqualTo(CrashPayload.replyTo(values.get(view.id())));
            }
            view.release();
        }
    }

    /** Takes one reply; the result of the get. */
    int take()
    {
        final int state = port.get(reply);
        if (MessageState.REPLY == state)
        {
            keep(reply);
            reply.release();
        }
        return state;
    }

    int takeAll()
    {
        int count = 0;
        while (MessageState.REPLY == take())
        {
            count++;
        }
        return count;
    }

    /** Waits, without time to do so: says that it sleeps, and that it does not any more. */
    int await()
    {
        return port.await(reply, 0);
    }

    private void keep(final Message message)
    {
        assertThat(outcomes.put(message.id(), message.outcome())).as("second outcome of " + message.id()).isNull();
        if (Outcome.REPLIED == message.outcome())
        {
            final long value = CrashPayload.check(message);
            if (CrashPayload.replyTo(CrashService.UNREAD) != value || !service.isUnread(message.id()))
            {
                assertThat(value).as("reply to another message")
                    .isEqualTo(CrashPayload.replyTo(values.get(message.id())));
            }
        }
    }

    /** Messages without an outcome whose reply is published. */
    Set<Long> published(final Geometry geometry)
    {
        final Set<Long> result = new HashSet<>();
        final AtomicBuffer link = port.host.link(port.entry.linkIndex());
        for (final long id : values.keySet())
        {
            final int offset = geometry.replyHalfOffset(SlotDescriptor.slotIndex(id));
            if (!outcomes.containsKey(id) && link.getLongVolatile(offset + SlotDescriptor.ID_OFFSET) == id &&
                (link.getInt(offset + SlotDescriptor.FLAGS_OFFSET) & SlotDescriptor.FLAG_SKIPPED) == 0)
            {
                result.add(id);
            }
        }
        return result;
    }

    /** Each message has one outcome, of the right kind (B1), its reply if that is published. */
    void checkOutcomes(final Set<Long> published)
    {
        assertThat(outcomes.keySet()).as("messages with an outcome at client " + number).isEqualTo(values.keySet());
        int unsureCount = 0;
        for (final Map.Entry<Long, Integer> entry : outcomes.entrySet())
        {
            final long id = entry.getKey();
            final int outcome = entry.getValue();
            final String what = "client " + number + ", message " + id + ": " + Outcome.text(outcome);
            switch (Outcome.kind(outcome))
            {
                case Outcome.REPLIED -> assertThat(service.received).as(what).containsKey(id);
                case Outcome.SERVICE_CLOSED -> assertThat(service.isClosing).as(what).isTrue();
                case Outcome.SERVICE_DIED -> assertThat(service.process.isDead()).as(what).isTrue();
                case Outcome.UNREACHABLE -> assertThat(service.ended).as(what).contains(id);
                default -> assertThat(aborted).as(what).contains(id);
            }
            if (published.contains(id))
            {
                final int kind = service.ended.contains(id) ? Outcome.UNREACHABLE : Outcome.REPLIED;
                assertThat(Outcome.kind(outcome)).as(what).isIn(aborted.contains(id) ?
                    new Object[]{kind, Outcome.ABORTED} : new Object[]{kind});
            }
            if (service.received.containsKey(id))
            {
                assertThat(Outcome.wasReceived(outcome)).as(what).isTrue();
            }
            else if (Outcome.wasReceived(outcome))
            {
                unsureCount++;
            }
        }
        assertThat(unsureCount).as("counted as received, and were not").isLessThanOrEqualTo(service.gettingCount);
    }

    private static final class ServingStrategy implements IdleStrategy
    {
        private final Runnable serve;

        ServingStrategy(final Runnable serve)
        {
            this.serve = serve;
        }

        @Override
        public void idle(final int workCount)
        {
            idle();
        }

        @Override
        public void idle()
        {
            serve.run();
        }

        @Override
        public void reset()
        {
        }
    }
}
