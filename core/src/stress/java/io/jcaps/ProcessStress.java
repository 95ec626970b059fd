/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ProcessEntry;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JII_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [process]: ProcessEntry.publish() releases the incarnation after the fields; ProcessEntry.incarnation() acquires it
 * before they are read.
 * <p>
 * Weakened, both halves plain, nothing was seen in 513,000 tries on x86, JDK 17 with StressLCM and StressGCM: the pair
 * is argued. x86 keeps stores in their order and loads in theirs, so that only the compiler could show it, as it did at
 * [port]; a processor of weaker order, such as ARM, may as well.
 */
@JCStressTest
@Outcome(id = {"0, .*"}, expect = ACCEPTABLE, desc = "[process] a free entry: its fields mean nothing")
@Outcome(id = "2, 12, 22", expect = ACCEPTABLE, desc = "[process] the new one, and all its fields")
@Outcome(expect = FORBIDDEN, desc = "[process] the new one, with fields of the one before")
@State
public class ProcessStress
{
    private static final int[] NO_GROUPS = {};

    private final StressRegion region = new StressRegion(1);
    private final ProcessEntry writer = new ProcessEntry(region.tables, region.geometry).wrap(0);
    private final ProcessEntry reader = new ProcessEntry(region.tables, region.geometry).wrap(0);

    public ProcessStress()
    {
        writer.publish(1, 1, 11, 0, 21, 0, NO_GROUPS);
        writer.free(writer.incarnation());
    }

    @Actor
    public void owner()
    {
        writer.publish(2, 1, 12, 0, 22, 0, NO_GROUPS);
    }

    @Actor
    public void peer(final JII_Result r)
    {
        r.r1 = reader.incarnation();
        r.r2 = reader.pid();
        r.r3 = reader.euid();
    }
}
