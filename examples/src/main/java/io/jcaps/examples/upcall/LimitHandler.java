/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.Message;
import io.jcaps.MessageHandler;
import org.agrona.MutableDirectBuffer;

/**
 * Replies to an instrument's number with its limit: the quantity that may be bought.
 */
final class LimitHandler implements MessageHandler
{
    static final String NAME = "upcall.limits";

    @Override
    public void onMessage(final Message message)
    {
        if (Long.BYTES != message.length())
        {
            // Not an instrument: an empty reply.
            message.reply();
            return;
        }
        final long limit = limitOf(message.buffer().getLong(0));
        final MutableDirectBuffer reply = message.replyBuffer(Long.BYTES);
        // The buffer is null if the client is gone.
        if (null != reply)
        {
            reply.putLong(0, limit);
            message.reply(Long.BYTES);
        }
    }

    static long limitOf(final long instrument)
    {
        return 0 == instrument % 2 ? 500 : 100;
    }
}
