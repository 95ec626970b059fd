/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Tuning;
import net.openhft.affinity.Affinity;

import java.util.BitSet;

/**
 * The core to which each side is pinned, if the user wants it: the last one that the process may use, and the one
 * before.
 */
enum Pinning
{
    CLIENT(0), SERVER(1);

    private final int placeFromLast;

    Pinning(final int placeFromLast)
    {
        this.placeFromLast = placeFromLast;
    }

    /** Pins the current thread, and those that it starts. */
    void apply(final Tuning tuning)
    {
        if (!tuning.pin())
        {
            return;
        }
        final BitSet allowed = Affinity.getAffinity();
        int cpu = allowed.length() - 1;
        for (int i = 0; i < placeFromLast && cpu >= 0; i++)
        {
            cpu = allowed.previousSetBit(cpu - 1);
        }
        if (cpu < 0)
        {
            throw new IllegalStateException("cannot pin two sides: CPUs allowed are " + allowed);
        }
        Affinity.setAffinity(cpu);
        if (Affinity.getCpu() != cpu)
        {
            throw new IllegalStateException("cannot pin to CPU " + cpu + ": runs on " + Affinity.getCpu());
        }
    }
}
