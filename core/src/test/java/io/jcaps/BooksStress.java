/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ServiceCounter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [books]: ServicePort.dropGone() replaces links and past sums as one, by a volatile store, before any of the links is
 * another client's; ServicePort.sum() adds up, and looks behind an acquire fence whether they are the same still.
 * <p>
 * A client that had one request received goes; the next one takes its link, whose counters begin at 0, and has one
 * received. Without the fence the sum could be made of the next client's numbers, and the look come before them.
 */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "[books] the first client's, from its link or from the past")
@Outcome(id = "2", expect = ACCEPTABLE, desc = "[books] both clients'")
@Outcome(expect = FORBIDDEN, desc = "[books] a number was missed, or taken twice")
@State
public class BooksStress extends StressPair
{
    public BooksStress()
    {
        super(1);
        warmUp();
    }

    @Actor
    public void change()
    {
        client.close();
        check(0 == service.clientCount());
        final ClientPort next = clientProcess.client(StressRegion.NAME, StressRegion.options().flags(PortFlags.USER));
        check(next.put(requestBytes, 0, LENGTH) > 0);
        check(service.get(request) == MessageState.REQUEST);
    }

    @Actor
    public void count(final J_Result r)
    {
        // About as long as the change takes, so that it meets it half done.
        for (int i = 0; i < 20; i++)
        {
            r.r1 = service.counter(ServiceCounter.GETS);
            if (1 != r.r1)
            {
                return;
            }
        }
    }
}
