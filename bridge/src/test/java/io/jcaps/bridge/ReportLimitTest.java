/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.stream.IntStream;

import static org.assertj.core.api.Assertions.assertThat;

class ReportLimitTest
{
    private final ReportLimit limit = new ReportLimit();

    @Test
    @DisplayName("A text is reported once in a minute, and again in the next one")
    void shouldReportOnceInAMinute()
    {
        final long beginNs = Long.MAX_VALUE - 1;
        assertThat(limit.isDue("wrong key", beginNs)).isTrue();
        assertThat(limit.isDue("wrong key", beginNs)).isFalse();
        assertThat(limit.isDue("not allowed", beginNs)).isTrue();
        assertThat(limit.isDue("wrong key", beginNs + ReportLimit.INTERVAL_NS - 1)).isFalse();
        assertThat(limit.isDue("wrong key", beginNs + ReportLimit.INTERVAL_NS)).isTrue();
    }

    @Test
    @DisplayName("Hostile: texts without end are reported up to a limit in each minute")
    void shouldLimitTexts()
    {
        for (int minute = 0; minute < 3; minute++)
        {
            final long nowNs = minute * ReportLimit.INTERVAL_NS;
            assertThat(IntStream.range(0, 1_000).filter((i) -> limit.isDue("text " + i, nowNs)).count())
                .isEqualTo(ReportLimit.MAX_REPORTS);
        }
    }
}
