/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.SlotDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client that keeps to the protocol, and what it is owed: each message received once, in order and as it was put, its
 * reply in order and as it was written, one outcome, one disposal.
 */
final class HonestClient
{
    private static final int MAX_VIEW_COUNT = 2;

    final ClientPort port;
    final int pid;
    private final FuzzRun run;
    private final Random random;
    private final int messageLimit;
    private final MutableDirectBuffer bytes;
    private final Claim claim = new Claim();
    private final Message[] views = new Message[MAX_VIEW_COUNT];
    /** What the payload of a request is made from: its id comes only with the put. */
    private final ArrayDeque<Long> seeds = new ArrayDeque<>();
    private final ArrayDeque<Long> put = new ArrayDeque<>();
    private final ArrayDeque<Long> replied = new ArrayDeque<>();
    private final Set<Integer> leases = new HashSet<>();
    private final Set<Long> held = new HashSet<>();
    private final Set<Long> taken = new HashSet<>();
    private final Set<Long> released = new HashSet<>();
    private long nextSeed;

    HonestClient(
        final FuzzRun run,
        final ClientPort port,
        final int pid,
        final int messageLimit,
        final MutableDirectBuffer bytes)
    {
        this.run = run;
        this.port = port;
        this.pid = pid;
        this.messageLimit = messageLimit;
        this.bytes = bytes;
        random = run.random();
        for (int i = 0; i < views.length; i++)
        {
            views[i] = new Message();
        }
    }

    private int length(final long seed)
    {
        return (int)((seed ^ seed >>> 7) & 0x7FFFFFFF) % (messageLimit + 1);
    }

    private static byte byteAt(final long seed, final int index)
    {
        return (byte)(seed * 31 + index * 7L ^ seed >>> SlotDescriptor.SLOT_BITS);
    }

    private static void fill(final MutableDirectBuffer target, final long seed, final int length)
    {
        for (int i = 0; i < length; i++)
        {
            target.putByte(i, byteAt(seed, i));
        }
    }

    private void check(final String what, final DirectBuffer found, final long seed, final int length)
    {
        assertThat(length).as(what).isEqualTo(length(seed));
        assertThat(found.capacity()).isEqualTo(length);
        for (int i = 0; i < length; i++)
        {
            if (found.getByte(i) != byteAt(seed, i))
            {
                throw new AssertionError(what + " of client " + pid + " is not what was written, from byte " + i);
            }
        }
    }

    void put()
    {
        final long seed = ++nextSeed * 1_000_003 + pid;
        final int length = length(seed);
        final long id;
        if (random.nextInt(4) == 0)
        {
            final int status = run.callInt("honest claim", () -> port.claim(length, claim));
            if (Status.OK == status)
            {
                fill(claim.buffer(), seed, length);
                id = run.callLong("honest put of a claim", claim::put);
            }
            else
            {
                id = status;
            }
        }
        else
        {
            fill(bytes, seed, length);
            id = run.callLong("honest put", () -> port.put(bytes, 0, length));
        }
        if (id < 0)
        {
            assertThat(Status.text(id)).isEqualTo("NO_BUFFERS");
            assertThat(port.inProgress()).isPositive();
            return;
        }
        leases.add(SlotDescriptor.lease(id));
        put.add(id);
        seeds.add(seed);
        run.count("honest put");
    }

    /** The service received this. */
    void onRequest(final Message message)
    {
        assertThat(put).as("a request of client " + pid + " that it never put").isNotEmpty();
        assertThat(message.id()).as("order of requests").isEqualTo(put.poll());
        check("request", message.buffer(), seeds.remove(), message.length());
        held.add(message.id());
        run.count("honest request received");
    }

    /** Whether ids of this client's begin with a lease. */
    boolean hasLease(final int lease)
    {
        return leases.contains(lease);
    }

    Long anyHeld()
    {
        return held.isEmpty() ? null : held.iterator().next();
    }

    /** The service replies to a request that it holds. */
    void reply(final ServicePort service, final long id, final Message request, final Claim claim)
    {
        final int length = length(id);
        final int status;
        final boolean isShown = null != request && request.isView() && request.id() == id;
        if (random.nextInt(4) == 0)
        {
            assertThat(run.callInt("claim for an honest one", () -> service.claim(id, length, claim)))
                .isEqualTo(Status.OK);
            fill(claim.buffer(), id, length);
            status = run.callInt("reply to an honest one by a claim", claim::reply);
        }
        else
        {
            fill(bytes, id, length);
            status = run.callInt("reply to an honest one", () -> isShown ?
                request.reply(bytes, 0, length) : service.reply(id, bytes, 0, length));
        }
        assertThat(Status.text(status)).as("reply to an honest client").isEqualTo("OK");
        held.remove(id);
        replied.add(id);
    }

    /** The service received a disposal. */
    void onDispose(final long id)
    {
        assertThat(released.remove(id)).as("disposal of " + id + " of client " + pid +
            ": once, and not before its view was released").isTrue();
        run.count("honest disposal");
    }

    void get()
    {
        final Message message = views[random.nextInt(views.length)];
        release(message);
        final int limit = random.nextInt(8) == 0 ? messageLimit / 2 : messageLimit;
        final int result = run.callInt("honest get", () -> port.get(message, limit));
        if (Status.WOULD_BLOCK == result)
        {
            return;
        }
        assertThat(result).as("get of an honest client").isEqualTo(MessageState.REPLY);
        assertThat(message.id()).as("order of replies").isEqualTo(replied.peek());
        assertThat(Outcome.text(message.outcome())).isEqualTo("REPLIED");
        if (!message.isView())
        {
            assertThat(message.length()).isGreaterThan(limit);
            return;
        }
        check("reply", message.buffer(), replied.poll(), message.length());
        taken.add(message.id());
        run.count("honest reply taken");
        if (random.nextBoolean())
        {
            release(message);
        }
    }

    private void release(final Message message)
    {
        if (message.isView())
        {
            assertThat(taken.remove(message.id())).isTrue();
            released.add(message.id());
            // Unchanged, although the peer's other peers did anything in between.
            check("reply in view", message.buffer(), message.id(), message.length());
            run.callInt("honest release", () ->
            {
                message.release();
                return 0;
            });
        }
    }

    void releaseAll()
    {
        for (final Message view : views)
        {
            release(view);
        }
    }

    /** Whether nothing is owed any more. */
    boolean isSettled()
    {
        return put.isEmpty() && held.isEmpty() && replied.isEmpty() && taken.isEmpty() && released.isEmpty();
    }

    @Override
    public String toString()
    {
        return "client " + pid + ": put=" + put + ", held=" + held + ", replied=" + replied + ", taken=" + taken +
            ", released=" + released;
    }
}
