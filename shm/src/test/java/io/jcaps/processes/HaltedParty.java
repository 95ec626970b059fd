/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.host.SteppingHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.SteppedRegion;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.AtomicBuffer;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;

/**
 * A party within a {@link Peer}, with an attachment and a thread of its own, that exchanges one message and halts at a
 * named point of that until it is told to go on.
 */
final class HaltedParty
{
    /** Length of a payload, in bytes: it has a cell of its own. */
    static final int SIZE = 8_000;
    /** What is added to a request's number for that of its reply. */
    static final int REPLY_NUMBER = 1_000;

    private static final Map<String, HaltedParty> PARTIES = new ConcurrentHashMap<>();

    private final Point point;
    private final int number;
    private final SteppingHost host;
    private final Attachment attachment;
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch halted = new CountDownLatch(1);
    private final CountDownLatch goingOn = new CountDownLatch(1);
    private FutureTask<String> exchange;

    /** Where a party halts. */
    enum Point
    {
        /** A client, half of the payload written in its claim. */
        CLAIM,
        /** A client, in put: the id is stored, nothing of the ring's record is. */
        PUT,
        /** A client with a view of its reply. */
        VIEW,
        /** A service, half of the reply's payload written in its claim. */
        REPLY_CLAIM,
        /** A service, in reply: the id is stored, nothing of the ring's record is. */
        REPLY
    }

    private HaltedParty(final Path region, final Point point, final int number)
    {
        this.point = point;
        this.number = number;
        host = SteppedRegion.open(region);
        attachment = Attachment.attach(
            host, RegionConfig.DEFAULT_WATCH_INTERVAL_NS, (throwable) -> System.out.println("!" + throwable));
    }

    /**
     * Opens the party's port: {@code begin}, point, name, uid, number; or {@code halt}, point: returns once it is at
     * its point; or {@code go}, point: goes on, and returns when all is done.
     */
    static String execute(final Path region, final String[] words) throws Exception
    {
        final String key = words[2];
        switch (words[1])
        {
            case "begin" ->
            {
                final HaltedParty party = new HaltedParty(region, Point.valueOf(key), Integer.parseInt(words[5]));
                party.begin(words[3], Integer.parseInt(words[4]));
                PARTIES.put(key, party);
                return "begun";
            }
            case "halt" ->
            {
                PARTIES.get(key).halted.await();
                return key;
            }
            case "go" ->
            {
                final HaltedParty party = PARTIES.remove(key);
                party.goingOn.countDown();
                return party.exchange.get();
            }
            default -> throw new IllegalArgumentException(String.join(" ", words));
        }
    }

    private void begin(final String name, final int uid) throws InterruptedException
    {
        exchange = new FutureTask<>(() ->
        {
            try (attachment)
            {
                return switch (point)
                {
                    case CLAIM, PUT, VIEW -> request(name, uid);
                    case REPLY_CLAIM, REPLY -> serve(name, uid);
                };
            }
        });
        new Thread(exchange, point.name()).start();
        begun.await();
    }

    private void halt()
    {
        halted.countDown();
        boolean isInterrupted = false;
        while (goingOn.getCount() > 0)
        {
            try
            {
                goingOn.await();
            }
            catch (final InterruptedException ex)
            {
                isInterrupted = true;
            }
        }
        if (isInterrupted)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** Halts this thread before the store that comes next after an id. */
    private void haltBehindId(final boolean isReply)
    {
        final Thread thread = Thread.currentThread();
        final long[] before = ids(isReply);
        host.beforeStore(() ->
        {
            if (Thread.currentThread() == thread && halted.getCount() > 0)
            {
                final long[] now = ids(isReply);
                for (int i = 0; i < now.length; i++)
                {
                    if (now[i] != before[i])
                    {
                        halt();
                        return;
                    }
                }
            }
        });
    }

    /** The ids in all slots of all links. */
    private long[] ids(final boolean isReply)
    {
        final Geometry geometry = host.header().geometry();
        final SlotTable slots = new SlotTable(geometry);
        final long[] ids = new long[geometry.linkCount() * geometry.slotCount()];
        for (int i = 0; i < ids.length; i++)
        {
            final AtomicBuffer link = host.link(i / geometry.slotCount());
            final int slot = i % geometry.slotCount();
            final int halfOffset = isReply ? slots.replyHalfOffset(slot) : slots.requestHalfOffset(slot);
            ids[i] = link.getLongVolatile(halfOffset + SlotDescriptor.ID_OFFSET);
        }
        return ids;
    }

    private static void fill(final MutableDirectBuffer buffer, final int from, final int to, final long number)
    {
        for (int i = from; i < to; i += Long.BYTES)
        {
            buffer.putLong(i, Pattern.word(number, i));
        }
    }

    private String request(final String name, final int uid)
    {
        final ClientPort client = attachment.client(name, new PortOptions().uid(uid).flags(PortFlags.USER));
        begun.countDown();
        final Claim claim = new Claim();
        check(Status.OK, client.claim(SIZE, claim));
        fill(claim.buffer(), 0, SIZE / 2, number);
        if (Point.CLAIM == point)
        {
            halt();
        }
        fill(claim.buffer(), SIZE / 2, SIZE, number);
        if (Point.PUT == point)
        {
            haltBehindId(false);
        }
        final long id = claim.put();
        check(1, Long.signum(id));
        final Message reply = new Message();
        check(MessageState.REPLY, client.await(reply, Long.MAX_VALUE));
        check(id, reply.id());
        check(Outcome.REPLIED, reply.outcome());
        check(SIZE, reply.length());
        checkPattern(reply, number + REPLY_NUMBER);
        if (Point.VIEW == point)
        {
            halt();
            checkPattern(reply, number + REPLY_NUMBER);
        }
        reply.release();
        check(Status.WOULD_BLOCK, client.get(reply));
        check(0, client.inProgress());
        return "one outcome";
    }

    private String serve(final String name, final int uid)
    {
        final ServicePort service = attachment.service(name, new PortOptions().uid(uid).flags(PortFlags.USER));
        begun.countDown();
        final Message request = new Message();
        final Claim claim = new Claim();
        check(MessageState.REQUEST, service.await(request, Long.MAX_VALUE));
        final long id = request.id();
        checkPattern(request, number);
        check(Status.OK, request.claimReply(SIZE, claim));
        fill(claim.buffer(), 0, SIZE / 2, number + REPLY_NUMBER);
        if (Point.REPLY_CLAIM == point)
        {
            halt();
        }
        // The request is still its own, whatever time went by.
        checkPattern(request, number);
        fill(claim.buffer(), SIZE / 2, SIZE, number + REPLY_NUMBER);
        if (Point.REPLY == point)
        {
            haltBehindId(true);
        }
        check(Status.OK, claim.reply());
        int state = service.get(request);
        while (Status.WOULD_BLOCK == state)
        {
            Thread.yield();
            state = service.get(request);
        }
        check(MessageState.DISPOSE, state);
        check(id, request.id());
        check(Status.WOULD_BLOCK, service.get(request));
        return "one disposal";
    }

    private static void checkPattern(final Message message, final int number)
    {
        if (!Pattern.isIn(message.buffer(), SIZE, number))
        {
            throw new IllegalStateException("message " + message.id() + " has not the bytes of number " + number);
        }
    }

    private static void check(final long expected, final long actual)
    {
        if (expected != actual)
        {
            throw new IllegalStateException("expected " + expected + ", got " + actual);
        }
    }
}
