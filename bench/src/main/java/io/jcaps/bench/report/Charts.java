/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.report.SvgPlot.Point;
import io.jcaps.bench.report.SvgPlot.Tick;
import io.jcaps.bench.suite.Environment;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;
import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;

/** The plots of a run. Variants of a transport are left out: the tables have them. */
final class Charts
{
    private static final int STEPS_PER_DECADE = 8;
    /** 99.999 %: beyond it there are too few replies for a line. */
    private static final double MAX_DECADES = 5;
    private static final double TIMES_NEEDED = 10;
    private static final int NOTE_LENGTH = 88;
    private static final String AERON = "aeron-exclusive";
    private static final String AERON_INVOKER = "aeron-exclusive-invoker";

    /** The colours of Okabe and Ito, which colour-blind readers can distinguish, and lighter ones for a dark page. */
    private static final Map<String, SvgPlot.Look> LOOKS = looks();
    private static final Map<String, String> NAMES = Map.ofEntries(
        Map.entry(AERON, "Aeron exclusive"),
        Map.entry(AERON_INVOKER, "Aeron exclusive"),
        Map.entry("agrona-rings", "Agrona rings"),
        Map.entry("slab-ring", "rings + slab"),
        Map.entry("chronicle-queue", "Chronicle Queue"),
        Map.entry("unix-socket", "Unix socket"),
        Map.entry("tcp", "TCP"),
        Map.entry("futex-floor", "floor: futexes"),
        Map.entry("pipe", "pipes"),
        Map.entry("jcaps-batch", "jcaps, batches"),
        Map.entry("jcaps-c", "jcaps, C"),
        Map.entry("floor-c", "floor of C"));

    private final Summary summary;
    private final List<Plot> plots = new ArrayList<>();

    private Charts(final Summary summary)
    {
        this.summary = summary;
    }

