/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Environment;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A run as one self-contained page: no script, no other file, no network.
 */
final class HtmlPage
{
    private static final String STYLE = """
        :root { color-scheme: light dark; --text: #24292f; --soft: #57606a; --back: #ffffff; --line: #d0d7de;
          --own: #fff1e5; --good: #1a7f37; --bad: #cf222e; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --back: #0d1117;
          --line: #3d444d; --own: #3a2414; --good: #3fb950; --bad: #ff7b72; } }
        body { font: 15px/1.5 sans-serif; color: var(--text); background: var(--back); max-width: 1240px;
          margin: 0 auto; padding: 1em 1.5em 4em; }
        h1 { font-size: 1.7em; margin-bottom: 0; }
        h2 { font-size: 1.3em; margin-top: 2.5em; border-bottom: 1px solid var(--line); }
        p, li { max-width: 50em; }
        .soft { color: var(--soft); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; margin: 1em 0; font-size: 0.92em; }
        caption { text-align: left; font-weight: bold; padding: 0.3em 0; }
        th, td { border-bottom: 1px solid var(--line); padding: 0.25em 0.7em; text-align: left; vertical-align: top; }
        th { font-weight: 600; white-space: nowrap; }
        td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        td.n small { color: var(--soft); }
        tr.own td, tr.own th { background: var(--own); }
        td.none { color: var(--soft); }
        td.met { color: var(--good); }
        td.missed { color: var(--bad); font-weight: bold; }
        td.verdict { white-space: nowrap; }
        .goals td:first-child, .goals td:last-child { min-width: 15em; }
        img { display: block; max-width: 100%; height: auto; margin: 1em 0; }
        code { font-size: 0.95em; overflow-wrap: anywhere; }
        """;
    private static final List<String> NOT_COUNTED = List.of(
        "Times are taken with <code>System.nanoTime()</code> before a request and after its reply. That call's " +
        "own cost is part of every time of every contender, the floor's too: ratios come out a little closer to 1" +
        " than they are. Nor is a time finer than the clock's steps; " +
        "<em>p50 by 100</em> is of round trips timed 100 together, with a hundredth of the clock's cost.",
        "With one request in flight, the next is sent when the reply is there: a stall delays one reply, and all " +
        "that would have been sent meanwhile are not sent, and not counted (coordinated omission). So the high " +
        "percentiles there tell of the transport's own hiccups only. What a stall does to a client that does not " +
        "wait is in the open loop, where times count from when a request should have been sent.",
        "A value is the median over rounds, with the least and the most of them beside it; a maximum is the longest " +
        "time of all rounds. A percentile is given only from ten times the replies of which one lies beyond it, " +
        "and no number at all from fewer than 1,000 replies, or after fewer than 20,000 of warm-up. Ratios are " +
        "taken within each round, and are the median of those; so they " +
        "need not be the ratio of the two values shown. Plots by percentile " +
        "show the round of the median p50, as far as there are ten times the replies that a percentile needs.",
        "A machine may change its speed for minutes, and two threads may be near or far from each other. So the " +
        "floor is measured in each cell, on the cell's own two threads, before, in the middle and after. A cell in " +
        "which these differ by more than 15 % is measured again, up to three times, and marked after that. " +
        "&times; floor is by the cell's own floor. The values of one table are of one state of the machine, that " +
        "of most of its cells; ratios are of cells in the same state and round.",
        "Both JVMs of a measurement are new, warmed up before it, and have nothing else to do. No cache is cold, " +
        "no other load is there but what the machine has anyway; no time is spent in the service itself.",
        "Every message is checked: its number, and 8 bytes elsewhere, or all of it where it is filled and summed." +
        " That is part of the time, for all but the floor, which carries only the number.",
        "CPU time is of all threads of a process, outside of the probes; helpers are its other threads, such as a " +
        "driver, a conductor or a watch. A side that spins takes all of its core, whatever there is to do: for " +
        "those, the time says how long a reply takes, and <em>busy when idle</em> what waiting costs.",
        "Two cores cannot show a driver, or a second service, that has a core of its own; nor more than one " +
        "client that spins; nor cores that are far from each other. A contender that needs a third thread shares " +
        "a core here, and its high percentiles show that. More cores show more: <em>caps bench</em> uses those " +
        "that there are.",
        "Heap per reply is what the measuring threads took. Less than a byte is what a JVM takes once, such as " +
        "for compiling, divided by the replies.");

