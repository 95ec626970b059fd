/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageHandler;
import io.jcaps.MessageState;
import io.jcaps.Status;

/**
 * Answers an instrument's number with its price. For an unknown one it throws: the agent's error handler hears of that,
 * the client gets 0 bytes, and the port goes on.
 */
final class PriceHandler implements MessageHandler
{
    static final String NAME = "upcall.prices";
    static final int INSTRUMENT_COUNT = 100;

    private final Claim reply = new Claim();

    @Override
    public void onMessage(final Message message)
    {
        // A DISPOSE comes here, too; the reply's memory is the region's, so nothing is to do.
        if (MessageState.REQUEST == message.state())
        {
            final long price = priceOf(message.buffer().getLong(0));
            // INVALID would say that the client is gone.
            if (Status.OK == message.claimReply(Long.BYTES, reply))
            {
                reply.buffer().putLong(0, price);
                reply.reply();
            }
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
