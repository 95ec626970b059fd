/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class PayloadTest
{
    private static final int OFFSET = 64;
    private static final int MESSAGE_COUNT = 300;

    @ParameterizedTest
    @CsvSource({
        "8, PREBUILT", "9, PREBUILT", "32, PREBUILT", "33, PREBUILT", "1000, PREBUILT", "131072, PREBUILT",
        "8, FILLED", "9, FILLED", "32, FILLED", "33, FILLED", "1000, FILLED", "131072, FILLED",
    })
    void shouldVerifyWhatWasWrittenInEachWay(final int length, final PayloadKind kind)
    {
        final Payload payload = new Payload(length, kind, Payload.REQUEST_SALT);
        final UnsafeBuffer written = new UnsafeBuffer(new byte[OFFSET + length]);
        final UnsafeBuffer inPlace = new UnsafeBuffer(new byte[OFFSET + length]);
        for (long number = 1; number < MESSAGE_COUNT; number++)
        {
            payload.write(written, OFFSET, number);
            payload.writeInPlace(inPlace, OFFSET, number);

            assertThat(Payload.number(written, OFFSET)).isEqualTo(number);
            assertThat(payload.verify(written, OFFSET, length, number)).isTrue();
            assertThat(payload.verify(inPlace, OFFSET, length, number)).isTrue();
            assertThat(payload.verify(payload.source(number), 0, length, number)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(PayloadKind.class)
    void shouldNotVerifyAnotherMessageOrAnotherLength(final PayloadKind kind)
    {
        final Payload payload = new Payload(32, kind, Payload.REQUEST_SALT);
        final UnsafeBuffer source = payload.source(1);

        assertThat(payload.verify(source, 0, 32, 2)).isFalse();
        assertThat(payload.verify(source, 0, 31, 1)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(PayloadKind.class)
    void shouldNotTakeARequestForAReply(final PayloadKind kind)
    {
        final Payload reply = new Payload(32, kind, Payload.REPLY_SALT);

        assertThat(reply.verify(new Payload(32, kind, Payload.REQUEST_SALT).source(1), 0, 32, 1)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"16", "64", "1000"})
    void shouldNoticeAnyChangedByteAtOnceWhenFilled(final int length)
    {
        final Payload payload = new Payload(length, PayloadKind.FILLED, Payload.REQUEST_SALT);
        for (int index = 0; index < length; index++)
        {
            final UnsafeBuffer source = payload.source(1);
            source.putByte(index, (byte)~source.getByte(index));

            assertThat(payload.verify(source, 0, length, 1)).as("index=%d", index).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({"16", "64", "1000"})
    void shouldNoticeAnyChangedWordSoonerOrLaterWhenPrebuilt(final int length)
    {
        final Payload payload = new Payload(length, PayloadKind.PREBUILT, Payload.REQUEST_SALT);
        for (int index = Long.BYTES; index <= length - Long.BYTES; index += Long.BYTES)
        {
            final UnsafeBuffer source = payload.source(1);
            final long right = source.getLong(index);
            source.putLong(index, ~right);
            int noticedCount = 0;
            for (long number = 1; number <= 8L * length; number++)
            {
                noticedCount += payload.verify(payload.source(number), 0, length, number) ? 0 : 1;
            }
            source.putLong(index, right);

            assertThat(noticedCount).as("index=%d", index).isPositive();
        }
    }
}