    private final Summary summary;
    private final StringBuilder html = new StringBuilder();

    private HtmlPage(final Summary summary)
    {
        this.summary = summary;
    }

    /**
     * @param summary of a run.
     * @param plots   of it; may be empty.
     * @return the page.
     */
    static String of(final Summary summary, final List<Plot> plots)
    {
        final HtmlPage page = new HtmlPage(summary);
        page.html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .append("<title>jcaps: transports between two processes, measured</title>\n<style>\n")
            .append(STYLE).append("</style>\n</head>\n<body>\n");
        page.appendHead();
        page.appendGoals();
        Section.of(summary).forEach((section) -> page.appendSection(section, plots));
        page.appendContenders();
        page.appendNotCounted();
        page.html.append("</body>\n</html>\n");
        return page.html.toString();
    }

    private void appendHead()
    {
        final Results results = summary.results();
        final Environment environment = results.environment();
        html.append("<h1>Transports between two processes, measured</h1>\n<p class=\"soft\">")
            .append(escaped(results.kind())).append(" run, ").append(results.roundCount())
            .append(1 == results.roundCount() ? " round" : " rounds")
            .append(", contenders in random order within each (seed ").append(results.seed())
            .append("); ").append(escaped(environment.timeUtc())).append("</p>\n");
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Command", String.join(" ", results.commandLine()));
        facts.put("jcaps", environment.projectVersion() +
            (null == environment.commit() ? "" : ", commit " + environment.commit()));
        facts.put("CPU", environment.cpu() + ", " + environment.cpuCount() + " usable" +
            (environment.isVirtual() ? ", virtual machine" : ""));
        facts.put("CPU flags of interest", environment.cpuFlagsOfInterest());
        facts.put("Frequency governor", environment.governor());
        facts.put("Memory", environment.memory());
        facts.put("Transparent huge pages", environment.transparentHugePages());
        facts.put("Kernel", environment.kernel());
        facts.put("Operating system", environment.operatingSystem());
        facts.put("Clock", String.format(Locale.ROOT,
            "a call costs %.0f ns, which each time contains; steps of %.0f ns",
            environment.clockCostNs(), environment.clockStepNs()));
        facts.put("JVM", environment.jvm());
        facts.put("Arguments of every JVM", String.join(" ", environment.jvmArguments()));
        facts.put("Pinning", environment.pinning());
        facts.put("Load before the run", environment.loadAverage() < 0 ? null :
            String.format(Locale.ROOT, "%.2f", environment.loadAverage()));
        html.append("<div class=\"scroll\"><table>\n");
        facts.forEach((name, value) ->
        {
            if (null != value)
            {
                html.append("<tr><th>").append(name).append("</th><td><code>").append(escaped(value))
                    .append("</code></td></tr>\n");
            }
        });
        html.append("</table></div>\n");
        if (environment.cpuCount() < 2)
        {
            html.append("<p><strong>Fewer than two CPUs: the two sides took turns on one, and times of spinning " +
                "sides are those of the scheduler.</strong></p>\n");
        }
    }

