/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.workers;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.collections.Long2LongHashMap;

/**
 * Requests many values at once, and assigns each reply to its request by the message id.
 */
public final class WorkersClient
{
    private static final int WINDOW = 32;
    private static final long NONE = -1;

    private WorkersClient()
    {
    }

    /**
     * Asks.
     *
     * @param args number of questions (1000).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client("workers", options))
        {
            final Claim request = new Claim();
            final Message reply = new Message();
            final Long2LongHashMap keyById = new Long2LongHashMap(NONE);
            int asked = 0;
            int answered = 0;
            int overtaken = 0;
            long highestKey = NONE;
            while (answered < count)
            {
                while (asked < count && keyById.size() < WINDOW)
                {
                    keyById.put(ask(client, request, asked), asked);
                    asked++;
                }

                final int state = client.await(reply, Long.MAX_VALUE);
                if (MessageState.REPLY != state || Outcome.REPLIED != reply.outcome())
                {
                    throw new IllegalStateException(
                        Status.text(state) + ' ' + Outcome.text(reply.outcome()) + " after " + answered + " answers");
                }
                final long key = keyById.remove(reply.id());
                final long value = reply.buffer().getLong(Query.VALUE_OFFSET);
                reply.release();
                if (Query.value(key) != value)
                {
                    throw new IllegalStateException("key " + key + " has the value " + value);
                }
                answered++;
                if (key < highestKey)
                {
                    overtaken++;
                }
                highestKey = Math.max(highestKey, key);
            }
            System.out.println(answered + " answered, " + overtaken + " of them overtaken by a later one");
        }
    }

    private static long ask(final ClientPort client, final Claim request, final long key)
    {
        final int status = client.claim(Query.REQUEST_LENGTH, request);
        if (Status.OK != status)
        {
            throw new IllegalStateException("claim: " + Status.text(status));
        }
        // Each eighth look-up takes much longer, like one that is not in a cache.
        request.buffer().putLong(Query.KEY_OFFSET, key);
        request.buffer().putLong(Query.DURATION_US_OFFSET, 0 == key % 8 ? 5_000 : 100);
        final long id = request.put();
        if (id < 0)
        {
            throw new IllegalStateException("put: " + Status.text(id));
        }
        return id;
    }
}
