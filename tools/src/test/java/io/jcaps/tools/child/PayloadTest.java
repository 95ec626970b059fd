/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.jcaps.tools.child.Payload.MAGNITUDE_COUNT;
import static io.jcaps.tools.child.Payload.MAX_LENGTH;
import static io.jcaps.tools.child.Payload.REPLY;
import static io.jcaps.tools.child.Payload.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

class PayloadTest
{
    private static final int SAMPLE_COUNT = 100_000;

    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[MAX_LENGTH]);

    @Test
    void shouldGoThroughEachMagnitudeFirst()
    {
        for (final int direction : new int[] {REQUEST, REPLY})
        {
            final boolean[] isSeen = new boolean[MAGNITUDE_COUNT];
            for (int sequence = 0; sequence < MAGNITUDE_COUNT; sequence++)
            {
                isSeen[Payload.magnitude(Payload.length(1, sequence, direction))] = true;
            }
            assertThat(isSeen).doesNotContain(false);
        }
        assertThat(Payload.length(0, 0, REQUEST)).isZero();
        assertThat(Payload.length(0, MAGNITUDE_COUNT - 1, REQUEST)).isEqualTo(MAX_LENGTH);
    }

    @Test
    void shouldGiveEachMagnitudeItsShare()
    {
        final int[] counts = new int[MAGNITUDE_COUNT];
        for (int sequence = MAGNITUDE_COUNT; sequence < SAMPLE_COUNT; sequence++)
        {
            final int length = Payload.length(0, sequence, REQUEST);
            assertThat(length).isBetween(0, MAX_LENGTH);
            counts[Payload.magnitude(length)]++;
        }
        final int longestCount = counts[MAGNITUDE_COUNT - 1];
        assertThat(longestCount).isBetween(SAMPLE_COUNT / 1_024, SAMPLE_COUNT / 256);
        final int share = (SAMPLE_COUNT - longestCount) / (MAGNITUDE_COUNT - 1);
        for (int magnitude = 0; magnitude < MAGNITUDE_COUNT - 1; magnitude++)
        {
            assertThat(counts[magnitude]).as("magnitude " + magnitude).isBetween(share * 9 / 10, share * 11 / 10);
        }
    }

    @Test
    void shouldReachBothEndsOfAMagnitude()
    {
        int shortest = MAX_LENGTH;
        int longest = 0;
        for (int sequence = MAGNITUDE_COUNT; sequence < SAMPLE_COUNT; sequence++)
        {
            final int length = Payload.length(0, sequence, REQUEST);
            if (4 == Payload.magnitude(length))
            {
                shortest = Math.min(shortest, length);
                longest = Math.max(longest, length);
            }
        }
        assertThat(shortest).isEqualTo(8);
        assertThat(longest).isEqualTo(15);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 63, 4_096, MAX_LENGTH - 1, MAX_LENGTH})
    void shouldAcceptWhatItWrote(final int length)
    {
        Payload.fill(buffer, length, 1, 77, REPLY);
        assertThat(Payload.check(buffer, length, 1, 77, REPLY)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 63, 257})
    void shouldNoticeAChangeOfAnyByte(final int length)
    {
        Payload.fill(buffer, length, 0, 5, REQUEST);
        for (int i = 0; i < length; i++)
        {
            final byte value = buffer.getByte(i);
            buffer.putByte(i, (byte)(value ^ 0x80));
            assertThat(Payload.check(buffer, length, 0, 5, REQUEST)).as("byte " + i).isFalse();
            buffer.putByte(i, value);
        }
    }

    @Test
    void shouldTellClientsSequencesAndDirectionsApart()
    {
        final int length = 16;
        Payload.fill(buffer, length, 0, 5, REQUEST);
        assertThat(Payload.check(buffer, length, 1, 5, REQUEST)).isFalse();
        assertThat(Payload.check(buffer, length, 0, 6, REQUEST)).isFalse();
        assertThat(Payload.check(buffer, length, 0, 5, REPLY)).isFalse();
    }
}
