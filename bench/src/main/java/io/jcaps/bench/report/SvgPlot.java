/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Lines with a band from minimum to maximum, each with its name at its end instead of a legend. Readable at half its
 * size; in the colours of a light or a dark page.
 */
final class SvgPlot
{
    private static final int WIDTH = 800;
    private static final int HEIGHT = 560;
    private static final int LEFT = 104;
    private static final int RIGHT = 218;
    private static final int TOP = 92;
    private static final int BOTTOM = 104;
    private static final int LABEL_DISTANCE = 23;
    /** Distance of two ticks below which their names would touch. */
    private static final int CLOSE = 62;
    private static final int LEAN = 14;
    private static final int CHARACTERS_PER_LINE = 66;

    private static final String STYLE = """
        text { font: 20px sans-serif; fill: #24292f; }
        .title { font-weight: bold; font-size: 22px; }
        .note { font-size: 17px; fill: #57606a; }
        .back { fill: #ffffff; }
        .grid { stroke: #d8dee4; stroke-width: 1; }
        .axis { stroke: #6e7781; stroke-width: 1.5; fill: none; }
        .lead { stroke: #8c959f; stroke-width: 1; }
        .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
        .own { stroke-width: 5; }
        .band { stroke: none; fill-opacity: 0.16; }
        .label { font-weight: 600; }
        """;
    private static final String DARK_STYLE = """
        text { fill: #e6edf3; } .note { fill: #9198a1; } .back { fill: #0d1117; } .grid { stroke: #30363d; }
        .axis { stroke: #9198a1; } .lead { stroke: #6e7681; }
        """;

    private final String title;
    private final String xTitle;
    private final String yTitle;
    private final String note;
    private final List<Tick> xTicks;
    private final List<Series> series = new ArrayList<>();
    private final boolean isLogarithmic;
    private final Ticks text;
    private double xMin = Double.POSITIVE_INFINITY;
    private double xMax = Double.NEGATIVE_INFINITY;
    private double yMin = Double.POSITIVE_INFINITY;
    private double yMax = Double.NEGATIVE_INFINITY;

    /**
     * @param title         of the plot.
     * @param xTitle        title of the horizontal axis.
     * @param yTitle        title of the vertical axis.
     * @param note          the machine and the day.
     * @param xTicks        horizontal ticks, ascending.
     * @param isLogarithmic whether the vertical axis is logarithmic.
     * @param text          of a vertical value.
     */
    SvgPlot(
        final String title,
        final String xTitle,
        final String yTitle,
        final String note,
        final List<Tick> xTicks,
        final boolean isLogarithmic,
        final Ticks text)
    {
        this.title = title;
        this.xTitle = xTitle;
        this.yTitle = yTitle;
        this.note = note;
        this.xTicks = List.copyOf(xTicks);
        this.isLogarithmic = isLogarithmic;
        this.text = text;
    }

    /**
     * @param name   at its end.
     * @param look   of it.
     * @param points from left to right; at least one.
     */
    void add(final String name, final Look look, final List<Point> points)
    {
        series.add(new Series(name, look, List.copyOf(points)));
        for (final Point point : points)
        {
            xMin = Math.min(xMin, point.x);
            xMax = Math.max(xMax, point.x);
            yMin = Math.min(yMin, Math.min(point.y, point.min));
            yMax = Math.max(yMax, Math.max(point.y, point.max));
        }
    }

    boolean isEmpty()
    {
        return series.isEmpty() || xMin >= xMax;
    }

    /**
     * @return the drawing.
     */
    String svg()
    {
        final StringBuilder svg = new StringBuilder();
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ").append(WIDTH).append(' ')
            .append(HEIGHT).append("\" width=\"").append(WIDTH).append("\" height=\"").append(HEIGHT)
            .append("\" role=\"img\">\n<title>").append(escaped(title)).append("</title>\n<style>\n").append(STYLE);
        final List<Look> looks = series.stream().map(Series::look).distinct().toList();
        looks.forEach((look) -> svg.append(look.style(look.light())));
        svg.append("@media (prefers-color-scheme: dark) {\n").append(DARK_STYLE);
        looks.forEach((look) -> svg.append(look.style(look.dark())));
        svg.append("}\n</style>\n<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n");
        appendTitle(svg);
        final List<Double> yTicks = yTicks();
        appendAxes(svg, yTicks);
        series.stream().sorted(Comparator.comparing((one) -> one.look().isOwn()))
            .forEach((one) -> appendSeries(svg, one));
        appendLabels(svg);
        return svg.append("</svg>\n").toString();
    }

