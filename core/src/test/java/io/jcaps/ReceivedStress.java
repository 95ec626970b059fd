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
 * [received], its second use: a client whose service is gone acquires RECEIVED in ClientLink.goneOutcome(), to tell
 * what the service may have received. ServiceLink.take() has stored it before the service went. The first use, which
 * needs the full fence, is in {@link AbortStress}.
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
