/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.layout.LinkDescriptor;
import io.jcaps.StressRegion;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJ_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [head]: RecordReader.pass() releases the head after its reads; RecordWriter.hasRoom() acquires it before it writes
 * anew what lay there.
 * <p>
 * Weakened, both halves plain, nothing was seen in 2,100,000 tries on x86, JDK 17 with StressLCM and StressGCM: the
 * pair is argued. x86 keeps stores in their order and loads in theirs, so that only the compiler could show it, as it
 * did at [port]; a processor of weaker order, such as ARM, may as well. Without the release in pass() the head may move
 * before peek() has read; without the acquire in hasRoom() the stores of write() may be made before the look at the
 * head: either way a record is lost.
 */
@JCStressTest
@Outcome(id = {"0, 36", "1, 36"}, expect = ACCEPTABLE, desc = "[head] room or not, what was there was read before")
@Outcome(expect = FORBIDDEN, desc = "[head] a record was written anew before it was read")
@State
public class HeadStress
{
    private static final int RECORD_COUNT = LinkDescriptor.MIN_RECORD_COUNT;

    private final UnsafeBuffer ring = StressRegion.allocate(
        RECORD_COUNT * LinkDescriptor.RECORD_LENGTH + RingBufferDescriptor.TRAILER_LENGTH);
    private final RecordWriter writer = new RecordWriter(ring);
    private final RecordReader reader = new RecordReader(ring);

    public HeadStress()
    {
        for (int i = 1; writer.hasRoom(); i++)
        {
            writer.write(i);
        }
    }

    @Actor
    public void receiver(final IJ_Result r)
    {
        // The ids 1 to 8: 36 in all. The last pass gives the room back.
        for (int i = 0; i < LinkDescriptor.DRAIN_INTERVAL; i++)
        {
            r.r2 += reader.peek();
            reader.pass();
        }
    }

    @Actor
    public void sender(final IJ_Result r)
    {
        if (writer.hasRoom())
        {
            r.r1 = 1;
            for (int i = 0; i < LinkDescriptor.DRAIN_INTERVAL && writer.hasRoom(); i++)
            {
                writer.write(1_000);
            }
        }
    }
}