    private void appendTitle(final StringBuilder svg)
    {
        int y = 30;
        String rest = title;
        while (!rest.isEmpty())
        {
            final int space = rest.length() <= CHARACTERS_PER_LINE ? rest.length() :
                rest.lastIndexOf(' ', CHARACTERS_PER_LINE);
            text(svg, "title", 14, y, "start", rest.substring(0, space));
            rest = rest.substring(space).strip();
            y += 27;
        }
        text(svg, "note", 14, TOP - 14, "start", yTitle);
        text(svg, "note", LEFT, HEIGHT - 40, "start", xTitle);
        text(svg, "note", 14, HEIGHT - 12, "start", note);
    }

    /** Widens the range to the ticks. */
    private List<Double> yTicks()
    {
        final List<Double> ticks = new ArrayList<>();
        if (isLogarithmic)
        {
            final int first = (int)Math.floor(Math.log10(yMin));
            final int last = (int)Math.ceil(Math.log10(yMax));
            final double[] steps = last - first > 3 ? new double[]{1} : new double[]{1, 2, 5};
            for (int decade = first; decade <= last; decade++)
            {
                for (final double step : steps)
                {
                    ticks.add(step * Math.pow(10, decade));
                }
            }
            final double below = ticks.stream().filter((tick) -> tick <= yMin).reduce((a, b) -> b).orElse(yMin);
            final double above = ticks.stream().filter((tick) -> tick >= yMax).findFirst().orElse(yMax);
            ticks.removeIf((tick) -> tick < below || tick > above);
            yMin = below;
            yMax = above;
            return ticks;
        }
        final double raw = yMax / 5;
        final double decade = Math.pow(10, Math.floor(Math.log10(raw)));
        final double step = decade * (raw / decade > 5 ? 10 : raw / decade > 2 ? 5 : raw / decade > 1 ? 2 : 1);
        yMin = 0;
        yMax = Math.ceil(yMax / step) * step;
        for (double tick = 0; tick <= yMax + step / 2; tick += step)
        {
            ticks.add(tick);
        }
        return ticks;
    }

