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
 * Sends each request back as it came, until it is ended by Ctrl-C.
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
        // Ctrl-C interrupts this thread, and the JVM waits until the barrier is closed, which is last: so
        // clients hear that the service closed. Without the barrier they would hear that it died; no more is lost.
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
                // Else it is a DISPOSE: the reply's memory may be used again. It is the region's, so nothing is to do.
            }
        }
    }
}
