/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.marketdata;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.collections.LongArrayQueue;
import org.agrona.concurrent.ShutdownSignalBarrier;

import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Changes some prices in each tick, and sends each reader the changes since the sequence that it knows. A reader
 * that knows everything has its request held until the next tick, so readers sleep rather than ask again and again.
 */
public final class Publisher
{
    static final String NAME = "marketdata";

    private static final int CHANGES_PER_TICK = 20;
    private static final long NONE = Long.MIN_VALUE;

    private final ServicePort service;
    private final long tickNs;
    private final Message request = new Message();
    private final Claim reply = new Claim();
    private final LongArrayQueue heldIds = new LongArrayQueue(NONE);
    private final Prices prices = new Prices();
    private final Random random = new Random();

    private Publisher(final ServicePort service, final long tickNs)
    {
        this.service = service;
        this.tickNs = tickNs;
        prices.nextSequence();
        for (int i = 0; i < Prices.INSTRUMENT_COUNT; i++)
        {
            prices.set(i, 10_000, 10_002);
        }
    }

    /**
     * Publishes until it is ended by Ctrl-C.
     *
     * @param args milliseconds from tick to tick (200).
     */
    public static void main(final String[] args)
    {
        final long tickMs = args.length > 0 ? Long.parseLong(args[0]) : 200;
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service(NAME, new PortOptions()))
        {
            System.out.println("publishing each " + tickMs + " ms");
            new Publisher(service, TimeUnit.MILLISECONDS.toNanos(tickMs)).run();
        }
    }

    private void run()
    {
        long dueNs = System.nanoTime() + tickNs;
        int state = Status.OK;
        while (!Thread.interrupted() && (state >= 0 || Status.TIMED_OUT == state))
        {
            state = service.await(request, Math.max(0, dueNs - System.nanoTime()));
            if (MessageState.REQUEST == state && Long.BYTES != request.length())
            {
                // Not a sequence: an empty reply.
                request.reply();
            }
            else if (MessageState.REQUEST == state)
            {
                onRequest();
            }
            if (System.nanoTime() - dueNs >= 0)
            {
                onTick();
                dueNs += tickNs;
            }
        }
    }

    private void onRequest()
    {
        final long known = request.buffer().getLong(0);
        if (known == prices.sequence())
        {
            heldIds.addLong(request.id());
        }
        else
        {
            // A future sequence is that of an earlier publisher: that reader gets everything.
            publish(request.id(), known > prices.sequence() ? 0 : known);
        }
    }

    private void onTick()
    {
        final long known = prices.sequence();
        prices.nextSequence();
        for (int i = 0; i < CHANGES_PER_TICK; i++)
        {
            final int instrument = random.nextInt(Prices.INSTRUMENT_COUNT);
            final long bid = prices.bid(instrument) + random.nextInt(5) - 2;
            prices.set(instrument, bid, bid + 1 + random.nextInt(3));
        }
        // A reader whose request is held knows all but this tick.
        while (!heldIds.isEmpty())
        {
            publish(heldIds.pollLong(), known);
        }
    }

    private void publish(final long id, final long since)
    {
        int status = service.claim(id, prices.lengthSince(since), reply);
        if (Status.OK == status)
        {
            prices.write(since, reply.buffer());
            status = reply.reply();
        }
        // INVALID: the reader is gone.
        if (Status.OK != status && Status.INVALID != status)
        {
            throw new IllegalStateException("reply: " + Status.text(status));
        }
    }
}
