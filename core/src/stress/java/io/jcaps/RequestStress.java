/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJ_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [request]: Slots.publishRequest() releases the id after descriptor and payload; Slots.requestId() acquires it before
 * the service looks at those.
 * <p>
 * Weakened, both halves plain: nothing seen in 140,000 tries on x86, JDK 17 with StressLCM and StressGCM. x86 keeps
 * stores in their order and loads in theirs, so that only the compiler could show it, as it did at [port]; a processor
 * of weaker order, such as ARM, may as well. Without the release the id may come before LENGTH, FLAGS and payload;
 * without the acquire these may be read before the id, and be those of the slot's last message.
 */
public final class RequestStress
{
    private RequestStress()
    {
    }

    private static void receive(final StressPair pair, final IJ_Result r)
    {
        if (pair.service.get(pair.request) == MessageState.REQUEST)
        {
            r.r1 = pair.request.length();
            r.r2 = pair.request.buffer().getLong(0);
        }
    }

    /** The service meets the request by its slot, in which an older one lay. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "[request] the id is not there yet")
    @Outcome(id = "8, 42", expect = ACCEPTABLE, desc = "[request] the id, and all that is below it")
    @Outcome(expect = FORBIDDEN, desc = "[request] the id came before its descriptor or payload")
    @State
    public static class Expected extends StressPair
    {
        public Expected()
        {
            super(1);
            warmUp();
        }

        @Actor
        public void client()
        {
            client.put(requestBytes, 0, LENGTH);
        }

        @Actor
        public void service(final IJ_Result r)
        {
            receive(this, r);
        }
    }

    /** The ring tells the service where the request lies: it has none to guess from. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "[request] record and id are not there yet")
    @Outcome(id = "8, 42", expect = ACCEPTABLE, desc = "[request] the record, the id, and all that is below it")
    @Outcome(expect = FORBIDDEN, desc = "[request] the id came before its descriptor or payload")
    @State
    public static class Recorded extends StressPair
    {
        public Recorded()
        {
            super(1);
            fill();
        }

        @Actor
        public void client()
        {
            client.put(requestBytes, 0, LENGTH);
        }

        @Actor
        public void service(final IJ_Result r)
        {
            receive(this, r);
        }
    }
}
