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
 * Answers an instrument's number with how much of it may be bought.
 */
final class LimitHandler implements MessageHandler
{
    static final String NAME = "upcall.limits";

    private final Claim reply = new Claim();

    @Override
    public void onMessage(final Message message)
    {
        if (MessageState.REQUEST == message.state())
        {
            final long limit = limitOf(message.buffer().getLong(0));
            if (Status.OK == message.claimReply(Long.BYTES, reply))
            {
                reply.buffer().putLong(0, limit);
                reply.reply();
            }
        }
    }

    static long limitOf(final long instrument)
    {
        return 0 == instrument % 2 ? 500 : 100;
    }
}
