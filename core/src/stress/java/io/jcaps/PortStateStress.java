/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [port-state]: PortEntry.close() stores STATE and makes a full fence, then the service looks at the links; a client
 * opens its link by compare and set, a full fence, then looks at STATE by PortEntry.isOpen(). One of the two sees the
 * other.
 * <p>
 * Weakened on x86: with a release store and no fence in close(), Entries saw the two miss each other 44 times in
 * 254,000 tries; Connected, whose connect takes longer than a store waits, not at all in 224,000.
 */
public final class PortStateStress
{
    private PortStateStress()
    {
    }

    /** What decides it, by the entries alone: a whole connect takes too long to meet. */
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 0", "1, 1"}, expect = ACCEPTABLE, desc = "[port-state] one of the two saw the other")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "[port-state] connected to a closed service, and never told")
    @State
    public static class Entries
    {
        private final StressRegion region = new StressRegion(1);
        private final PortEntry closing = new PortEntry(region.tables, region.geometry).wrap(0);
        private final LinkEntry looked = new LinkEntry(region.tables, region.geometry).wrap(0);
        private final PortEntry service = new PortEntry(region.tables, region.geometry).wrap(0);
        private final LinkEntry link = new LinkEntry(region.tables, region.geometry).wrap(0);

        public Entries()
        {
            closing.publish(1, PortDescriptor.KIND_SERVICE, 0, 1, -1, 0, 0, 0, StressRegion.NAME, 0, 0);
            link.take(1, 1, 1, 1, 1, 0, 1, 0, 1);
        }

        @Actor
        public void service(final II_Result r)
        {
            closing.close();
            r.r1 = (looked.state() & LinkEntryDescriptor.OPEN) == 0 ? 0 : 1;
        }

        @Actor
        public void client(final II_Result r)
        {
            link.change(1, LinkEntryDescriptor.OPEN, 0);
            r.r2 = service.isOpen() ? 0 : 1;
        }
    }

    /** A client connects while its service closes. */
    @JCStressTest
    @Outcome(id = {"0, 0"}, expect = ACCEPTABLE, desc = "[port-state] not found")
    @Outcome(id = {"1, 0"}, expect = ACCEPTABLE, desc = "[port-state] connected, and told of the end")
    @Outcome(id = {"1, 1"}, expect = FORBIDDEN, desc = "[port-state] connected to a closed service, and never told")
    @State
    public static class Connected
    {
        private final StressRegion region = new StressRegion(1);
        private final Attachment clientProcess = StressRegion.attach(region.side());
        private final ServicePort service = StressRegion.attach(region.side())
            .service(StressRegion.NAME, StressRegion.options().flags(PortFlags.USER));
        private final PortOptions options = StressRegion.options().flags(PortFlags.USER);
        private ClientPort client;

        @Actor
        public void service()
        {
            service.close();
        }

        @Actor
        public void client()
        {
            try
            {
                client = clientProcess.client(StressRegion.NAME, options);
            }
            catch (final CapsException ex)
            {
                client = null;
            }
        }

        @Arbiter
        public void after(final II_Result r)
        {
            r.r1 = null == client ? 0 : 1;
            r.r2 = null != client && client.isConnected() ? 1 : 0;
        }
    }
}
