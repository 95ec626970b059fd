/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.ping;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Pings the service once a second, and prints the time that each ping took.
 */
public final class PingClient
{
    private static final int LENGTH = 32;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);

    private PingClient()
    {
    }

    /**
     * Pings.
     *
     * @param args number of pings (5), and milliseconds between them (1000).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        final long intervalMs = args.length > 1 ? Long.parseLong(args[1]) : 1000;
        final PortOptions options = new PortOptions().waitForService();
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client("ping", options))
        {
            final UnsafeBuffer ball = new UnsafeBuffer(ByteBuffer.allocateDirect(LENGTH));
            final Message reply = new Message();
            int answeredCount = 0;
            for (int n = 1; n <= count && client.isConnected(); n++)
            {
                ball.putLong(0, n);
                final long startNs = System.nanoTime();
                final int state = client.call(ball, 0, LENGTH, reply, TIMEOUT_NS);
                final long tookNs = System.nanoTime() - startNs;
                if (MessageState.REPLY != state)
                {
                    // Slow is not dead: after TIMED_OUT the next ping may be answered.
                    System.out.println("seq=" + n + ' ' + Status.text(state));
                }
                else
                {
                    if (Outcome.REPLIED == reply.outcome() && n == reply.buffer().getLong(0))
                    {
                        answeredCount++;
                        System.out.printf("%d bytes from pid %d: seq=%d time=%.1f us%n",
                            reply.length(), client.serviceCredentials().pid(), n, tookNs / 1e3);
                    }
                    else
                    {
                        System.out.println("seq=" + n + ' ' + Outcome.text(reply.outcome()));
                    }
                    // Until the release, the message counts as in progress, and the service cannot reuse the reply's
                    // memory.
                    reply.release();
                }
                if (n < count)
                {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(intervalMs));
                }
            }
            System.out.println(answeredCount + " of " + count + " answered");
        }
    }
}
