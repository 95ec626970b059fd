/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongHashSet;

import java.util.concurrent.TimeUnit;

/**
 * A service that sends each request back, and counts what it receives. One thread.
 */
final class EchoLoop
{
    private static final int POLL_LIMIT = 10_000;
    private static final long AWAIT_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final ServicePort port;
    private final boolean inPlace;
    private final WaitMode waitMode;
    private final Message message = new Message();
    private final Claim claim = new Claim();
    private final LongHashSet builtAddresses = new LongHashSet();
    private long requestCount;
    private long disposalCount;
    private long corruptCount;

    EchoLoop(final ServicePort port, final RoundTripOptions options)
    {
        this.port = port;
        inPlace = options.inPlace();
        waitMode = options.serviceWaitMode();
    }

    /** Receives for a while: comes back soon enough for its caller to look whether it should end. */
    void run()
    {
        if (WaitMode.GET == waitMode)
        {
            poll(POLL_LIMIT);
        }
        else
        {
            await(POLL_LIMIT);
        }
    }

    /** Receives what is left. */
    void drain()
    {
        int result = port.get(message);
        while (result >= 0)
        {
            on(result);
            result = port.get(message);
        }
    }

    long requestCount()
    {
        return requestCount;
    }

    long disposalCount()
    {
        return disposalCount;
    }

    long corruptCount()
    {
        return corruptCount;
    }

    private void poll(final int limit)
    {
        for (int i = 0; i < limit; i++)
        {
            final int result = port.get(message);
            if (result >= 0)
            {
                on(result);
            }
        }
    }

    private void await(final int limit)
    {
        for (int i = 0; i < limit; i++)
        {
            final int result = port.await(message, AWAIT_TIMEOUT_NS);
            if (result < 0)
            {
                return;
            }
            on(result);
        }
    }

    private void on(final int state)
    {
        if (MessageState.REQUEST == state)
        {
            requestCount++;
            final int result = inPlace ? replyInPlace() : replyCopy();
            if (Status.OK != result)
            {
                throw new IllegalStateException("cannot reply: " + Status.text(result));
            }
        }
        else if (MessageState.DISPOSE == state)
        {
            disposalCount++;
        }
    }

    private int replyCopy()
    {
        return message.reply(message.buffer(), 0, message.length());
    }

    private int replyInPlace()
    {
        final int length = message.length();
        final DirectBuffer request = message.buffer();
        final long sequence = Payload.sequence(request, length);
        if (!Payload.verify(request, length, sequence))
        {
            corruptCount++;
        }
        final int result = message.claimReply(length, claim);
        if (Status.OK != result)
        {
            return result;
        }
        Payload.fillInPlace(claim.buffer(), length, sequence, builtAddresses);
        return claim.reply();
    }
}
