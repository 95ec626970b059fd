/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.w3c.dom.Document;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Draws a run's plots. On white, whatever is around them; each contender has its own colour and dashes in all of them.
 */
final class Charts
{
    private static final int WIDTH = 900;
    private static final int HEIGHT = 500;
    /** What is left of the width beside the axis and the legend, about. */
    private static final int PLOT_WIDTH = 640;
    private static final Color TEXT_COLOR = new Color(0x24, 0x29, 0x2F);
    private static final Color GRID_COLOR = new Color(0xE2, 0xE5, 0xE9);
    private static final Color AXIS_COLOR = new Color(0x8C, 0x95, 0x9F);
    private static final float LINE_WIDTH = 1.8f;
    private static final float OWN_LINE_WIDTH = 4f;
    private static final int STEPS_PER_HALF_DISTANCE = 8;
    /** 99.999 %: beyond it, there are too few replies to draw a line through. */
    private static final double MAX_ODDS = 1e5;

    private final Summary summary;
    private final List<Plot> plots = new ArrayList<>();

    private Charts(final Summary summary)
    {
        this.summary = summary;
    }

    /**
     * @param summary of a run.
     * @return a plot for each section that has something to draw.
     * @throws RuntimeException or an Error of any kind, if this Java cannot draw.
     */
    static List<Plot> draw(final Summary summary)
    {
        if (null == System.getProperty("java.awt.headless"))
        {
            // No window is opened: a display that cannot be reached must not matter.
            System.setProperty("java.awt.headless", "true");
        }
        final Charts charts = new Charts(summary);
        Section.of(summary).forEach(charts::draw);
        return List.copyOf(charts.plots);
    }

    private void draw(final Section section)
    {
        final List<Cell> groups = section.groups();
        switch (section.kind())
        {
            case PREBUILT:
                drawPercentiles(section, groups.get(0), "latency-percentiles");
                drawByNumber(section, "latency-by-size", Metric.P50, Axis.LENGTH);
                break;

            case FILLED:
                drawByNumber(section, "latency-by-size-filled", Metric.P50, Axis.LENGTH);
                break;

            case PIPELINED:
                drawByNumber(section, "throughput-by-window", Metric.REPLIES_PER_SECOND, Axis.WINDOW);
                break;

            case OPEN_LOOP:
                groups.forEach((group) -> drawPercentiles(section, group, "open-loop-" + group.ratePerSecond()));
                break;

            case BLOCKING:
                drawPercentiles(section, groups.get(0), "latency-blocking");
                break;

            case CONNECTED:
                drawByNumber(section, "latency-by-clients", Metric.P50, Axis.CLIENTS);
                break;

            default:
                // A crowd's numbers are few: its table is enough.
                break;
        }
    }

    /** Times by percentile, in the way of HdrHistogram: as far to the right as it is rare. */
    private void drawPercentiles(final Section section, final Cell group, final String name)
    {
        final String title = section.kind().title + ": " + section.title(group);
        final List<Summary.Row> rows = summary.rows(group);
        final String missing = rows.stream().filter(Summary.Row::isFailed).map(Summary.Row::contender)
            .collect(Collectors.joining(", "));
        final XYChart chart = chart(title,
            "percentile of replies" + (missing.isEmpty() ? "" : "; without result: " + missing),
            (Section.Kind.OPEN_LOOP == section.kind() ? "time from when it was due" : "time from request") +
            " to reply (log scale)");
        chart.getStyler().setXAxisLogarithmic(true).setXAxisMin(1.0).setXAxisMax(MAX_ODDS)
            .setXAxisTickLabelsFormattingFunction(Charts::percentile);
        final Range range = new Range();
        for (final Summary.Row row : rows)
        {
            summary.merged(row.cell()).ifPresent((histogram) -> addPercentiles(chart, row, histogram, range));
        }
        range.applyTo(chart.getStyler());
        addPlot(section, name, title, chart);
    }

    private void addPercentiles(
        final XYChart chart, final Summary.Row row, final Histogram histogram, final Range range)
    {
        final List<Double> odds = new ArrayList<>();
        final List<Double> times = new ArrayList<>();
        for (final HistogramIterationValue value : histogram.percentiles(STEPS_PER_HALF_DISTANCE))
        {
            final double reached = 100 / (100 - value.getPercentileLevelIteratedTo());
            if (reached <= MAX_ODDS)
            {
                odds.add(reached);
                times.add((double)value.getValueIteratedTo());
                range.add(value.getValueIteratedTo());
            }
        }
        // Smooth, for then it is one path: dashes would begin anew at each of many short lines.
        addSeries(chart, row.contender(), odds, times).setSmooth(true).setMarker(SeriesMarkers.NONE);
    }

