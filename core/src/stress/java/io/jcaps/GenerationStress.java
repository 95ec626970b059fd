/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JI_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [generation]: Port.generation(long) releases what its caller did before; ServiceEntry.generation() acquires it.
 * <p>
 * Weakened, both halves plain, nothing was seen in 256,000 tries on x86, JDK 17 with StressLCM and StressGCM: the pair
 * is argued. x86 keeps stores in their order and loads in theirs, so that only the compiler could show it, as it did at
 * [port]; a processor of weaker order, such as ARM, may as well.
 */
@JCStressTest
@Outcome(id = {"0, 0", "0, 1", "5, 1"}, expect = ACCEPTABLE, desc = "[generation] old or new, and what came before it")
@Outcome(expect = FORBIDDEN, desc = "[generation] the new one came before what it tells of")
@State
public class GenerationStress extends StressPair
{
    // What a service changes before it says so by its generation.
    private int data;

    public GenerationStress()
    {
        super(1);
    }

    @Actor
    public void service()
    {
        data = 1;
        service.generation(5);
    }

    @Actor
    public void client(final JI_Result r)
    {
        r.r1 = client.serviceGeneration();
        r.r2 = data;
    }
}
