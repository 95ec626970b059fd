/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.Message;
import io.jcaps.MessageHandler;
import org.agrona.MutableDirectBuffer;

/**
 * Replies to an instrument's number with its price. For an unknown one it throws: the agent's error handler receives
 * the exception, the client gets 0 bytes, and the port stays open.
 */
final class PriceHandler implements MessageHandler
{
    static final String NAME = "upcall.prices";
    static final int INSTRUMENT_COUNT = 100;

    @Override
    public void onMessage(final Message message)
    {
        if (Long.BYTES != message.length())
        {
            // Not an instrument: an empty reply.
            message.reply();
            return;
        }
        final long price = priceOf(message.buffer().getLong(0));
        final MutableDirectBuffer reply = message.replyBuffer(Long.BYTES);
        // The buffer is null if the client is gone.
        if (null != reply)
        {
            reply.putLong(0, price);
            message.reply(Long.BYTES);
        }
    }

    static long priceOf(final long instrument)
    {
        if (instrument < 0 || instrument >= INSTRUMENT_COUNT)
        {
            throw new IllegalArgumentException("no such instrument: " + instrument);
        }
        return 1_000 + 7 * instrument;
    }
}
