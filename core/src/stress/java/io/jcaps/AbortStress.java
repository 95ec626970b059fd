/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.infra.results.III_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [abort] and [received]: Slots.abortRequest() stores the negative id and makes a full fence before Aborts.abort()
 * reads RECEIVED; Slots.publishReceived() stores RECEIVED and makes a full fence before IncomingRequests.receive()
 * reads the id again. At least one side sees the other's store.
 * <p>
 * The results are what abort() said (2 before the server, 3 at the server), whether the service received the message,
 * and the outcome that the client got in the end: 3 aborted, 259 aborted and perhaps received, -1 none yet.
 * <p>
 * Weakened on x86: with a plain store of RECEIVED, Weakened saw a message handed out and denied 2 times in 152,000
 * tries. Without the fences in abortRequest() 150,000 tries of Soft saw nothing: the two must meet within the time that
 * a store takes to leave its processor. It is the same pattern, seen from the other side: the store of the negative id
 * may wait there while RECEIVED is read.
 */
public final class AbortStress
{
    private AbortStress()
    {
    }

    /** One message waits at the service. */
    private abstract static class Waiting extends StressPair
    {
        private static final int PAUSE_MASK = 15;
        // A race on it does no harm: it just has to change.
        private static int pauseSequence;

        final long id;
        private final int pauseCount = pauseSequence++ & PAUSE_MASK;

        Waiting(final StressRegion region, final UnsafeBuffer serviceLink)
        {
            super(region, serviceLink, StressRegion.options());
            warmUp();
            id = client.put(requestBytes, 0, LENGTH);
        }

        /** Gives the service's get() a start, of one length or another: its store comes later. */
        final int abort(final boolean isHard)
        {
            return abort(id, isHard);
        }

        final int abort(final long id, final boolean isHard)
        {
            for (int i = 0; i < pauseCount; i++)
            {
                Thread.onSpinWait();
            }
            return client.abort(id, isHard);
        }

        final void receive(final III_Result r)
        {
            r.r2 = service.get(request) == MessageState.REQUEST ? 1 : 0;
        }

        final void takeOutcome(final III_Result r)
        {
            r.r3 = client.get(reply) == MessageState.REPLY ? reply.outcome() : -1;
        }
    }

    /** Given up for good: the outcome comes at once, and says whether the service may have it. */
    @JCStressTest
    @Outcome(id = "2, 0, 3", expect = ACCEPTABLE, desc = "[abort] taken back before the service saw it")
    @Outcome(id = "3, 1, 259", expect = ACCEPTABLE, desc = "[received] the service has it, and the client knows")
    @Outcome(id = "3, 0, 259", expect = ACCEPTABLE, desc = "[abort] each saw the other: perhaps received")
    @Outcome(id = "2, 1, 3", expect = FORBIDDEN, desc = "[abort] [received] neither saw: handed out, and denied")
    @Outcome(expect = FORBIDDEN, desc = "[abort] [received] an outcome that does not fit")
    @State
    public static class Hard extends Waiting
    {
        public Hard()
        {
            super(new StressRegion(1), null);
        }

        @Actor
        public void client(final III_Result r)
        {
            r.r1 = abort(true);
        }

        @Actor
        public void service(final III_Result r)
        {
            receive(r);
        }

        @Arbiter
        public void after(final III_Result r)
        {
            takeOutcome(r);
        }
    }

    /** Taken back if it is not too late: else the service's reply is waited for, or its word that it skipped it. */
    @JCStressTest
    @Outcome(id = "2, 0, 3", expect = ACCEPTABLE, desc = "[abort] taken back before the service saw it")
    @Outcome(id = "3, 1, -1", expect = ACCEPTABLE, desc = "[received] the service has it, its reply is waited for")
    @Outcome(id = "3, 0, 3", expect = ACCEPTABLE, desc = "[abort] [received] each saw the other: skipped")
    @Outcome(id = "2, 1, 3", expect = FORBIDDEN, desc = "[abort] [received] neither saw: handed out, and denied")
    @Outcome(expect = FORBIDDEN, desc = "[abort] [received] an outcome that does not fit")
    @State
    public static class Soft extends Waiting
    {
        public Soft()
        {
            super(new StressRegion(1), null);
        }

        @Actor
        public void client(final III_Result r)
        {
            r.r1 = abort(false);
        }

        @Actor
        public void service(final III_Result r)
        {
            receive(r);
        }

        @Arbiter
        public void after(final III_Result r)
        {
            takeOutcome(r);
        }
    }

    /** The second of a batch of two is taken back: one fence for both, and a look at each id before its turn. */
    @JCStressTest
    @Outcome(id = "2, 0, 3", expect = ACCEPTABLE, desc = "[abort] taken back before the service saw it")
    @Outcome(id = "3, 1, -1", expect = ACCEPTABLE, desc = "[received] the service has it, its reply is waited for")
    @Outcome(id = "3, 0, 3", expect = ACCEPTABLE, desc = "[abort] [received] each saw the other: skipped")
    @Outcome(id = "2, 1, 3", expect = FORBIDDEN, desc = "[abort] [received] neither saw: handed out, and denied")
    @Outcome(expect = FORBIDDEN, desc = "[abort] [received] an outcome that does not fit")
    @State
    public static class Batch extends Waiting
    {
        private final long secondId;
        private final MessageHandler handler;
        private boolean isSecondHandled;

        public Batch()
        {
            super(new StressRegion(2), null);
            secondId = client.put(requestBytes, 0, LENGTH);
            handler = (message) -> isSecondHandled |= message.id() == secondId;
        }

        @Actor
        public void client(final III_Result r)
        {
            r.r1 = abort(secondId, false);
        }

        @Actor
        public void service(final III_Result r)
        {
            // What is not where it is expected comes with the next batch.
            service.poll(handler, 2);
            service.poll(handler, 2);
            r.r2 = isSecondHandled ? 1 : 0;
        }

        @Arbiter
        public void after(final III_Result r)
        {
            takeOutcome(r);
        }
    }

    /** The same, with a plain store of RECEIVED: that it fails shows that the others could. */
    @JCStressTest
    @Outcome(id = {"2, 0, 3", "3, 1, -1", "3, 0, 3"}, expect = ACCEPTABLE, desc = "[received] as it should be")
    @Outcome(id = "2, 1, 3", expect = ACCEPTABLE_INTERESTING, desc = "[received] handed out, and denied: no fence here")
    @Outcome(expect = FORBIDDEN, desc = "[received] an outcome that does not fit")
    @State
    public static class Weakened extends Waiting
    {
        public Weakened()
        {
            this(new StressRegion(1));
        }

        private Weakened(final StressRegion region)
        {
            super(region, new WeakBuffer(region.link));
        }

        @Actor
        public void client(final III_Result r)
        {
            r.r1 = abort(false);
        }

        @Actor
        public void service(final III_Result r)
        {
            receive(r);
        }

        @Arbiter
        public void after(final III_Result r)
        {
            takeOutcome(r);
        }
    }

    private static final class WeakBuffer extends UnsafeBuffer
    {
        WeakBuffer(final UnsafeBuffer link)
        {
            super(link);
        }

        @Override
        public void putLongVolatile(final int index, final long value)
        {
            if (LinkDescriptor.RECEIVED_OFFSET == index)
            {
                putLong(index, value);
            }
            else
            {
                super.putLongVolatile(index, value);
            }
        }
    }
}
