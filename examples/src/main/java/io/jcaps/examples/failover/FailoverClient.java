/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.failover;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends requests repeatedly, to whichever server is registered.
 */
public final class FailoverClient
{
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);

    private final UnsafeBuffer request = new UnsafeBuffer(new byte[FailoverServer.LABEL_OFFSET]);
    private final Message reply = new Message();
    private final int count;
    private final long intervalNs;
    private long number = 1;

    private FailoverClient(final int count, final long intervalNs)
    {
        this.count = count;
        this.intervalNs = intervalNs;
    }

    /**
     * Asks.
     *
     * @param args number of requests (1000), and milliseconds between them (100).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
        final long intervalMs = args.length > 1 ? Long.parseLong(args[1]) : 100;
        final FailoverClient asker = new FailoverClient(count, TimeUnit.MILLISECONDS.toNanos(intervalMs));
        final PortOptions options = new PortOptions().waitForService();
        try (Attachment caps = Caps.attach())
        {
            while (!asker.isDone())
            {
                // A port is a connection to one registration of one server. The next server needs a new port, and
                // WAITSVC makes it wait until one is registered.
                try (ClientPort client = caps.client(FailoverServer.NAME, options))
                {
                    // A client that caches answers compares the generation, and drops its cache if it differs.
                    System.out.println("connected to generation " + client.serviceGeneration());
                    asker.ask(client);
                }
            }
        }
    }

    private boolean isDone()
    {
        return number > count;
    }

    /** Sends requests until all are answered, or the server is gone. */
    private void ask(final ClientPort client)
    {
        int state = Status.OK;
        while (!isDone() && Status.NOT_CONNECTED != state)
        {
            request.putLong(FailoverServer.NUMBER_OFFSET, number);
            state = client.call(request, 0, request.capacity(), reply, TIMEOUT_NS);
            if (MessageState.REPLY == state)
            {
                onReply();
                reply.release();
            }
            else if (Status.TIMED_OUT == state)
            {
                // Slow is not dead: the same server is asked again. A client that cannot wait closes the port here.
                System.out.println(number + " timed out");
            }
            else if (Status.NOT_CONNECTED != state)
            {
                throw new IllegalStateException("call: " + Status.text(state));
            }
        }
    }

    private void onReply()
    {
        final int outcome = reply.outcome();
        if (Outcome.REPLIED != outcome)
        {
            // Without RECEIVED, the server has not received the request. With RECEIVED it may have acted on it: this
            // request can be sent twice; one that must not be done twice needs a number by which the next server
            // recognises it.
            System.out.println(number + " " + Outcome.text(outcome) + ", asks again");
        }
        else
        {
            final int labelLength = reply.length() - FailoverServer.LABEL_OFFSET;
            final String label = reply.buffer().getStringWithoutLengthAscii(FailoverServer.LABEL_OFFSET, labelLength);
            System.out.println(reply.buffer().getLong(FailoverServer.NUMBER_OFFSET) + " answered by " + label);
            number++;
            LockSupport.parkNanos(intervalNs);
        }
    }
}
