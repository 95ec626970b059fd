/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.terminal;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class UnitsTest
{
    @ParameterizedTest
    @CsvSource({
        "0, 0", "9999, 9999", "10000, 10k", "999499, 999k", "999500, 1.0M", "1549999, 1.5M", "9950000, 10M",
        "12345678, 12M",
        "9223372036854775807, 9.2E", "-5, -5"})
    void shouldWriteCountsInFourColumns(final long count, final String text)
    {
        assertThat(Units.count(count)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 replies", "1, 1 reply", "2, 2 replies", "12345, 12k replies"})
    void shouldWriteOneInTheSingular(final long count, final String text)
    {
        assertThat(Units.counted(count, "reply", "replies")).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1023, 1023", "1024, 1.0K", "65536, 64K", "1048576, 1.0M", "8589934592, 8.0G"})
    void shouldWriteLengthsInPowersOf1024(final long length, final String text)
    {
        assertThat(Units.bytes(length)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"-1, 0ms", "999, 999ms", "1000, 1s", "60000, 1m00s", "3600000, 1h00m", "5430000, 1h30m",
        "86399999, 23h59m", "86400000, 1d00h", "100000000, 1d03h"})
    void shouldWriteAges(final long ms, final String text)
    {
        assertThat(Units.age(ms)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"150, 150 ns", "1000, 1.00 us", "1234, 1.23 us", "10000, 10.0 us", "45678, 45.7 us", "100000, 100 us",
        "1e6, 1.00 ms", "2500000, 2.50 ms", "1e9, 1.00 s", "3e9, 3.00 s"})
    void shouldWriteTimes(final double ns, final String text)
    {
        assertThat(Units.time(ns)).isEqualTo(text);
    }

    @Test
    void shouldAlignTextLeftAndNumbersRight()
    {
        final Table table = new Table("<NAME", "N", "<REST");
        table.add("a", 10_000, "x");
        table.add("long name", 1, "y");
        assertThat(table.lines()).isEqualTo(
            List.of("NAME          N REST", "a         10000 x", "long name     1 y"));
        assertThat(Table.cut("abcdef", 4)).isEqualTo("abc~");
        assertThat(Table.cut("abcd", 4)).isEqualTo("abcd");
    }
}