    /** One value of each group, by the number in which the groups differ. */
    private void drawByNumber(final Section section, final String name, final Metric metric, final Axis axis)
    {
        final Cell first = section.groups().get(0);
        final String title = section.kind().title + (Axis.LENGTH == axis ? "" : ", " + Texts.size(first.length()));
        final XYChart chart = chart(title, axis.title, metric.isTime() ?
            "half of the replies take less (p50, log scale)" : "replies per second");
        final Range range = new Range();
        final TreeSet<Double> measured = new TreeSet<>();
        summary.results().contenders().forEach((contender) ->
        {
            final List<Double> numbers = new ArrayList<>();
            final List<Double> values = new ArrayList<>();
            for (final Cell group : section.groups())
            {
                final double number = log2(axis.number.applyAsLong(group));
                final double value = summary.row(group.contender(contender.name()))
                    .map((row) -> row.median(metric)).orElse(Double.NaN);
                measured.add(number);
                if (!Double.isNaN(value) && !numbers.contains(number))
                {
                    numbers.add(number);
                    values.add(value);
                    range.add(value);
                }
            }
            if (!numbers.isEmpty())
            {
                addSeries(chart, contender.name(), numbers, values);
            }
        });
        labelNumbers(chart.getStyler(), measured, axis);
        if (metric.isTime())
        {
            range.applyTo(chart.getStyler());
        }
        else
        {
            chart.getStyler().setYAxisMin(0.0).setYAxisTickLabelsFormattingFunction(Texts::rate);
        }
        addPlot(section, name, title, chart);
    }

    /** Powers of two lie at whole numbers: a tick at each. */
    private static void labelNumbers(final XYStyler styler, final SortedSet<Double> measured, final Axis axis)
    {
        final double margin = 1 == measured.size() ? 1 : 0.5;
        final double min = measured.first() - margin;
        final double max = measured.last() + margin;
        styler.setXAxisMin(min).setXAxisMax(max)
            .setXAxisTickMarkSpacingHint((int)(PLOT_WIDTH / (max - min) * 0.8))
            .setXAxisTickLabelsFormattingFunction((number) -> axis.label.apply(Math.round(Math.pow(2, number))));
    }

    private void addPlot(final Section section, final String name, final String title, final XYChart chart)
    {
        if (!chart.getSeriesCollection().isEmpty())
        {
            plots.add(new Plot(section.kind(), name + ".svg", title, svg(chart)));
        }
    }

