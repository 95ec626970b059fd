/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.host.SteppingBuffer;
import io.jcaps.layout.LinkDescriptor;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.OneToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A ring that the library writes by itself is an Agrona ring buffer: Agrona's own reader can read it.
 */
class RecordWriterTest
{
    private static final int RECORD_COUNT = 32;
    private static final int CAPACITY = RECORD_COUNT * LinkDescriptor.RECORD_LENGTH;
    private static final long FIRST_ID = 0x1234_5678_9ABCL;

    private final UnsafeBuffer buffer =
        new UnsafeBuffer(ByteBuffer.allocateDirect(CAPACITY + RingBufferDescriptor.TRAILER_LENGTH));
    private final RecordWriter writer = new RecordWriter(buffer);
    private final OneToOneRingBuffer agrona = new OneToOneRingBuffer(buffer);
    private final LongArrayList ids = new LongArrayList();

    @ParameterizedTest
    @ValueSource(ints = {1, 3, RECORD_COUNT - 1})
    @DisplayName("Agrona reads each record once and in order, lap after lap")
    void shouldBeReadByAgrona(final int batchCount)
    {
        final int laps = 5;
        int written = 0;
        while (written < laps * RECORD_COUNT)
        {
            for (int i = 0; i < batchCount; i++)
            {
                assertThat(writer.hasRoom()).as("record %d", written).isTrue();
                assertThat(writer.nextRecord()).isEqualTo(written);
                writer.write(FIRST_ID + written++);
            }
            assertThat(agrona.size()).isEqualTo(batchCount * LinkDescriptor.RECORD_LENGTH);
            assertThat(read()).isEqualTo(batchCount);
        }
        for (int i = 0; i < written; i++)
        {
            assertThat(ids.getLong(i)).isEqualTo(FIRST_ID + i);
        }
        assertThat(read()).isZero();
    }

    @Test
    @DisplayName("A full ring has no room until the reader has moved its head, and never overwrites")
    void shouldHaveNoRoomWhenFull()
    {
        for (int i = 0; i < RECORD_COUNT - 1; i++)
        {
            assertThat(writer.hasRoom()).isTrue();
            writer.write(FIRST_ID + i);
        }
        assertThat(writer.hasRoom()).isFalse();
        assertThat(agrona.read(this::onRecord, 1)).isEqualTo(1);
        assertThat(writer.hasRoom()).isTrue();
        writer.write(FIRST_ID + RECORD_COUNT - 1);
        assertThat(writer.hasRoom()).isFalse();
        assertThat(read()).isEqualTo(RECORD_COUNT - 1);
        for (int i = 0; i < RECORD_COUNT; i++)
        {
            assertThat(ids.getLong(i)).isEqualTo(FIRST_ID + i);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 1L << 40, Long.MIN_VALUE, (RECORD_COUNT + 1) * 16L})
    @DisplayName("A head that is invalid is ignored")
    void shouldIgnoreInvalidHead(final long head)
    {
        for (int i = 0; i < RECORD_COUNT - 1; i++)
        {
            writer.write(FIRST_ID + i);
        }
        buffer.putLong(CAPACITY + RingBufferDescriptor.HEAD_POSITION_OFFSET, head);

        assertThat(writer.hasRoom()).isFalse();
    }

    /** Agrona's reader stops at the end of the memory. */
    private int read()
    {
        int total = 0;
        for (int count = agrona.read(this::onRecord); 0 != count; count = agrona.read(this::onRecord))
        {
            total += count;
        }
        return total;
    }

    private void onRecord(
        final int typeId, final MutableDirectBuffer record, final int index, final int length)
    {
        assertThat(length).isEqualTo(Long.BYTES);
        assertThat(typeId).isEqualTo(LinkDescriptor.recordTypeId(ids.size()));
        ids.addLong(record.getLong(index));
    }

    @Test
    @DisplayName("R19: before each store of a writer, a reader sees the whole record or none, lap after lap")
    void shouldShowWholeRecordsBeforeEachStore()
    {
        final RecordReader reader = new RecordReader(buffer);
        final long[] expected = {0};
        final RecordWriter stepped = new RecordWriter(new SteppingBuffer(buffer, 0, buffer.capacity(), () ->
            assertThat(reader.peek()).isIn(0L, expected[0])));
        for (int i = 0; i < 4 * RECORD_COUNT; i++)
        {
            assertThat(stepped.hasRoom()).isTrue();
            expected[0] = FIRST_ID + i;
            stepped.write(FIRST_ID + i);
            assertThat(reader.peek()).isEqualTo(FIRST_ID + i);
            reader.pass();
        }
    }
}
