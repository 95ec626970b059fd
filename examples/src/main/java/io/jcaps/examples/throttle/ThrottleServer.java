/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.throttle;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.collections.LongArrayQueue;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.TimeUnit;

/**
 * Takes each request at once, but replies at a fixed rate, and holds the rest. A message counts as in progress until
 * its reply is taken, so this rate limits the clients.
 */
public final class ThrottleServer
{
    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long NONE = Long.MIN_VALUE;

    private final ServicePort service;
    private final int repliesPerTick;
    private final Message request = new Message();
    private final UnsafeBuffer reply = new UnsafeBuffer(new byte[Long.BYTES]);
    // Two columns of one table: the id of the request, and the value of its reply.
    private final LongArrayQueue heldIds = new LongArrayQueue(NONE);
    private final LongArrayQueue heldNumbers = new LongArrayQueue(NONE);

    private ThrottleServer(final ServicePort service, final int repliesPerTick)
    {
        this.service = service;
        this.repliesPerTick = repliesPerTick;
    }

    /**
     * Serves until it is ended by Ctrl-C: clients get what is still held as SERVICE_CLOSED, with RECEIVED.
     *
     * @param args replies in each 10 milliseconds (20).
     */
    public static void main(final String[] args)
    {
        final int repliesPerTick = args.length > 0 ? Integer.parseInt(args[0]) : 20;
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service("throttle", new PortOptions()))
        {
            System.out.println("serving " + repliesPerTick + " in each 10 ms");
            new ThrottleServer(service, repliesPerTick).run();
        }
    }

    private void run()
    {
        long tickNs = System.nanoTime() + TICK_NS;
        int state = Status.OK;
        while (!Thread.interrupted() && (state >= 0 || Status.TIMED_OUT == state))
        {
            // Without held requests no reply is due: the thread sleeps until a request comes.
            state = service.await(
                request, heldIds.isEmpty() ? Long.MAX_VALUE : Math.max(0, tickNs - System.nanoTime()));
            if (MessageState.REQUEST == state && Long.BYTES != request.length())
            {
                // Not a number: an empty reply.
                request.reply();
            }
            else if (MessageState.REQUEST == state)
            {
                heldIds.addLong(request.id());
                heldNumbers.addLong(request.buffer().getLong(0));
            }
            if (System.nanoTime() - tickNs >= 0)
            {
                replyToSome();
                tickNs = System.nanoTime() + TICK_NS;
            }
        }
    }

    private void replyToSome()
    {
        for (int i = 0; i < repliesPerTick && !heldIds.isEmpty(); i++)
        {
            reply.putLong(0, heldNumbers.pollLong());
            // Replied to by its id, as the view of the request has ended.
            final int status = service.reply(heldIds.pollLong(), reply, 0, reply.capacity());
            // INVALID: its client is gone, and a DISPOSE came or will come for the id.
            if (Status.OK != status && Status.INVALID != status)
            {
                throw new IllegalStateException("reply: " + Status.text(status));
            }
        }
    }
}
