/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;

/**
 * Doubles numbers, in place, until it receives 0.
 */
public final class DoublingService
{
    private DoublingService()
    {
    }

    /**
     * Serves.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        try (Attachment caps = Caps.attach();
            ServicePort service = caps.service("doubling", new PortOptions()))
        {
            final Message request = new Message();
            final Claim reply = new Claim();
            long number = -1;
            while (0 != number)
            {
                final int state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state && Long.BYTES != request.length())
                {
                    request.reply(); // not a number: an empty reply
                }
                else if (MessageState.REQUEST == state)
                {
                    number = request.buffer().getLong(0);
                    if (Status.OK == request.claimReply(Long.BYTES, reply))
                    {
                        reply.buffer().putLong(0, 2 * number);
                        reply.reply();
                    }
                }
                else if (state < 0)
                {
                    throw new IllegalStateException(Status.text(state));
                }
            }
        }
    }
}
