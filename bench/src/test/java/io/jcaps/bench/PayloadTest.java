/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.layout.Geometry;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class PayloadTest
{
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 31, 32, 33, 64, 65, 72, 1000, 4096, Geometry.MAX_MESSAGE_LIMIT})
    void shouldVerifyWhatWasFilled(final int length)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[length]);
        final LongHashSet builtAddresses = new LongHashSet();
        for (long sequence = 1; sequence < 300; sequence++)
        {
            Payload.fillInPlace(buffer, length, sequence, builtAddresses);

            assertThat(Payload.verify(buffer, length, sequence)).isTrue();
            assertThat(Payload.verifyWhole(buffer, length, sequence)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 9, 32, 64, 65, 1000})
    void shouldNotVerifyAnotherMessage(final int length)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[length]);
        Payload.fill(buffer, length, 1);

        assertThat(Payload.verify(buffer, length, 2)).isFalse();
        assertThat(Payload.verifyWhole(buffer, length, 2)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 72, 1000, 4096})
    void shouldNoticeAChangedWordSoonerOrLater(final int length)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[length]);
        for (int index = 8; index <= length - 8; index += 8)
        {
            int noticedCount = 0;
            for (long sequence = 1; sequence <= 8L * length; sequence++)
            {
                Payload.fill(buffer, 8, sequence);
                if (1 == sequence)
                {
                    Payload.fill(buffer, length, sequence);
                    buffer.putByte(index + 3, (byte)~buffer.getByte(index + 3));
                }
                noticedCount += Payload.verify(buffer, length, sequence) ? 0 : 1;
            }
            assertThat(noticedCount).isPositive();
            assertThat(Payload.verifyWhole(buffer, length, 8L * length)).isFalse();
        }
    }
}
