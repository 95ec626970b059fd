/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JII_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [port]: PortEntry.publish() releases the incarnation behind the fields; PortEntry.incarnation() acquires it before
 * they are read.
 * <p>
 * Not run weakened for long enough to say that it was not seen: the pair is argued. x86 keeps stores in their order and
 * loads in theirs, and HotSpot keeps accesses through a buffer of unknown memory in the order of the code; a processor
 * of weaker order, such as ARM, may show it.
 */
@JCStressTest
@Outcome(id = {"0, .*"}, expect = ACCEPTABLE, desc = "[port] a free entry: its fields mean nothing")
@Outcome(id = "2, 12, 22", expect = ACCEPTABLE, desc = "[port] the new one, and all its fields")
@Outcome(expect = FORBIDDEN, desc = "[port] the new one, with fields of the one before")
@State
public class PortStress
{
    private final StressRegion region = new StressRegion(1);
    private final PortEntry writer = new PortEntry(region.tables, region.geometry).wrap(0);
    private final PortEntry reader = new PortEntry(region.tables, region.geometry).wrap(0);

    public PortStress()
    {
        publish(1);
        writer.free();
    }

    private void publish(final int use)
    {
        writer.publish(use, PortDescriptor.KIND_SERVICE, 10 + use, 1, -1, 20 + use, 0, 0, StressRegion.NAME, 0, 0);
    }

    @Actor
    public void owner()
    {
        publish(2);
    }

    @Actor
    public void peer(final JII_Result r)
    {
        r.r1 = reader.incarnation();
        r.r2 = reader.processIndex();
        r.r3 = reader.uid();
    }
}
