/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.workers;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.ShutdownSignalBarrier;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Several threads wait on one service port. Each takes the next request, does a slow look-up as in a database, and
 * replies when it has the value, independently of the others.
 */
public final class WorkerPool
{
    private WorkerPool()
    {
    }

    /**
     * Serves until it is ended by Ctrl-C.
     *
     * @param args number of threads (4).
     * @throws InterruptedException never: no thread interrupts this one.
     */
    public static void main(final String[] args) throws InterruptedException
    {
        final Thread[] workers = new Thread[args.length > 0 ? Integer.parseInt(args[0]) : 4];
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier();
            Attachment caps = Caps.attach();
            ServicePort service = caps.service("workers", new PortOptions()))
        {
            for (int i = 0; i < workers.length; i++)
            {
                workers[i] = new Thread(() -> work(service), "worker-" + i);
                workers[i].start();
            }
            barrier.await();
            // Each worker completes its request before the end of the block closes the port.
            for (final Thread worker : workers)
            {
                worker.interrupt();
                worker.join();
            }
        }
    }

    private static void work(final ServicePort service)
    {
        // A message and a claim belong to one thread; the port belongs to all of them.
        final Message request = new Message();
        final Claim reply = new Claim();
        int state = Status.OK;
        while (!Thread.interrupted() && state >= 0)
        {
            state = service.await(request, Long.MAX_VALUE);
            if (MessageState.REQUEST == state && Query.REQUEST_LENGTH != request.length())
            {
                // Not a query: an empty reply.
                request.reply();
            }
            else if (MessageState.REQUEST == state)
            {
                final long key = request.buffer().getLong(Query.KEY_OFFSET);
                final long tookUs = request.buffer().getLong(Query.DURATION_US_OFFSET);
                final long value = lookUp(key, tookUs);
                // INVALID would mean that the client has gone: the answer is no longer needed.
                if (Status.OK == request.claimReply(Query.REPLY_LENGTH, reply))
                {
                    reply.buffer().putLong(Query.VALUE_OFFSET, value);
                    reply.reply();
                }
            }
        }
        if (Status.INTERRUPTED != state && state < 0)
        {
            System.out.println(Thread.currentThread().getName() + " ends: " + Status.text(state));
        }
    }

    /** Simulates a database: the thread sleeps, which is why there are several. */
    private static long lookUp(final long key, final long durationUs)
    {
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(durationUs));
        return Query.value(key);
    }
}
