/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.infra.results.I_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [gate]: Gate.exit() releases what Gate.enter() of the next thread acquires by its compare and set.
 * <p>
 * Weakened on x86, a plain look and store instead of the compare and set, it lost additions 12 times in 5,484,000 tries
 * of ten rounds; there are a hundred now. Argued: without the release in exit() what it guards may be stored after the
 * gate is open; without the acquire of enter() it may be read before the gate was closed.
 */
@JCStressTest
@Outcome(id = "200", expect = ACCEPTABLE, desc = "[gate] one after the other")
@Outcome(expect = FORBIDDEN, desc = "[gate] a thread did not see what the one before it did")
@State
public class GateStress
{
    private static final int ROUND_COUNT = 100;

    private final Gate gate = new Gate(true);
    private int count;

    private void add()
    {
        for (int i = 0; i < ROUND_COUNT; i++)
        {
            gate.enter();
            count++;
            gate.exit();
        }
    }

    @Actor
    public void first()
    {
        add();
    }

    @Actor
    public void second()
    {
        add();
    }

    @Arbiter
    public void after(final I_Result r)
    {
        r.r1 = count;
    }
}
