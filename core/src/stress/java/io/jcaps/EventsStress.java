/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [events]: a client changes its link, then adds to the service's EVENTS; a service that sees EVENTS changed sees the
 * link changed. The other way round it would look too early, and not look again.
 */
@JCStressTest
@Outcome(id = {"0, 0", "0, 1"}, expect = ACCEPTABLE, desc = "[events] not announced yet")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "[events] announced, and there")
@Outcome(expect = FORBIDDEN, desc = "[events] announced, and not there")
@State
public class EventsStress
{
    private final StressRegion region = new StressRegion(1);
    private final LinkEntry clientEntry = new LinkEntry(region.tables, region.geometry).wrap(0);
    private final LinkEntry serviceEntry = new LinkEntry(region.tables, region.geometry).wrap(0);
    private final int eventsOffset = new PortEntry(region.tables, region.geometry).wrap(1).eventsOffset();

    public EventsStress()
    {
        clientEntry.take(1, 0, 1, 0, 1, 1, 1, 1, 1);
    }

    @Actor
    public void client()
    {
        clientEntry.change(1, LinkEntryDescriptor.OPEN, 0);
        region.tables.getAndAddInt(eventsOffset, 1);
    }

    @Actor
    public void service(final II_Result r)
    {
        r.r1 = region.tables.getIntAcquire(eventsOffset);
        r.r2 = (serviceEntry.state() & LinkEntryDescriptor.OPEN) == 0 ? 0 : 1;
    }
}