    private static XYChart chart(final String title, final String xTitle, final String yTitle)
    {
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title)
            .xAxisTitle(xTitle).yAxisTitle(yTitle).build();
        final XYStyler styler = chart.getStyler();
        styler.setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15)).setLegendFont(font(12));
        styler.setAxisTitleFont(font(13)).setAxisTickLabelsFont(font(12));
        styler.setChartBackgroundColor(Color.WHITE).setPlotBackgroundColor(Color.WHITE)
            .setLegendBackgroundColor(Color.WHITE).setLegendBorderColor(Color.WHITE)
            .setChartFontColor(TEXT_COLOR).setPlotBorderColor(AXIS_COLOR)
            .setChartTitleBoxVisible(false)
            .setLegendPosition(Styler.LegendPosition.OutsideE).setLegendSeriesLineLength(40)
            .setMarkerSize(7).setChartPadding(14);
        styler.setPlotMargin(0);
        // Dashes would be drawn one by one, each a shape of its own: half a megabyte of them.
        styler.setPlotGridLinesColor(GRID_COLOR).setPlotGridLinesStroke(new BasicStroke(1f))
            .setAxisTickMarksColor(AXIS_COLOR).setAxisTickLabelsColor(TEXT_COLOR);
        return chart;
    }

    private static Font font(final int size)
    {
        return new Font(Font.SANS_SERIF, Font.PLAIN, size);
    }

    private static XYSeries addSeries(
        final XYChart chart, final String contender, final List<Double> x, final List<Double> y)
    {
        final Look look = Look.of(contender, chart.getSeriesCollection().size());
        final XYSeries series = chart.addSeries(contender, x, y);
        series.setLineColor(look.color);
        series.setMarker(look.marker).setMarkerColor(look.color);
        series.setLineStyle(look.stroke(Section.OWN.equals(contender) ? OWN_LINE_WIDTH : LINE_WIDTH));
        return series;
    }

    private static String percentile(final double odds)
    {
        final double percent = 100 - 100 / odds;
        return (percent == Math.rint(percent) ? String.valueOf(Math.round(percent)) :
            String.valueOf(Math.round(percent * 1e6) / 1e6)) + " %";
    }

    /** The axis says that these are bytes. */
    private static String bytes(final long length)
    {
        return Texts.size(length).replace(" B", "").replace("B", "");
    }

    private static double log2(final long number)
    {
        final int whole = Long.SIZE - 1 - Long.numberOfLeadingZeros(number);
        // Exact where it is a power of two: ticks are found by it.
        return Long.bitCount(number) == 1 ? whole : Math.log(number) / Math.log(2);
    }

    private static String svg(final XYChart chart)
    {
        try
        {
            final Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().getDOMImplementation()
                .createDocument("http://www.w3.org/2000/svg", "svg", null);
            final SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
            context.setComment(null);
            context.setPrecision(2);
            final SVGGraphics2D graphics = new SVGGraphics2D(context, false);
            graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
            chart.paint(graphics, WIDTH, HEIGHT);
            final StringWriter writer = new StringWriter();
            graphics.stream(writer, true);
            return writer.toString();
        }
        catch (final ParserConfigurationException ex)
        {
            throw new IllegalStateException(ex);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /** A number in which the cells of a section differ. */
    private enum Axis
    {
        LENGTH("bytes of each request and of each reply (log scale)", Cell::length, Charts::bytes),
        WINDOW("requests in flight (log scale)", Cell::window, String::valueOf),
        CLIENTS("connected clients (log scale)", Cell::clientCount, String::valueOf);

        final String title;
        final ToLongFunction<Cell> number;
        final LongFunction<String> label;

        Axis(final String title, final ToLongFunction<Cell> number, final LongFunction<String> label)
        {
            this.title = title;
            this.number = number;
            this.label = label;
        }
    }

    /** Whole decades around all values, so that there are at least two labels. */
    private static final class Range
    {
        private double min = Double.MAX_VALUE;
        private double max = 1;

        void add(final double value)
        {
            min = Math.min(min, Math.max(1, value));
            max = Math.max(max, value);
        }

        void applyTo(final XYStyler styler)
        {
            if (min <= max)
            {
                final double lower = Math.pow(10, Math.floor(Math.log10(min)));
                styler.setYAxisLogarithmic(true).setYAxisMin(lower)
                    .setYAxisMax(Math.max(lower * 10, Math.pow(10, Math.ceil(Math.log10(max)))))
                    .setYAxisTickLabelsFormattingFunction(Charts::decade);
            }
        }
    }

    private static String decade(final double ns)
    {
        final String[] units = {" ns", " \u00B5s", " ms", " s"};
        double value = ns;
        int unit = 0;
        while (value >= 999.5 && unit < units.length - 1)
        {
            value /= 1000;
            unit++;
        }
        return Math.round(value) + units[unit];
    }

    /**
     * Colour, dashes and marker of a contender. The colours are those that Okabe and Ito chose to be told apart by the
     * colour-blind, the yellow left out: it does not show on white.
     */
    private enum Look
    {
        FLOOR("floor", SeriesMarkers.CIRCLE, 0x57606A, 2, 3),
        OWN(Section.OWN, SeriesMarkers.CIRCLE, 0xD55E00),
        AERON_EXCLUSIVE("aeron-exclusive", SeriesMarkers.SQUARE, 0x0072B2),
        AERON_SHARED("aeron-shared", SeriesMarkers.SQUARE, 0x56B4E9, 9, 4),
        AGRONA_RINGS("agrona-rings", SeriesMarkers.TRIANGLE_UP, 0x009E73),
        CHRONICLE_QUEUE("chronicle-queue", SeriesMarkers.TRIANGLE_DOWN, 0xCC79A7),
        UNIX_SOCKET("unix-socket", SeriesMarkers.DIAMOND, 0xE69F00),
        TCP("tcp", SeriesMarkers.CROSS, 0x000000, 9, 4),
        FUTEX_FLOOR("futex-floor", SeriesMarkers.CIRCLE, 0x57606A, 2, 3),
        PIPE("pipe", SeriesMarkers.PLUS, 0x009E73, 9, 4);

        private final String contender;
        private final Marker marker;
        private final Color color;
        private final float[] dashes;

        Look(final String contender, final Marker marker, final int color, final float... dashes)
        {
            this.contender = contender;
            this.marker = marker;
            this.color = new Color(color);
            this.dashes = 0 == dashes.length ? null : dashes;
        }

        static Look of(final String contender, final int index)
        {
            for (final Look look : values())
            {
                if (look.contender.equals(contender))
                {
                    return look;
                }
            }
            return values()[index % values().length];
        }

        BasicStroke stroke(final float width)
        {
            return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dashes, 0);
        }
    }
}
