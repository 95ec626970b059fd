/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJ_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [disposal]: Slots.dispose() releases DISPOSED after the client's reads of the reply; Slots.isDisposed() acquires it,
 * or the id of the slot's next request, before the service writes there again.
 * <p>
 * Weakened, both halves plain: nothing seen in 80,000 tries on x86, JDK 17 with StressLCM and StressGCM. x86 keeps
 * stores in their order and loads in theirs, so that only the compiler could show it, as it did at [port]; a processor
 * of weaker order, such as ARM, may as well. Without the release in dispose() the client's loads may be made after
 * DISPOSED is seen; without the acquire in isDisposed() the service may write anew before it has seen that it may.
 */
public final class DisposalStress
{
    private DisposalStress()
    {
    }

    private static void readAndRelease(final StressPair pair, final IJ_Result r)
    {
        r.r2 = pair.reply.buffer().getLong(0);
        pair.reply.release();
    }

    /** The service gets the disposal, and writes over the reply. */
    @JCStressTest
    @Outcome(id = {"0, 7", "1, 7"}, expect = ACCEPTABLE, desc = "[disposal] told or not, the read was before")
    @Outcome(expect = FORBIDDEN, desc = "[disposal] the reply was written over while the client read it")
    @State
    public static class Told extends StressPair
    {
        private final int payloadOffset;

        public Told()
        {
            super(1);
            putWarm();
            replyWarm();
            check(client.get(reply) == MessageState.REPLY);
            final Geometry geometry = region.geometry;
            payloadOffset = new SlotTable(geometry).replyHalfOffset(0) + SlotDescriptor.INLINE_OFFSET;
            check(WARM == region.link.getLong(payloadOffset));
        }

        @Actor
        public void client(final IJ_Result r)
        {
            readAndRelease(this, r);
        }

        @Actor
        public void service(final IJ_Result r)
        {
            if (service.get(request) == MessageState.DISPOSE)
            {
                r.r1 = 1;
                region.link.putLong(payloadOffset, FRESH);
            }
        }
    }

    /** The slot's next request tells the service, which replies to it. */
    @JCStressTest
    @Outcome(id = {"0, 7", "1, 7"}, expect = ACCEPTABLE, desc = "[disposal] reused or not, the read was before")
    @Outcome(expect = FORBIDDEN, desc = "[disposal] the reply was written over while the client read it")
    @State
    public static class Reused extends StressPair
    {
        public Reused()
        {
            super(1);
            putWarm();
            replyWarm();
            check(client.get(reply) == MessageState.REPLY);
            fill();
        }

        @Actor
        public void client(final IJ_Result r)
        {
            readAndRelease(this, r);
            client.put(requestBytes, 0, LENGTH);
        }

        @Actor
        public void service(final IJ_Result r)
        {
            if (service.get(request) == MessageState.REQUEST)
            {
                r.r1 = 1;
                request.reply(replyBytes, 0, LENGTH);
            }
        }
    }
}
