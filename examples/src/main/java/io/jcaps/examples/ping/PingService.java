/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.ping;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.ShutdownSignalBarrier;

/**
 * Replies to each request with its own bytes, until it is ended by Ctrl-C.
 */
public final class PingService
{
    private PingService()
    {
    }

    /**
     * Serves.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        // Ctrl-C interrupts this thread, and the JVM waits until the barrier is closed, which is last: so clients
        // receive SERVICE_CLOSED. Without the barrier they would receive SERVICE_DIED, and lose no more than now.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service("ping", new PortOptions()))
        {
            System.out.println("serving in " + caps.place());
            final Message request = new Message();
            int state = Status.OK;
            while (!Thread.interrupted() && state >= 0)
            {
                state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state)
                {
                    // One copy, from the request's memory to the reply's. INVALID means that the client has gone.
                    final int status = request.reply(request.buffer(), 0, request.length());
                    if (Status.OK != status && Status.INVALID != status)
                    {
                        throw new IllegalStateException("reply: " + Status.text(status));
                    }
                }
                // Otherwise it is a DISPOSE: the client is done with a reply. Its memory belongs to the region, so
                // there is nothing to free.
            }
        }
    }
}
