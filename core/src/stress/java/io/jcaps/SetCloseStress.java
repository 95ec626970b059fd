/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.PortEntry;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [set-close]: the close of a wait set sets its flag, then adds to WAKE; a waiter reads WAKE, then the flag. Either
 * it sees the flag, or the word has changed when it is about to sleep.
 */
@JCStressTest
@Outcome(id = {"0, 1", "1, 0", "1, 1"}, expect = ACCEPTABLE, desc = "[set-close] it does not sleep")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "[set-close] asleep on a closed set")
@State
public class SetCloseStress
{
    private final StressRegion region = new StressRegion(1);
    private final int wakeOffset = new PortEntry(region.tables, region.geometry).wrap(0).wakeOffset();
    private volatile boolean isClosed;
    private int wakeSequence;

    @Actor
    public void closer()
    {
        isClosed = true;
        region.tables.getAndAddInt(wakeOffset, 1);
    }

    @Actor
    public void waiter(final II_Result r)
    {
        wakeSequence = region.tables.getIntVolatile(wakeOffset);
        r.r1 = isClosed ? 1 : 0;
    }

    @Arbiter
    public void after(final II_Result r)
    {
        r.r2 = region.tables.getIntVolatile(wakeOffset) == wakeSequence ? 0 : 1;
    }
}
