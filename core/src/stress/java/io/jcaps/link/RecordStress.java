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
import org.openjdk.jcstress.infra.results.J_Result;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [record]: RecordWriter.write() releases the header after the id; RecordReader.peek() acquires it before it reads the
 * id.
 * <p>
 * Weakened, both halves plain: nothing seen in 400,000 tries on x86, JDK 17 with StressLCM and StressGCM. x86 keeps
 * stores in their order and loads in theirs, so that only the compiler could show it, as it did at [port]; a processor
 * of weaker order, such as ARM, may as well. Without the release in write() the header may come before the id; without
 * the acquire in peek() the id may be read before the header, and be that of the record that lay there a lap before.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "[record] the record is not there yet")
@Outcome(id = "42", expect = ACCEPTABLE, desc = "[record] the record, and the id in it")
@Outcome(expect = FORBIDDEN, desc = "[record] the header came before the id: the id is that of the ring's last lap")
@State
public class RecordStress
{
    private static final int RECORD_COUNT = LinkDescriptor.MIN_RECORD_COUNT;

    private final UnsafeBuffer ring = StressRegion.allocate(
        RECORD_COUNT * LinkDescriptor.RECORD_LENGTH + RingBufferDescriptor.TRAILER_LENGTH);
    private final RecordWriter writer = new RecordWriter(ring);
    private final RecordReader reader = new RecordReader(ring);

    public RecordStress()
    {
        for (int i = 0; i < RECORD_COUNT; i++)
        {
            writer.write(7);
            reader.pass();
        }
    }

    @Actor
    public void sender()
    {
        writer.write(42);
    }

    @Actor
    public void receiver(final J_Result r)
    {
        r.r1 = reader.peek();
    }
}
