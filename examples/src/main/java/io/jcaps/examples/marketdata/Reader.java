/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.marketdata;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps a copy of the publisher's prices up to date, and reads each update in place.
 */
public final class Reader
{
    private final UnsafeBuffer request = new UnsafeBuffer(new byte[Long.BYTES]);
    private final Message reply = new Message();
    private final int count;
    private int updateCount;

    private Reader(final int count)
    {
        this.count = count;
    }

    /**
     * Reads.
     *
     * @param args number of updates after which it ends (50).
     */
    public static void main(final String[] args)
    {
        final Reader reader = new Reader(args.length > 0 ? Integer.parseInt(args[0]) : 50);
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC);
        try (Attachment caps = Caps.attach())
        {
            while (reader.updateCount < reader.count)
            {
                try (ClientPort client = caps.client(Publisher.NAME, options))
                {
                    reader.follow(client);
                }
            }
            System.out.println(reader.updateCount + " updates, each with the publisher's checksum");
        }
    }

    /** Requests updates until it has received all, or the publisher is gone. */
    private void follow(final ClientPort client)
    {
        // Another publisher starts its sequence again, so no price of the last one is kept.
        final Prices prices = new Prices();
        int state = Status.OK;
        while (updateCount < count && Status.NOT_CONNECTED != state)
        {
            request.putLong(0, prices.sequence());
            state = client.call(request, 0, request.capacity(), reply, Long.MAX_VALUE);
            if (MessageState.REPLY == state)
            {
                if (Outcome.REPLIED == reply.outcome())
                {
                    final int changed = prices.apply(reply.buffer());
                    updateCount++;
                    System.out.println("sequence " + prices.sequence() + ": " + changed + " changed, " +
                        reply.length() + " bytes");
                }
                // Otherwise the publisher is gone, which the next call returns.
                reply.release();
            }
            else if (Status.NOT_CONNECTED != state)
            {
                throw new IllegalStateException("call: " + Status.text(state));
            }
        }
        if (Status.NOT_CONNECTED == state)
        {
            System.out.println("publisher gone");
        }
    }
}
