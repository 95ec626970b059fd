/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;

/**
 * Has some numbers doubled, and then ends the service.
 */
public final class DoublingClient
{
    private DoublingClient()
    {
    }

    /**
     * Asks.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        final PortOptions options = new PortOptions().waitForService();
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client("doubling", options))
        {
            final Claim request = new Claim();
            final Message reply = new Message();
            for (long number = 3; number >= 0; number--)
            {
                final int claimed = client.claim(Long.BYTES, request);
                if (Status.OK != claimed)
                {
                    throw new IllegalStateException(Status.text(claimed)); // nothing was put: no reply would come
                }
                request.buffer().putLong(0, number);
                request.put();
                final int state = client.await(reply, Long.MAX_VALUE);
                if (MessageState.REPLY == state && Outcome.REPLIED == reply.outcome())
                {
                    System.out.println(number + " doubled is " + reply.buffer().getLong(0));
                    reply.release();
                }
                else
                {
                    throw new IllegalStateException(Status.text(state) + ' ' + Outcome.text(reply.outcome()));
                }
            }
        }
    }
}
