/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [accept]: a client takes a link, opens it and closes it again; the service's compare and set takes hold of it only
 * in the state that it has looked at. A look and a store instead would hold a link that its client has left.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "[accept] not there yet, or left already")
@Outcome(id = "42", expect = ACCEPTABLE, desc = "[accept] held, with its client's fields")
@Outcome(expect = FORBIDDEN, desc = "[accept] held without its client's fields, or after its client had closed")
@State
public class AcceptStress
{
    private static final int CLIENT_INCARNATION = 42;

    private final StressRegion region = new StressRegion(1);
    private final LinkEntry clientEntry = new LinkEntry(region.tables, region.geometry).wrap(0);
    private final LinkEntry serviceEntry = new LinkEntry(region.tables, region.geometry).wrap(0);
    private volatile boolean isClosed;

    @Actor
    public void client()
    {
        clientEntry.take(1, 0, CLIENT_INCARNATION, 0, 1, 1, 1, 1, 1);
        clientEntry.change(1, LinkEntryDescriptor.OPEN, 0);
        clientEntry.change(1, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
        isClosed = true;
    }

    @Actor
    public void service(final I_Result r)
    {
        final long state = serviceEntry.state();
        if ((state & (LinkEntryDescriptor.OPEN | LinkEntryDescriptor.CLIENT_CLOSED)) == LinkEntryDescriptor.OPEN)
        {
            final boolean wasClosed = isClosed;
            if (region.tables.compareAndSetLong(
                serviceEntry.stateOffset(), state, state | LinkEntryDescriptor.SERVICE_HOLDS))
            {
                r.r1 = wasClosed ? -1 : (int)serviceEntry.clientProcessIncarnation();
            }
        }
    }
}
