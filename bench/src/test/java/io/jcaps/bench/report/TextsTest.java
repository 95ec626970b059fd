/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TextsTest
{
    @Test
    void shouldShowThreeDigitsAndAUnit()
    {
        assertThat(Texts.time(7)).isEqualTo("7 ns");
        assertThat(Texts.time(137.5)).isEqualTo("138 ns");
        assertThat(Texts.time(999.6)).isEqualTo("1.00 us");
        assertThat(Texts.time(9_996)).isEqualTo("10.0 us");
        assertThat(Texts.time(12_345)).isEqualTo("12.3 us");
        assertThat(Texts.time(999_400)).isEqualTo("999 us");
        assertThat(Texts.time(1.5e9)).isEqualTo("1.50 s");
        assertThat(Texts.time(60e9)).isEqualTo("60.0 s");
        assertThat(Texts.rate(29_123_456)).isEqualTo("29.1 M/s");
        assertThat(Texts.ratio(1.149)).isEqualTo("1.15");
        assertThat(Texts.ratio(0.0046)).isEqualTo("0.005");
        assertThat(Texts.ratio(48.77)).isEqualTo("48.8");
        assertThat(Texts.ratio(1234.5)).isIn("1,234", "1,235");
        assertThat(Texts.percent(0.0301)).isEqualTo("3.0 %");
    }

    @Test
    void shouldShowSizesAsPeopleNameThem()
    {
        assertThat(Texts.size(32)).isEqualTo("32 B");
        assertThat(Texts.size(1000)).isEqualTo("1000 B");
        assertThat(Texts.size(65_536)).isEqualTo("64 KiB");
        assertThat(Texts.size(1536)).isEqualTo("1536 B");
    }

    @Test
    void shouldShowADashForWhatWasNotMeasured()
    {
        assertThat(Texts.time(Double.NaN)).isEqualTo("-");
        assertThat(Texts.rate(Double.NaN)).isEqualTo("-");
        assertThat(Texts.ratio(Double.NaN)).isEqualTo("-");
        assertThat(Texts.allocation(Double.NaN)).isEqualTo("-");
    }
}
