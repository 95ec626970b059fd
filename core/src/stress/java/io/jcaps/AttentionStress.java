/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.table.Attention;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [attention]: what a thread found before it raised the attention of a port is seen by the thread that takes it. A
 * plain flag could be seen before what it is about.
 */
@JCStressTest
@Outcome(id = "-1", expect = ACCEPTABLE, desc = "[attention] not raised yet")
@Outcome(id = "42", expect = ACCEPTABLE, desc = "[attention] raised, and what was found is seen")
@Outcome(expect = FORBIDDEN, desc = "[attention] raised, and nothing is seen")
@State
public class AttentionStress
{
    private final Attention attention = new Attention();
    private int found;

    public AttentionStress()
    {
        attention.take();
    }

    @Actor
    public void watch()
    {
        found = 42;
        attention.raise();
    }

    @Actor
    public void port(final I_Result r)
    {
        r.r1 = -1;
        if (attention.isDue())
        {
            attention.take();
            r.r1 = found;
        }
    }
}
