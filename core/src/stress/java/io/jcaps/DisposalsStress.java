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
import org.openjdk.jcstress.infra.results.II_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [disposals]: Slots.publishDisposals() releases the count after DISPOSED in the slot; Slots.disposals() acquires it
 * before ServiceLink.findDisposed() looks for what it counts.
 * <p>
 * Not run weakened for long enough to say that it was not seen: the pair is argued. x86 keeps stores in their order and
 * loads in theirs, so that only the compiler could show it, as it did at [port]; a processor of weaker order, such as
 * ARM, may as well. Without the release in publishDisposals() the count may come before DISPOSED; without the acquire
 * in disposals() the slot may be read before the count. The look is in vain then, and the next one finds it: a delay,
 * nothing is lost.
 */
@JCStressTest
@Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "[disposals] what is counted is found")
@Outcome(expect = FORBIDDEN, desc = "[disposals] counted, and looked for in vain")
@State
public class DisposalsStress extends StressPair
{
    // More than the service looks at without asking for the count.
    private static final int REPLY_COUNT = 6;

    private final CountingBuffer serviceLink;

    public DisposalsStress()
    {
        this(new StressRegion(REPLY_COUNT));
    }

    private DisposalsStress(final StressRegion region)
    {
        this(region, new CountingBuffer(region.link));
    }

    private DisposalsStress(final StressRegion region, final CountingBuffer serviceLink)
    {
        super(region, serviceLink, StressRegion.options());
        this.serviceLink = serviceLink;
        for (int i = 0; i < REPLY_COUNT; i++)
        {
            putWarm();
        }
        for (int i = 0; i < REPLY_COUNT; i++)
        {
            replyWarm();
        }
        check(client.get(reply) == MessageState.REPLY);
        check(service.get(request) == Status.WOULD_BLOCK);
        check(0 == serviceLink.count);
    }

    @Actor
    public void client()
    {
        reply.release();
    }

    @Actor
    public void service(final II_Result r)
    {
        r.r2 = service.get(request) == MessageState.DISPOSE ? 1 : 0;
        r.r1 = (int)serviceLink.count;
    }

    /** Remembers what the service took for the count. */
    private static final class CountingBuffer extends UnsafeBuffer
    {
        private long count;

        CountingBuffer(final AtomicBuffer link)
        {
            super(link);
        }

        @Override
        public long getLongAcquire(final int index)
        {
            return noted(index, super.getLongAcquire(index));
        }

        // So that the test sees the same if the acquire is weakened.
        @Override
        public long getLong(final int index)
        {
            return noted(index, super.getLong(index));
        }

        private long noted(final int index, final long result)
        {
            if (LinkDescriptor.DISPOSALS_OFFSET == index)
            {
                count = result;
            }
            return result;
        }
    }
}
