/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.Outcome;
import io.jcaps.StressRegion;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [gone]: two threads find the end of a link, one by its state, one by the death of the service's process. One of
 * them is first, and wakes the waiters; both see one kind of end.
 */
@JCStressTest
@org.openjdk.jcstress.annotations.Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc =
    "[gone] one is first")
@org.openjdk.jcstress.annotations.Outcome(expect = FORBIDDEN, desc = "[gone] both or neither wake the waiters")
@State
public class GoneStress
{
    private final StressRegion region = new StressRegion(1);
    private final ServiceState service;
    private int endedCount;

    public GoneStress()
    {
        final LinkEntry entry = new LinkEntry(region.tables, region.geometry).wrap(0);
        entry.take(1, 0, 1, 0, 1, 1, 1, 1, 1);
        entry.change(1, LinkEntryDescriptor.OPEN | LinkEntryDescriptor.SERVICE_HOLDS, 0);
        service = new ServiceState(region.tables, entry, 1, () -> endedCount++);
    }

    @Actor
    public void closed(final III_Result r)
    {
        r.r1 = service.end(Outcome.SERVICE_CLOSED) ? 1 : 0;
    }

    @Actor
    public void died(final III_Result r)
    {
        r.r2 = service.end(Outcome.SERVICE_DIED) ? 1 : 0;
    }

    @Arbiter
    public void after(final III_Result r)
    {
        r.r3 = service.isEndKnown() ? endedCount : -1;
    }
}
