/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.Mutator;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A ring whose lengths are not those that its sender writes.
 */
class RecordReaderTest
{
    private static final int RING_LENGTH = new Geometry(1, 2, 1, 4, 64).ringLength();
    private static final int CAPACITY = RING_LENGTH - RingBufferDescriptor.TRAILER_LENGTH;
    private static final int HEAD_OFFSET = CAPACITY + RingBufferDescriptor.HEAD_POSITION_OFFSET;

    private final UnsafeBuffer ring =
        new UnsafeBuffer(BufferUtil.allocateDirectAligned(RING_LENGTH, BitUtil.CACHE_LINE_LENGTH));
    private final RecordReader reader = new RecordReader(ring);
    private final RecordWriter writer = new RecordWriter(ring);

    @ParameterizedTest
    @ValueSource(ints = {
        1 << 20, 512, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -16, 0, 1, 7, 8, 15, 17, 24, 32})
    @DisplayName("F26: a record of an invalid length does not count; the head stays, and no later record is read")
    void shouldNotTrustLength(final int length)
    {
        assertThat(CAPACITY).isEqualTo(512);
        for (int record = 0; record < 3 * CAPACITY / LinkDescriptor.RECORD_LENGTH; record++)
        {
            final long head = ring.getLong(HEAD_OFFSET);
            assertThat(writer.hasRoom()).isTrue();
            writer.write(1000 + record);
            final int index = record * LinkDescriptor.RECORD_LENGTH % CAPACITY;
            ring.putInt(index + RecordDescriptor.lengthOffset(0), length);
            for (int i = 0; i < 3; i++)
            {
                assertThat(reader.peek()).isZero();
                assertThat(reader.nextRecord()).isEqualTo(record);
            }
            assertThat(ring.getLong(HEAD_OFFSET)).isEqualTo(head);
            // The ring is not poisoned: once the record is valid, it is read.
            ring.putInt(index + RecordDescriptor.lengthOffset(0), LinkDescriptor.RECORD_LENGTH);
            assertThat(reader.peek()).isEqualTo(1000 + record);
            reader.pass();
        }
    }

    @Test
    @DisplayName("F26: whatever the bytes of a ring, a reader accepts only the record that is valid in its place")
    void shouldNotTrustRandomRing()
    {
        final long seed = Long.getLong("caps.test.seed", System.nanoTime());
        final Random random = new Random(seed);
        final Mutator mutator = new Mutator(random);
        for (int i = 0; i < 100_000; i++)
        {
            mutator.mutate(ring, 0, CAPACITY);
            final int index = (int)(reader.nextRecord() * LinkDescriptor.RECORD_LENGTH % CAPACITY);
            if (random.nextInt(8) == 0)
            {
                ring.putLong(index, LinkDescriptor.recordHeader(reader.nextRecord()));
            }
            final long id = reader.peek();
            if (ring.getInt(index) != LinkDescriptor.RECORD_LENGTH ||
                ring.getInt(index + 4) != LinkDescriptor.recordTypeId(reader.nextRecord()))
            {
                assertThat(id).as("seed=" + seed).isZero();
            }
            else
            {
                assertThat(id).as("seed=" + seed).isEqualTo(ring.getLong(index + RecordDescriptor.HEADER_LENGTH));
                reader.pass();
            }
            assertThat(ring.getLong(HEAD_OFFSET)).as("seed=" + seed).isEqualTo(reader.nextRecord() /
                LinkDescriptor.DRAIN_INTERVAL * LinkDescriptor.DRAIN_INTERVAL * LinkDescriptor.RECORD_LENGTH);
        }
        assertThat(reader.nextRecord()).as("records passed").isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 20, 16 * 32, -16, 16L << 32})
    @DisplayName("F25: a sender ignores a head that its receiver cannot have reached")
    void shouldNotTrustHead(final long head)
    {
        final int recordLimit = CAPACITY / LinkDescriptor.RECORD_LENGTH - 1;
        int count = 0;
        while (writer.hasRoom())
        {
            assertThat(count).isLessThan(recordLimit);
            writer.write(++count);
            ring.putLong(HEAD_OFFSET, head);
        }
        assertThat(count).isEqualTo(recordLimit);
    }
}