    private void appendAxes(final StringBuilder svg, final List<Double> yTicks)
    {
        for (final double tick : yTicks)
        {
            line(svg, "grid", LEFT, y(tick), WIDTH - RIGHT, y(tick));
            text(svg, null, LEFT - 10, y(tick) + 7, "end", text.of(tick));
        }
        final List<Tick> shown =
            xTicks.stream().filter((tick) -> tick.x >= xMin - 1e-9 && tick.x <= xMax + 1e-9).toList();
        for (int i = 0; i < shown.size(); i++)
        {
            final double place = x(shown.get(i).x);
            line(svg, "grid", place, TOP, place, HEIGHT - BOTTOM);
            // Names of close ticks are shifted apart, and of very close ones the first is left out.
            final double after = i + 1 < shown.size() ? x(shown.get(i + 1).x) - place : WIDTH;
            final double before = i > 0 ? place - x(shown.get(i - 1).x) : WIDTH;
            if (after > LABEL_DISTANCE)
            {
                final int lean = after < CLOSE ? 1 : LABEL_DISTANCE < before && before < CLOSE ? -1 : 0;
                text(svg, null, place + LEAN * lean, HEIGHT - BOTTOM + 28,
                    1 == lean ? "end" : -1 == lean ? "start" : "middle", shown.get(i).name);
            }
        }
        line(svg, "axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        line(svg, "axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    }

    private void appendSeries(final StringBuilder svg, final Series one)
    {
        final String name = one.look().name();
        final String forth = one.points().stream().map((point) -> at(point.x, point.max))
            .collect(Collectors.joining(" "));
        final List<Point> back = new ArrayList<>(one.points());
        Collections.reverse(back);
        svg.append("<polygon class=\"band f-").append(name).append("\" points=\"").append(forth).append(' ')
            .append(back.stream().map((point) -> at(point.x, point.min)).collect(Collectors.joining(" ")))
            .append("\"/>\n<polyline class=\"line s-").append(name).append(one.look().isOwn() ? " own" : "")
            .append("\" points=\"")
            .append(one.points().stream().map((point) -> at(point.x, point.y)).collect(Collectors.joining(" ")))
            .append("\"/>\n");
    }

    /** Appends the lines' names from top to bottom, without overlap. */
    private void appendLabels(final StringBuilder svg)
    {
        final List<Series> sorted = new ArrayList<>(series);
        sorted.sort(Comparator.comparingDouble((one) -> y(one.last().y)));
        final double[] places = new double[sorted.size()];
        for (int i = 0; i < places.length; i++)
        {
            final double wanted = y(sorted.get(i).last().y);
            places[i] = 0 == i ? Math.max(wanted, TOP - 12) : Math.max(wanted, places[i - 1] + LABEL_DISTANCE);
        }
        double limit = HEIGHT - BOTTOM + 6;
        for (int i = places.length - 1; i >= 0; i--)
        {
            places[i] = Math.min(places[i], limit);
            limit = places[i] - LABEL_DISTANCE;
        }
        for (int i = 0; i < places.length; i++)
        {
            final Series one = sorted.get(i);
            final double end = x(one.last().x);
            line(svg, "lead", end + 2, y(one.last().y), WIDTH - RIGHT + 14, places[i]);
            text(svg, "label f-" + one.look().name(), WIDTH - RIGHT + 18, places[i] + 7, "start", one.name());
        }
    }

    private double x(final double value)
    {
        return LEFT + (value - xMin) / (xMax - xMin) * (WIDTH - LEFT - RIGHT);
    }

    private double y(final double value)
    {
        final double part = isLogarithmic ?
            Math.log(Math.max(value, yMin) / yMin) / Math.log(yMax / yMin) : (value - yMin) / (yMax - yMin);
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM);
    }

    private String at(final double x, final double y)
    {
        return number(x(x)) + ',' + number(y(y));
    }

    private static String number(final double value)
    {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static void line(
        final StringBuilder svg,
        final String styleClass,
        final double x,
        final double y,
        final double x2,
        final double y2)
    {
        svg.append("<line class=\"").append(styleClass).append("\" x1=\"").append(number(x)).append("\" y1=\"")
            .append(number(y)).append("\" x2=\"").append(number(x2)).append("\" y2=\"").append(number(y2))
            .append("\"/>\n");
    }

    private static void text(
        final StringBuilder svg,
        final String styleClass,
        final double x,
        final double y,
        final String anchor,
        final String text)
    {
        svg.append("<text").append(null == styleClass ? "" : " class=\"" + styleClass + '"').append(" x=\"")
            .append(number(x)).append("\" y=\"").append(number(y)).append("\" text-anchor=\"").append(anchor)
            .append("\">").append(escaped(text)).append("</text>\n");
    }

    private static String escaped(final String text)
    {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** Text of a value. */
    interface Ticks
    {
        String of(double value);
    }

    /**
     * A tick of the horizontal axis.
     *
     * @param x    of it.
     * @param name of it.
     */
    record Tick(double x, String name)
    {
    }

    /**
     * A point of a line.
     *
     * @param x   to the right.
     * @param y   upwards.
     * @param min least of the rounds.
     * @param max most of the rounds.
     */
    record Point(double x, double y, double min, double max)
    {
    }

    /**
     * How a line looks.
     *
     * @param name   for the style sheet.
     * @param light  colour on white.
     * @param dark   colour on black.
     * @param dashes of the line; empty if it is whole.
     * @param isOwn  whether it is this project's line.
     */
    record Look(String name, String light, String dark, String dashes, boolean isOwn)
    {
        String style(final String color)
        {
            return ".s-" + name + " { stroke: " + color + ";" +
                (dashes.isEmpty() ? "" : " stroke-dasharray: " + dashes + ";") + " } .f-" + name + " { fill: " +
                color + "; }\n";
        }
    }

    private record Series(String name, Look look, List<Point> points)
    {
        Point last()
        {
            return points.get(points.size() - 1);
        }
    }
}
