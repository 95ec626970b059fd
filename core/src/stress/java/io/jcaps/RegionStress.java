/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import org.agrona.concurrent.AtomicBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

import java.util.UUID;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [region]: RegionHeader.write() releases the layout version after all else; RegionHeader.read() acquires it before it
 * copies the rest.
 * <p>
 * Weakened, both halves plain, nothing was seen in 1,860,000 tries on x86, JDK 17 with StressLCM and StressGCM: the
 * pair is argued. x86 keeps stores in their order and loads in theirs, so that only the compiler could show it, as it
 * did at [port]; a processor of weaker order, such as ARM, may as well.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "[region] not finished yet")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "[region] finished, and found to be right")
@Outcome(expect = FORBIDDEN, desc = "[region] the version came before what it stands for")
@State
public class RegionStress
{
    private static final RegionHeader HEADER = new RegionHeader(new Geometry(2, 3, 1, 1, 64), 1, new UUID(2, 3), 4);

    private final AtomicBuffer tables = StressRegion.allocate(RegionDescriptor.HEADER_LENGTH);

    @Actor
    public void creator()
    {
        HEADER.write(tables);
    }

    @Actor
    public void attacher(final I_Result r)
    {
        // About as long as a header takes to write, so that it is met half done.
        for (int i = 0; i < 100; i++)
        {
            // Plain: what orders the reads is in read() alone. It would throw, which is dear, if there was none yet.
            if (0 != tables.getInt(RegionDescriptor.LAYOUT_VERSION_OFFSET))
            {
                r.r1 = isRead() ? 1 : 2;
                return;
            }
        }
    }

    private boolean isRead()
    {
        try
        {
            return HEADER.equals(RegionHeader.read(tables, HEADER.geometry().fileLength(), "stress"));
        }
        catch (final RegionException ex)
        {
            return false;
        }
    }
}
