/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [registered]: Registry.announce() releases the count of registrations after the service's entry;
 * Registry.registrations() acquires it before a client looks for the service, and sleeps on the word.
 * <p>
 * Weakened, the count read after the look: nothing seen in 84,000 tries on x86, as the tables' lock orders both sides.
 * The pair is argued: without it the count may be the new one while the look was made before the service was there.
 */
@JCStressTest
@Outcome(id = "-1", expect = ACCEPTABLE, desc = "[registered] found")
@Outcome(id = "0", expect = ACCEPTABLE, desc = "[registered] asleep on the old count: the new one wakes it")
@Outcome(expect = FORBIDDEN, desc = "[registered] asleep on the new count, with the service not found")
@State
public class RegisteredStress
{
    private final StressRegion region = new StressRegion(1);
    private final StressRegion.Side clientSide = region.side();
    private final Attachment clientProcess = StressRegion.attach(clientSide);
    private final Attachment serviceProcess = StressRegion.attach(region.side());
    private final PortOptions serviceOptions = StressRegion.options().flags(PortFlags.USER);
    private final PortOptions clientOptions = StressRegion.options().flags(PortFlags.USER | PortFlags.WAITSVC);

    @Actor
    public void service()
    {
        serviceProcess.service(StressRegion.NAME, serviceOptions);
        region.isWakerOver = true;
    }

    @Actor
    public void client(final I_Result r)
    {
        try
        {
            clientProcess.client(StressRegion.NAME, clientOptions);
        }
        catch (final StressRegion.Asleep ex)
        {
            // What it slept on is the result.
        }
        r.r1 = clientSide.asleepOn;
    }
}
