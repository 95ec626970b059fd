/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [received], its second use: a client whose service is gone acquires RECEIVED in Aborts.goneOutcome(), to tell
 * what the service may have received. Slots.publishReceived() has stored it before the service went. The first
 * use, which needs the full fence, is in {@link AbortStress}.
 * <p>
 * Weakened to a plain load: nothing seen in a short run on x86. x86 keeps stores in their order and loads in theirs, so
 * that only the compiler could show it, as it did at [port]; a processor of weaker order, such as ARM, may as well.
 * Without the acquire in goneOutcome() RECEIVED may be read before the end of the service is seen.
 */
@JCStressTest
@Outcome(id = {"1, 257", "0, 1"}, expect = ACCEPTABLE, desc = "[received] what was received is told to be")
@Outcome(expect = FORBIDDEN, desc = "[received] the service received it, and its client is told that it did not")
@State
public class ReceivedStress extends StressPair
{
    /**
     * The service closes in a batch of two: the one that it handed out was received, the other was not. The store that
     * lowers RECEIVED comes before the flag of the close, so that a client that sees the flag sees it.
     */
    @JCStressTest
    @Outcome(id = "257, 1", expect = ACCEPTABLE, desc = "[received] what was not handed out is told not to be received")
    @Outcome(expect = FORBIDDEN, desc = "[received] the client sees the close, and the number before it")
    @State
    public static class Lowered extends StressPair
    {
        private int count;

        public Lowered()
        {
            super(2);
            warmUp();
            client.put(requestBytes, 0, LENGTH);
            client.put(requestBytes, 0, LENGTH);
            // Both are collected, and one is handed out.
            boolean isThrown = false;
            try
            {
                service.poll((message) ->
                {
                    throw new IllegalStateException("the rest stays");
                }, 2);
            }
            catch (final IllegalStateException ex)
            {
                isThrown = true;
            }
            check(isThrown && service.isReady());
        }

        @Actor
        public void service()
        {
            service.close();
        }

        @Actor
        public void client(final II_Result r)
        {
            take(r);
        }

        @Arbiter
        public void after(final II_Result r)
        {
            while (count < 2)
            {
                take(r);
            }
        }

        private void take(final II_Result r)
        {
            while (count < 2 && client.get(reply) == MessageState.REPLY)
            {
                if (0 == count++)
                {
                    r.r1 = reply.outcome();
                }
                else
                {
                    r.r2 = reply.outcome();
                }
                reply.release();
            }
        }
    }

    private boolean isTaken;

    public ReceivedStress()
    {
        super(1);
        warmUp();
        client.put(requestBytes, 0, LENGTH);
    }

    @Actor
    public void service(final II_Result r)
    {
        r.r1 = service.get(request) == MessageState.REQUEST ? 1 : 0;
        service.close();
    }

    @Actor
    public void client(final II_Result r)
    {
        isTaken = take(r);
    }

    @Arbiter
    public void after(final II_Result r)
    {
        if (!isTaken)
        {
            take(r);
        }
    }

    private boolean take(final II_Result r)
    {
        final boolean result = client.get(reply) == MessageState.REPLY;
        if (result)
        {
            r.r2 = reply.outcome();
        }
        return result;
    }
}
