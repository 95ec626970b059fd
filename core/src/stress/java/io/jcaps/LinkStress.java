/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IJ_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [link]: LinkEntry.change() compares and sets, which keeps the other side's flags and releases what came before;
 * LinkEntry.state(), ServiceState.isGone() and ClientState.isGone() acquire it.
 * <p>
 * Weakened on x86: with a load and a store instead of the compare and set, LetGo lost one side's flags 2 and 39 times
 * in two runs. With plain loads in state(), Accepted saw nothing in 190,000 tries. x86 keeps stores in their order and
 * loads in theirs, so that only the compiler could show it, as it did at [port]; a processor of weaker order, such as
 * ARM, may as well. Without the acquire in ServiceState.isGone() the reply may be looked for before the end was seen,
 * and be taken for missing.
 */
public final class LinkStress
{
    private LinkStress()
    {
    }

    /** A service replies and closes: its client hears of the reply, not of the end. */
    @JCStressTest
    @Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "[link] no reply yet, and no end")
    @Outcome(id = "0, 42", expect = ACCEPTABLE, desc = "[link] replied")
    @Outcome(expect = FORBIDDEN, desc = "[link] the end was seen before the reply")
    @State
    public static class Closed extends StressPair
    {
        public Closed()
        {
            super(1);
            warmUp();
            putWarm();
            check(service.get(request) == MessageState.REQUEST);
        }

        @Actor
        public void service()
        {
            request.reply(replyBytes, 0, LENGTH);
            service.close();
        }

        @Actor
        public void client(final IJ_Result r)
        {
            r.r1 = -1;
            if (client.get(reply) == MessageState.REPLY)
            {
                r.r1 = reply.outcome();
                r.r2 = 0 == reply.length() ? 0 : reply.buffer().getLong(0);
            }
        }
    }

    /** Both sides release the link at the same time. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "[link] each side's flags are there, and the link is free")
    @Outcome(expect = FORBIDDEN, desc = "[link] one side's change undid the other's")
    @State
    public static class LetGo
    {
        private final StressRegion region = new StressRegion(1);
        private final LinkEntry clientEntry = new LinkEntry(region.tables, region.geometry).wrap(0);
        private final LinkEntry serviceEntry = new LinkEntry(region.tables, region.geometry).wrap(0);

        public LetGo()
        {
            clientEntry.take(1, 0, 1, 0, 1, 1, 1, 1, 1);
            clientEntry.change(1, LinkEntryDescriptor.OPEN | LinkEntryDescriptor.SERVICE_HOLDS, 0);
        }

        @Actor
        public void client()
        {
            clientEntry.change(1, LinkEntryDescriptor.CLIENT_CLOSED, LinkEntryDescriptor.CLIENT_HOLDS);
        }

        @Actor
        public void service()
        {
            serviceEntry.change(1, LinkEntryDescriptor.SERVICE_CLOSED, LinkEntryDescriptor.SERVICE_HOLDS);
        }

        @Arbiter
        public void after(final II_Result r)
        {
            final long state = clientEntry.state();
            final long closed = LinkEntryDescriptor.CLIENT_CLOSED | LinkEntryDescriptor.SERVICE_CLOSED;
            r.r1 = (state & closed) == closed ? 1 : 0;
            r.r2 = LinkEntry.isFree(state) ? 1 : 0;
        }
    }

    /** A client connects and puts while the service looks for newcomers. */
    @JCStressTest
    @Outcome(id = "1, -1", expect = ACCEPTABLE, desc = "[link] not there yet")
    @Outcome(id = "1, 42", expect = ACCEPTABLE, desc = "[link] accepted, with its first request")
    @Outcome(expect = FORBIDDEN, desc = "[link] accepted before it was complete")
    @State
    public static class Accepted
    {
        private final StressRegion region = new StressRegion(1);
        private final Attachment clientProcess = StressRegion.attach(region.side());
        private final ServicePort service = StressRegion.attach(region.side())
            .service(StressRegion.NAME, StressRegion.options().flags(PortFlags.USER));
        private final PortOptions options = StressRegion.options().flags(PortFlags.USER);
        private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
        private final Message request = new Message();

        public Accepted()
        {
            bytes.putLong(0, StressPair.FRESH);
        }

        @Actor
        public void client(final IJ_Result r)
        {
            r.r1 = clientProcess.client(StressRegion.NAME, options).put(bytes, 0, bytes.capacity()) > 0 ? 1 : 0;
        }

        @Actor
        public void service(final IJ_Result r)
        {
            r.r2 = -1;
            // About as long as a connect takes, so that it meets it half done.
            for (int i = 0; i < 20; i++)
            {
                if (service.get(request) == MessageState.REQUEST)
                {
                    r.r2 = request.buffer().getLong(0);
                    return;
                }
            }
        }
    }
}
