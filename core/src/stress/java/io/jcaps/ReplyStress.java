/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJ_Result;
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [reply]: Slots.publishReply() and Slots.publishSkip() release the id after descriptor and payload; Slots.replyId()
 * acquires it before the client looks at those.
 * <p>
 * Weakened, both halves plain, nothing was seen in 600,000 tries on x86, JDK 17 with StressLCM and StressGCM: the pair
 * is argued. x86 keeps stores in their order and loads in theirs, so that only the compiler could show it, as it did at
 * [port]; a processor of weaker order, such as ARM, may as well. Without the release the id may come before flags and
 * payload; without the acquire these may be read before the id: a skip is taken for a reply, or an old payload shown.
 */
public final class ReplyStress
{
    private ReplyStress()
    {
    }

    private static void show(final Message reply, final IJ_Result r)
    {
        r.r1 = reply.length();
        r.r2 = reply.buffer().getLong(0);
    }

    /** The client meets the reply by its slot, in which an older one lay. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "[reply] the id is not there yet")
    @Outcome(id = "8, 42", expect = ACCEPTABLE, desc = "[reply] the id, and all that is below it")
    @Outcome(expect = FORBIDDEN, desc = "[reply] the id came before its descriptor or payload")
    @State
    public static class Expected extends StressPair
    {
        public Expected()
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
        }

        @Actor
        public void client(final IJ_Result r)
        {
            if (client.get(reply) == MessageState.REPLY)
            {
                show(reply, r);
            }
        }
    }

    /** A call looks at its own slot, whatever the ring says. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "[reply] the id is not there yet")
    @Outcome(id = "8, 42", expect = ACCEPTABLE, desc = "[reply] the id, and all that is below it")
    @Outcome(expect = FORBIDDEN, desc = "[reply] the id came before its descriptor or payload")
    @State
    public static class Called extends StressPair
    {
        private final long id;

        public Called()
        {
            super(1);
            warmUp();
            final Claim claim = new Claim();
            check(client.claim(WARM_LENGTH, claim) == Status.OK);
            id = client.put(claim, WARM_LENGTH, 0, true);
            check(service.get(request) == MessageState.REQUEST);
        }

        @Actor
        public void service()
        {
            request.reply(replyBytes, 0, LENGTH);
        }

        @Actor
        public void client(final IJ_Result r)
        {
            if (client.getReply(reply, id) == MessageState.REPLY)
            {
                show(reply, r);
            }
        }
    }

    /**
     * The service skips a request that was aborted just when it had said that it received it. The client must not take
     * the skip for a reply.
     */
    @JCStressTest
    @Outcome(id = "0, -1", expect = ACCEPTABLE, desc = "[reply] the skip is not there yet")
    @Outcome(id = "1, 3", expect = ACCEPTABLE, desc = "[reply] skipped: aborted, and not received")
    @Outcome(expect = FORBIDDEN, desc = "[reply] the id came before the flags that make it a skip")
    @State
    public static class Skipped extends StressPair
    {
        public Skipped()
        {
            this(new StressRegion(1));
        }

        private Skipped(final StressRegion region)
        {
            this(region, new AbortingBuffer(region.link));
        }

        private Skipped(final StressRegion region, final AbortingBuffer serviceLink)
        {
            // Both actors use the client here, one of them for the abort.
            super(region, serviceLink, new PortOptions().spinCount(0));
            warmUp();
            final long id = client.put(requestBytes, 0, LENGTH);
            serviceLink.onReceived = () -> client.abort(id, false);
        }

        @Actor
        public void service()
        {
            service.get(request);
        }

        @Actor
        public void client(final II_Result r)
        {
            r.r2 = -1;
            if (client.get(reply) == MessageState.REPLY)
            {
                r.r1 = 1;
                r.r2 = reply.outcome();
            }
        }
    }

    /** Lets the client abort between the service's store of RECEIVED and its second look. */
    private static final class AbortingBuffer extends UnsafeBuffer
    {
        private Runnable onReceived;

        AbortingBuffer(final AtomicBuffer link)
        {
            super(link);
        }

        @Override
        public void putLongVolatile(final int index, final long value)
        {
            super.putLongVolatile(index, value);
            if (LinkDescriptor.RECEIVED_OFFSET == index && null != onReceived)
            {
                onReceived.run();
            }
        }
    }
}
