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
 * [port]: PortEntry.publish() releases the incarnation after the fields; PortEntry.incarnation() acquires it before
 * they are read.
 * <p>
 * Weakened on x86, both halves plain, a new port was seen with the process index of the one before once in 498,000
 * tries, JDK 17 with StressLCM and StressGCM: x86 keeps loads in their order, so the compiler had moved them.
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
        writer.free(writer.incarnation());
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
