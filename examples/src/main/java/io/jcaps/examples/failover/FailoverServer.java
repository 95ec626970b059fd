/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.failover;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.ShutdownSignalBarrier;

/**
 * One of several servers with the same name. Clients find the newest one that is alive; the others stand by.
 */
public final class FailoverServer
{
    static final String NAME = "failover";
    static final int NUMBER_OFFSET = 0;
    static final int LABEL_OFFSET = NUMBER_OFFSET + Long.BYTES;

    private FailoverServer()
    {
    }

    /**
     * Serves until it is ended by Ctrl-C, or killed.
     *
     * @param args the server's label, which it answers with, and its generation (the time in milliseconds).
     */
    public static void main(final String[] args)
    {
        final String label = args.length > 0 ? args[0] : "A";
        final long generation = args.length > 1 ? Long.parseLong(args[1]) : System.currentTimeMillis();
        // The generation is set as an option, so that no client ever sees the service without it.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service(NAME, new PortOptions().generation(generation)))
        {
            System.out.println(label + " serves");
            final Message request = new Message();
            final Claim reply = new Claim();
            int state = Status.OK;
            while (!Thread.interrupted() && state >= 0)
            {
                state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state && Long.BYTES != request.length())
                {
                    // Not a number: an empty reply.
                    request.reply();
                }
                else if (MessageState.REQUEST == state &&
                    Status.OK == request.claimReply(LABEL_OFFSET + label.length(), reply))
                {
                    reply.buffer().putLong(NUMBER_OFFSET, request.buffer().getLong(NUMBER_OFFSET));
                    reply.buffer().putStringWithoutLengthAscii(LABEL_OFFSET, label);
                    reply.reply();
                }
            }
        }
    }
}
