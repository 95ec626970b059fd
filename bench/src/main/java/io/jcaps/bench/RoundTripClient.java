/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import org.HdrHistogram.Histogram;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The client's side of a measurement: one message in flight, its reply verified and disposed of. One thread.
 */
final class RoundTripClient
{
    private final ClientPort port;
    private final int length;
    private final boolean inPlace;
    private final WaitMode waitMode;
    private final UnsafeBuffer source;
    private final Message reply = new Message();
    private final Claim claim = new Claim();
    private final LongHashSet builtAddresses = new LongHashSet();
    private long sequence;

    RoundTripClient(final ClientPort port, final RoundTripOptions options)
    {
        this.port = port;
        length = options.length();
        inPlace = options.inPlace();
        waitMode = options.waitMode();
        source = new UnsafeBuffer(new byte[length]);
        Payload.fill(source, length, 0);
    }

    /** Messages sent so far. */
    long messageCount()
    {
        return sequence;
    }

    /** Sends messages, and looks at each byte of the replies. */
    void warmUp(final int count)
    {
        for (int i = 0; i < count; i++)
        {
            send();
            receive();
            if (!Payload.verifyWhole(reply.buffer(), length, sequence))
            {
                throw new IllegalStateException("reply to message " + sequence + " has other content");
            }
            reply.release();
        }
    }

    /** Sends messages, and records how long each took from before its put until after its disposal. */
    void measure(final int count, final Histogram histogram)
    {
        for (int i = 0; i < count; i++)
        {
            final long startNs = System.nanoTime();
            roundTrip();
            FloorLatency.record(histogram, System.nanoTime() - startNs);
        }
    }

    void roundTrip()
    {
        send();
        receive();
        if (!Payload.verify(reply.buffer(), length, sequence))
        {
            throw new IllegalStateException("reply to message " + sequence + " has other content");
        }
        reply.release();
    }

    private void send()
    {
        sequence++;
        final long id;
        if (inPlace)
        {
            final int result = port.claim(length, claim);
            if (Status.OK != result)
            {
                throw new IllegalStateException("cannot claim: " + Status.text(result));
            }
            Payload.fillInPlace(claim.buffer(), length, sequence, builtAddresses);
            id = claim.put();
        }
        else
        {
            if (length >= Long.BYTES)
            {
                source.putLong(0, sequence);
            }
            if (0 != length % Long.BYTES)
            {
                Payload.fill(source, length, sequence);
            }
            id = port.put(source, 0, length);
        }
        if (id <= 0)
        {
            throw new IllegalStateException("cannot put: " + Status.text(id));
        }
    }

    private void receive()
    {
        int result;
        if (WaitMode.GET == waitMode)
        {
            do
            {
                result = port.get(reply);
            }
            while (Status.WOULD_BLOCK == result);
        }
        else
        {
            result = port.await(reply, Long.MAX_VALUE);
        }
        if (MessageState.REPLY != result || Outcome.REPLIED != reply.outcome() || reply.length() != length)
        {
            throw new IllegalStateException("no reply but " + Status.text(result) + ", " +
                Outcome.text(reply.outcome()) + ", length=" + reply.length());
        }
    }
}