    private void appendGoals()
    {
        html.append("<h2>Goals</h2>\n<p>What jcaps set out to reach, each as a ratio within the same rounds.</p>\n")
            .append("<div class=\"scroll\"><table class=\"goals\">\n<tr><th>goal</th><th class=\"n\">measured</th>")
            .append("<th class=\"n\">bound</th><th>verdict</th><th></th></tr>\n");
        for (final Goals.Goal goal : Goals.of(summary))
        {
            final String styleClass = switch (goal.verdict())
            {
                case MET -> "met";
                case MISSED -> "missed";
                case NOT_MEASURED -> "none";
            };
            html.append("<tr><td>").append(escaped(goal.what())).append("</td><td class=\"n\">")
                .append(escaped(goal.value())).append("</td><td class=\"n\">").append(bound(goal.bound()))
                .append("</td><td class=\"verdict ").append(styleClass).append("\">").append(goal.verdict().text())
                .append("</td><td>").append(escaped(goal.remark())).append("</td></tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void appendSection(final Section section, final List<Plot> plots)
    {
        html.append("<h2>").append(escaped(section.kind().title)).append("</h2>\n<p>")
            .append(escaped(section.kind().note)).append("</p>\n");
        for (final Plot plot : plots)
        {
            if (plot.kind() == section.kind())
            {
                // As an image: the class names of the drawings would clash within one page.
                html.append("<img alt=\"").append(escaped(plot.title())).append("\" src=\"data:image/svg+xml;base64,")
                    .append(Base64.getEncoder().encodeToString(plot.svg().getBytes(StandardCharsets.UTF_8)))
                    .append("\">\n");
            }
        }
        section.groups().forEach((group) -> appendGroup(section, group));
    }

    private void appendGroup(final Section section, final Cell group)
    {
        final List<Column> columns = columns(section, group);
        html.append("<div class=\"scroll\"><table>\n<caption>").append(escaped(section.title(group)))
            .append("</caption>\n<tr><th>contender</th>");
        columns.forEach((column) -> html.append("<th class=\"n\">").append(column.title).append("</th>"));
        html.append("</tr>\n");
        final List<Summary.Row> rows = summary.rows(group);
        for (final Summary.Row row : rows)
        {
            html.append(Section.OWN.equals(row.contender()) ? "<tr class=\"own\">" : "<tr>")
                .append("<th>").append(escaped(row.contender())).append("</th>");
            if (row.isFailed())
            {
                html.append("<td class=\"none\" colspan=\"").append(columns.size()).append("\">")
                    .append(escaped(Texts.noResult(row))).append("</td>");
            }
            else
            {
                columns.forEach((column) ->
                    html.append("<td class=\"n\">").append(column.value.of(row)).append("</td>"));
            }
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
        rows.stream().map(Texts::remarks).flatMap(List::stream)
            .forEach((text) -> html.append("<p class=\"soft\">").append(escaped(text)).append("</p>\n"));
    }

    private List<Column> columns(final Section section, final Cell group)
    {
        final List<Column> columns = new ArrayList<>();
        if (!section.isCounted())
        {
            columns.add(time("p50", Metric.P50));
            if (summary.rows(group).stream().anyMatch((row) -> !Double.isNaN(row.median(Metric.P50_BATCH))))
            {
                columns.add(new Column("p50 by 100", (row) ->
                {
                    final Summary.Spread spread = row.spread(Metric.P50_BATCH);
                    return micro(Texts.exactTime(spread.median())) +
                        spread(Texts.exactTime(spread.min()), Texts.exactTime(spread.max()));
                }));
            }
            columns.add(time("p90", Metric.P90));
            columns.add(time("p99", Metric.P99));
            columns.add(time("p99.9", Metric.P99_9));
            columns.add(time("p99.99", Metric.P99_99));
            columns.add(new Column("max", (row) -> micro(Texts.time(row.max()))));
        }
        if (section.isCounted() || Section.Kind.CROWD == section.kind())
        {
            columns.add(new Column("replies <small>(least&ndash;most)</small>",
                (row) -> Texts.rate(row.median(Metric.REPLIES_PER_SECOND)) + spread(
                    Texts.rate(row.spread(Metric.REPLIES_PER_SECOND).min()),
                    Texts.rate(row.spread(Metric.REPLIES_PER_SECOND).max()))));
        }
        if (Section.Kind.CROWD == section.kind())
        {
            columns.add(new Column("slowest / fastest", (row) -> Texts.ratio(row.median(Metric.FAIRNESS))));
        }
        if (Section.hasFloor(summary, group))
        {
            columns.add(new Column("&times; floor", (row) -> ratio(row.spread(Metric.TIMES_FLOOR))));
        }
        if (Section.isMeasured(summary, group.contender(Section.OWN)))
        {
            columns.add(new Column("&times; jcaps",
                (row) -> ratio(section.ratios(summary, row, Section.OWN))));
        }
        if (Section.Kind.LOAD == section.kind())
        {
            columns.add(new Column("rate", (row) -> Texts.rate(row.median(Metric.LOAD_PER_SECOND))));
        }
        if (summary.rows(group).stream().anyMatch((row) -> !Double.isNaN(row.median(Metric.CLIENT_CPU))))
        {
            columns.add(new Column("CPU per reply <small>client, server; of it helpers</small>", (row) ->
                micro(Texts.time(row.median(Metric.CLIENT_CPU)) + ", " + Texts.time(row.median(Metric.SERVER_CPU)) +
                    "; " + Texts.time(row.median(Metric.HELPER_CPU)))));
        }
        if (summary.rows(group).stream().anyMatch((row) -> !Double.isNaN(row.median(Metric.IDLE_CPUS))))
        {
            columns.add(new Column("CPUs busy when idle",
                (row) -> Texts.ratio(row.median(Metric.IDLE_CPUS))));
        }
        columns.add(new Column("heap per reply <small>client, server</small>", (row) ->
            Texts.allocation(row.median(Metric.CLIENT_ALLOCATION)) + ", " +
            Texts.allocation(row.median(Metric.SERVER_ALLOCATION))));
        return columns;
    }

    private void appendContenders()
    {
        html.append("<h2>Contenders</h2>\n<div class=\"scroll\"><table>\n")
            .append("<tr><th>contender</th><th>configuration</th><th>arguments of its JVMs</th></tr>\n");
        for (final Results.ContenderInfo contender : summary.results().contenders())
        {
            html.append("<tr><th>").append(escaped(contender.name())).append("</th><td>")
                .append(escaped(contender.title())).append(". ").append(escaped(contender.configuration()))
                .append("</td><td><code>").append(escaped(String.join(" ", contender.jvmArguments())))
                .append("</code></td></tr>\n");
        }
        html.append("</table></div>\n");
    }

    private void appendNotCounted()
    {
        html.append("<h2>What the numbers do not say</h2>\n<ul>\n");
        NOT_COUNTED.forEach((text) -> html.append("<li>").append(text).append("</li>\n"));
        html.append("</ul>\n");
    }

    private static Column time(final String title, final Metric metric)
    {
        return new Column(title, (row) ->
        {
            final Summary.Spread spread = row.spread(metric);
            return micro(Texts.time(spread.median())) + spread(Texts.time(spread.min()), Texts.time(spread.max()));
        });
    }

    private static String ratio(final Summary.Spread spread)
    {
        return Texts.ratio(spread.median()) + spread(Texts.ratio(spread.min()), Texts.ratio(spread.max()));
    }

    private static String spread(final String min, final String max)
    {
        return min.equals(max) ? "" : " <small>(" + micro(min) + "&ndash;" + micro(max) + ")</small>";
    }

    /** The micro sign instead of ASCII's u. */
    private static String micro(final String time)
    {
        return time.replace(" us", " &micro;s");
    }

    private static String bound(final String bound)
    {
        return bound.replace("<=", "&le;").replace(">=", "&ge;").replace("<", "&lt;");
    }

    private static String escaped(final String text)
    {
        return String.valueOf(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            .replace("\"", "&quot;");
    }

    private record Column(String title, Value value)
    {
    }

    /** What a column shows of a row, as HTML. */
    private interface Value
    {
        String of(Summary.Row row);
    }
}
