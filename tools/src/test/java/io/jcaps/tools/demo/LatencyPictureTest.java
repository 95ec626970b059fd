/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.terminal.Screen;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

class LatencyPictureTest
{
    private final Histogram transport = histogram();
    private final Histogram floor = histogram();

    @Test
    @DisplayName("With fewer processors than sides that spin, the demonstration states how many round trips it timed")
    void shouldStateHowManyWereTimed()
    {
        assertThat(LatencyPicture.shortfall(1_000_000, 1_000_000)).isEmpty();
        assertThat(LatencyPicture.shortfall(12_345, 1_000_000)).first().asString()
            .startsWith("  Only 12,345 round trips were timed");
        assertThat(LatencyPicture.shortfall(1_000_000, 2_000_000_000))
            .allMatch((line) -> line.length() <= Screen.WIDTH);
    }

    @Test
    void shouldShowEachRoundTripInOneRow()
    {
        transport.recordValueWithCount(160, 999_990);
        transport.recordValueWithCount(45_000, 10);
        floor.recordValueWithCount(120, 1_000_000);

        final List<String> bars = picture(true).bars();

        assertThat(bars.get(1)).startsWith("  from  100 ns").contains("█ 999,990").endsWith("█ 1,000,000");
        assertThat(bars.get(2)).isEqualTo("  from  200 ns");
        assertThat(bars.get(bars.size() - 3)).startsWith("  from   10 us").matches(".*[█-▏]+ 10");
    }

    @Test
    @DisplayName("The label below a bar's last column is its power of ten")
    void shouldLabelTheScaleByDecade()
    {
        transport.recordValueWithCount(300, 1_000);
        transport.recordValueWithCount(3_000, 100);
        transport.recordValue(300_000);

        final List<String> bars = picture(false).bars();

        final String axis = bars.get(bars.size() - 2);
        assertThat(axis).startsWith("           10^   ").contains("0", "1", "2", "3");
        assertThat(axis.indexOf('3')).isEqualTo(bars.get(1).lastIndexOf("# 1,000"));
        assertThat(axis.indexOf('2')).isEqualTo(row(bars, "from  2.0 us").lastIndexOf("# 100"));
        assertThat(axis.indexOf('0', axis.indexOf('^'))).isEqualTo(row(bars, "from  100 us").lastIndexOf("# 1"));
    }

    private static String row(final List<String> bars, final String name)
    {
        return bars.stream().filter((line) -> line.contains(name)).findFirst().orElseThrow();
    }

    @Test
    @DisplayName("Each of the two sections fits a screen of 24 rows with its title, whatever was measured")
    void shouldFitAScreen()
    {
        for (long ns = 1; ns < TimeUnit.SECONDS.toNanos(60); ns *= 2)
        {
            transport.recordValue(ns);
            floor.recordValue(ns);
        }
        final LatencyRounds rounds = LatencyRounds.parse("100/120,300/390,100/140");
        assertThat(picture(true).bars()).hasSizeLessThanOrEqualTo(20);
        assertThat(picture(true).percentiles().size() + 1 + rounds.lines().size()).isLessThanOrEqualTo(20);
        assertThat(rounds.lines()).allSatisfy((line) -> assertThat(line).hasSizeLessThanOrEqualTo(Screen.WIDTH));
    }

    @Test
    @DisplayName("The ratio is the median of those of adjacent measurements, and a change of speed is reported")
    void shouldCompareWhatWasMeasuredInTurn()
    {
        final LatencyRounds rounds = LatencyRounds.parse("100/130,300/390,100/300");
        assertThat(rounds.ratio()).isEqualTo(1.3);
        assertThat(rounds.hasChangedSpeed()).isTrue();
        assertThat(String.join("\n", rounds.lines())).contains("1.30 1.30 3.00, median 1.30", "100 ns to 300 ns");
        assertThat(LatencyRounds.parse(rounds.toString()).lines()).isEqualTo(rounds.lines());

        final LatencyRounds steady = LatencyRounds.parse("100/130,110/120,105/125");
        assertThat(steady.hasChangedSpeed()).isFalse();
        assertThat(String.join("\n", steady.lines())).doesNotContain("changed its speed");
    }

    @Test
    void shouldStayWithinItsColumnsWhateverWasMeasured()
    {
        for (long ns = 1; ns < TimeUnit.SECONDS.toNanos(60); ns = ns * 3 / 2 + 1)
        {
            transport.recordValueWithCount(ns, 1_500_000);
            floor.recordValueWithCount(ns, 1_500_000);
        }
        for (final boolean isUnicode : new boolean[] {false, true})
        {
            final List<String> lines = new ArrayList<>(picture(isUnicode).bars());
            lines.addAll(picture(isUnicode).percentiles());
            assertThat(lines).allSatisfy((line) -> assertThat(line).hasSizeLessThanOrEqualTo(Screen.WIDTH));
        }
    }

    @Test
    void shouldDoWithoutBlocksWhereTheTerminalHasNone()
    {
        transport.recordValue(300);
        floor.recordValue(100);

        final List<String> lines = new ArrayList<>(picture(false).bars());
        lines.addAll(picture(false).percentiles());

        assertThat(String.join("", lines)).matches("\\p{ASCII}*").contains("# 1");
    }

    @Test
    void shouldShowSomethingOfAnEmptyHistogram()
    {
        assertThat(picture(true).bars()).isNotEmpty();
        assertThat(picture(true).percentiles()).hasSize(7);
    }

    @Test
    void shouldPutPercentilesSideBySide()
    {
        transport.recordValueWithCount(200, 99);
        transport.recordValue(3_000);
        floor.recordValueWithCount(100, 100);

        final List<String> lines = picture(true).percentiles();

        assertThat(lines.get(1)).isEqualTo("  p50                200 ns       100 ns         2.00");
        assertThat(lines.get(6)).startsWith("  max                3.0 us       100 ns");
    }

    @Test
    void shouldNamePercentilesInTheSummary()
    {
        transport.recordValue(128);
        final Map<String, Object> summary = new LinkedHashMap<>();

        LatencyPicture.addTo(summary, "latency", transport);

        assertThat(summary).containsOnlyKeys("latencyP50Ns", "latencyP90Ns", "latencyP99Ns", "latencyP99_9Ns",
            "latencyP99_99Ns", "latencyMaxNs").containsEntry("latencyP50Ns", 128L);
    }

    @Test
    void shouldWriteTimesShort()
    {
        assertThat(LatencyPicture.time(999)).isEqualTo("999 ns");
        assertThat(LatencyPicture.time(1_000)).isEqualTo("1.0 us");
        assertThat(LatencyPicture.time(12_345)).isEqualTo("12 us");
        assertThat(LatencyPicture.time(2_500_000)).isEqualTo("2.5 ms");
        assertThat(LatencyPicture.time(61_000_000_000L)).isEqualTo("61 s");
    }

    private LatencyPicture picture(final boolean isUnicode)
    {
        final PrintStream out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        return new LatencyPicture(new Screen(out, false, isUnicode, 0), transport, floor);
    }

    private static Histogram histogram()
    {
        return new Histogram(1, TimeUnit.SECONDS.toNanos(60), 3);
    }
}