    /**
     * @param summary of a run.
     * @return a plot for each section with enough values.
     */
    static List<Plot> draw(final Summary summary)
    {
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

            case LOAD:
                drawByNumber(section, "latency-by-load", Metric.P99, Axis.LOAD);
                break;

            case BLOCKING:
                drawPercentiles(section, groups.get(0), "latency-blocking");
                break;

            case CONNECTED:
                drawByNumber(section, "latency-by-clients", Metric.P50, Axis.CLIENTS);
                break;

            default:
                // Too few values for a plot: the table is enough.
                break;
        }
    }

    /** Times by percentile, on HdrHistogram's axis: rarer percentiles are further to the right. */
    private void drawPercentiles(final Section section, final Cell group, final String name)
    {
        final String title = section.kind().title + ": " + section.title(group);
        final List<Tick> ticks = List.of(
            new Tick(0, "0 %"), new Tick(1, "90 %"), new Tick(2, "99 %"), new Tick(3, "99.9"), new Tick(4, "99.99"),
            new Tick(5, "99.999"));
        final SvgPlot plot = new SvgPlot(title, "percentile of the replies",
            (Section.Kind.OPEN_LOOP == section.kind() ? "time from when it was due" : "time from request") +
            " to reply, median round; band: least and most", note(), ticks, true, Charts::time);
        for (final Cell cell : plotted(group))
        {
            summary.medianRound(cell).ifPresent((histogram) ->
                plot.add(name(cell), look(cell), percentiles(histogram, summary.rounds(cell))));
        }
        addPlot(section, name, title, plot);
    }

    private static List<Point> percentiles(final Histogram median, final List<Histogram> rounds)
    {
        final List<Point> points = new ArrayList<>();
        // As far as the tables: a percentile needs ten times the samples of which one lies beyond it.
        final double decades = Math.min(MAX_DECADES, Math.log10(median.getTotalCount() / TIMES_NEEDED));
        for (int i = 0; i <= decades * STEPS_PER_DECADE; i++)
        {
            final double decade = (double)i / STEPS_PER_DECADE;
            final double percentile = 100 - 100 / Math.pow(10, decade);
            points.add(new Point(
                decade,
                Math.max(1, median.getValueAtPercentile(percentile)),
                Math.max(1, rounds.stream().mapToLong((round) -> round.getValueAtPercentile(percentile)).min()
                    .orElse(1)),
                rounds.stream().mapToLong((round) -> round.getValueAtPercentile(percentile)).max().orElse(1)));
        }
        return points;
    }

    /** One value of each group, by the number in which the groups differ. */
    private void drawByNumber(final Section section, final String name, final Metric metric, final Axis axis)
    {
        final Map<Double, Tick> ticks = new TreeMap<>();
        section.groups().forEach((group) ->
        {
            final long number = axis.number.applyAsLong(group);
            ticks.putIfAbsent(axis.place(number), new Tick(axis.place(number), axis.label.apply(number)));
        });
        if (ticks.size() < 2)
        {
            // One size, or one window: points one above the other, which the table shows better.
            return;
        }
        final boolean isTime = metric.isTime();
        final String inWords = Section.Kind.FILLED == section.kind() ? ": every byte is written and read" :
            Section.Kind.PREBUILT == section.kind() ? ": the bytes are not read" : "";
        final String title = section.kind().title +
            (Axis.LENGTH == axis ? inWords : ", " + Texts.size(section.groups().get(0).length()));
        final SvgPlot plot = new SvgPlot(title, axis.title,
            (Metric.P99 == metric ? "99 % of the replies take less" : isTime ? "half of the replies take less" :
                "replies per second") + "; band: least and most of the rounds",
            note(), List.copyOf(ticks.values()), isTime, isTime ? Charts::time : Texts::rate);
        final Map<String, List<Point>> points = new LinkedHashMap<>();
        final Map<String, SvgPlot.Look> looks = new LinkedHashMap<>();
        for (final Cell group : section.groups())
        {
            for (final Cell cell : plotted(group))
            {
                final Summary.Spread spread = summary.row(cell).orElseThrow().spread(metric);
                final double place = axis.place(axis.number.applyAsLong(group));
                final List<Point> own = points.computeIfAbsent(name(cell), (key) -> new ArrayList<>());
                looks.putIfAbsent(name(cell), look(cell));
                if (!Double.isNaN(spread.median()) && own.stream().noneMatch((point) -> place == point.x()))
                {
                    own.add(new Point(place, spread.median(), spread.min(), spread.max()));
                }
            }
        }
        points.forEach((contender, own) ->
        {
            own.sort(Comparator.comparingDouble(Point::x));
            if (own.size() > 1)
            {
                plot.add(contender, looks.get(contender), own);
            }
        });
        addPlot(section, name, title, plot);
    }

    /** The group's cells with a result and a look of their own, and the better of Aeron's two. */
    private List<Cell> plotted(final Cell group)
    {
        final List<Cell> cells = new ArrayList<>();
        final Metric metric = Section.Kind.PIPELINED == Section.Kind.of(group) ? Metric.REPLIES_PER_SECOND : Metric.P50;
        final Optional<String> aeron = List.of(AERON, AERON_INVOKER).stream()
            .filter((name) -> Section.isMeasured(summary, group.contender(name)))
            .min(Comparator.comparingDouble((name) -> (metric.isTime() ? 1 : -1) *
                summary.row(group.contender(name)).orElseThrow().median(metric)));
        for (final Summary.Row row : summary.rows(group))
        {
            final String name = row.contender();
            final boolean isKnown = LOOKS.containsKey(name) || summary.results().contenders().size() <= 3;
            if (!row.isFailed() && isKnown && (!name.startsWith(AERON) || name.equals(aeron.orElse(null))))
            {
                cells.add(row.cell());
            }
        }
        return cells;
    }

    private String note()
    {
        final Environment environment = summary.results().environment();
        final String note = environment.cpu() + ", " + environment.cpuCount() + " CPUs" +
            (environment.isVirtual() ? " of a VM" : "") + ", " +
            environment.kernel().replaceAll("-.*|,.*", "") + "; " + environment.day();
        return note.length() <= NOTE_LENGTH ? note : note.substring(note.length() - NOTE_LENGTH);
    }

    private void addPlot(final Section section, final String name, final String title, final SvgPlot plot)
    {
        if (!plot.isEmpty())
        {
            plots.add(new Plot(section.kind(), name + ".svg", title, plot.svg()));
        }
    }

    private static String name(final Cell cell)
    {
        return NAMES.getOrDefault(cell.contender(), cell.contender());
    }

    private static SvgPlot.Look look(final Cell cell)
    {
        return LOOKS.getOrDefault(cell.contender(), new SvgPlot.Look("other", "#6639ba", "#a475f9", "2 4", false));
    }

    private static Map<String, SvgPlot.Look> looks()
    {
        final Map<String, SvgPlot.Look> looks = new LinkedHashMap<>();
        final String[][] all = {
            {"floor", "#57606a", "#9198a1", "3 5"}, {Section.OWN, "#d55e00", "#ff8a3d", ""},
            {"jcaps-batch", "#d55e00", "#ff8a3d", "8 5"}, {AERON, "#0072b2", "#4aa8e0", ""},
            {AERON_INVOKER, "#0072b2", "#4aa8e0", ""}, {"agrona-rings", "#009e73", "#2ecc9a", ""},
            {"slab-ring", "#009e73", "#2ecc9a", "8 5"}, {"chronicle-queue", "#b8548f", "#e08cbf", ""},
            {"unix-socket", "#a87000", "#e6b33d", ""}, {"tcp", "#24292f", "#e6edf3", "8 5"},
            {"futex-floor", "#57606a", "#9198a1", "3 5"}, {"pipe", "#009e73", "#2ecc9a", ""},
            {"jcaps-c", "#8b2f00", "#ffb38a", "2 4"}, {"floor-c", "#57606a", "#9198a1", "1 4"},
            {"iceoryx2", "#6639ba", "#a475f9", ""}};
        for (final String[] one : all)
        {
            looks.put(one[0], new SvgPlot.Look(one[0], one[1], one[2], one[3], Section.OWN.equals(one[0])));
        }
        return looks;
    }

    private static String time(final double ns)
    {
        return Texts.time(ns).replace(" us", " \u00B5s").replace(".00 ", " ").replace(".0 ", " ");
    }

    /** A number in which the cells of a section differ. */
    private enum Axis
    {
        LENGTH("bytes of each request and of each reply", Cell::length,
            (number) -> Texts.size(number).replace(" B", "").replace(" KiB", "K").replace(" MiB", "M"), true),
        WINDOW("requests in flight", Cell::window, String::valueOf, true),
        CLIENTS("connected clients", Cell::clientCount, String::valueOf, true),
        LOAD("requests per second, of what the transport can do", Cell::loadPercent, (number) -> number + " %", false);

        final String title;
        final ToLongFunction<Cell> number;
        final LongFunction<String> label;
        private final boolean isLogarithmic;

        Axis(
            final String title,
            final ToLongFunction<Cell> number,
            final LongFunction<String> label,
            final boolean isLogarithmic)
        {
            this.title = title;
            this.number = number;
            this.label = label;
            this.isLogarithmic = isLogarithmic;
        }

        double place(final long value)
        {
            return isLogarithmic ? Math.log(value) / Math.log(2) : value;
        }
    }
}
