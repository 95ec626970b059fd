/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.report.SvgPlot.Look;
import io.jcaps.bench.report.SvgPlot.Point;
import io.jcaps.bench.report.SvgPlot.Tick;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;

class SvgPlotTest
{
    private static final Look LOOK = new Look("one", "#d55e00", "#ff8a3d", "", true);
    private static final Pattern LABEL = Pattern.compile("class=\"label[^>]* y=\"([0-9.]+)\"");

    @DisplayName("names of lines that end at the same place do not overlap, and stay within the plot")
    @Test
    void shouldNameEachLineAtItsEnd()
    {
        final SvgPlot plot = plot();
        for (int i = 0; i < 12; i++)
        {
            plot.add("line " + i, LOOK, List.of(new Point(0, 100, 90, 120), new Point(1, 150, 150, 150)));
        }

        final String svg = plot.svg();
        final List<Double> places = LABEL.matcher(svg).results().map((MatchResult result) -> result.group(1))
            .map(Double::valueOf).sorted().toList();
        assertThat(places).hasSize(12);
        for (int i = 1; i < places.size(); i++)
        {
            assertThat(places.get(i) - places.get(i - 1)).isGreaterThanOrEqualTo(22.9);
        }
        assertThat(places.get(0)).isGreaterThan(20);
        assertThat(places.get(places.size() - 1)).isLessThan(560);
        assertThat(svg).contains("line 0", "line 11", "machine and day");
    }

    @DisplayName("a plot of one place is empty: it is not written")
    @Test
    void shouldBeEmptyOfOnePlace()
    {
        final SvgPlot plot = plot();
        assertThat(plot.isEmpty()).isTrue();
        plot.add("one", LOOK, List.of(new Point(1, 100, 90, 120)));
        assertThat(plot.isEmpty()).isTrue();
        plot.add("other", LOOK, List.of(new Point(2, 100, 90, 120)));
        assertThat(plot.isEmpty()).isFalse();
    }

    private static SvgPlot plot()
    {
        return new SvgPlot("Times < 1 & more", "to the right", "upwards", "machine and day",
            List.of(new Tick(0, "none"), new Tick(1, "all")), true, Texts::time);
    }
}
