/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.Arrays;

/**
 * A copy of a reply or another outcome, made by {@link AsyncCalls}: there is nothing to release.
 *
 * @param id      message id.
 * @param outcome how the message ended: one of {@link Outcome}'s kinds, with {@link Outcome#RECEIVED} set or not.
 * @param payload copy of the reply's bytes; empty unless the outcome is {@link Outcome#REPLIED}.
 */
public record AsyncReply(long id, int outcome, byte[] payload)
{
    static AsyncReply of(final Message message)
    {
        final byte[] payload = new byte[message.length()];
        if (payload.length > 0)
        {
            message.buffer().getBytes(0, payload);
        }
        return new AsyncReply(message.id(), message.outcome(), payload);
    }

    @Override
    public boolean equals(final Object other)
    {
        return other instanceof AsyncReply reply &&
            id == reply.id && outcome == reply.outcome && Arrays.equals(payload, reply.payload);
    }

    @Override
    public int hashCode()
    {
        return Long.hashCode(id);
    }

    /** For logs: id, outcome and length, but no byte of the payload. */
    @Override
    public String toString()
    {
        return "AsyncReply{id=" + id + ", outcome=" + Outcome.text(outcome) + ", length=" + payload.length + '}';
    }
}
