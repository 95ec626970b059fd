/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Environment;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A run's numbers as text, for a terminal of 120 columns.
 */
public final class TerminalTable
{
    private static final Map<Metric, String> TIMES = Map.of(
        Metric.P99, "p99", Metric.P99_9, "p99.9", Metric.P99_99, "p99.99");
    private static final List<Metric> TIME_ORDER =
        List.of(Metric.P99, Metric.P99_9, Metric.P99_99);
    private static final int LINE_LENGTH = 120;
    private static final String NAME_FORMAT = "  %-24s";
    private static final String COLUMN_FORMAT = "%9s";

    private final Summary summary;
    private final PrintStream out;

    private TerminalTable(final Summary summary, final PrintStream out)
    {
        this.summary = summary;
        this.out = out;
    }

    /**
     * @param summary of a run.
     * @param out     to print to.
     */
    public static void print(final Summary summary, final PrintStream out)
    {
        final TerminalTable table = new TerminalTable(summary, out);
        out.println();
        out.println(summary.results().environment().line());
        out.println(String.join(" ", summary.results().commandLine()) + " (" + summary.results().kind() + ", " +
            summary.results().roundCount() + " rounds, seed " + summary.results().seed() + ")");
        for (final Section section : Section.of(summary))
        {
            out.println();
            out.println(section.kind().title);
            section.groups().forEach((group) -> table.printGroup(section, group));
        }
        table.printCpu();
        table.printClock();
        table.printGoals();
    }

    private void printGroup(final Section section, final Cell group)
    {
        final List<Summary.Row> rows = summary.rows(group);
        final boolean hasFloor = Section.hasFloor(summary, group);
        final boolean hasOwn = Section.isMeasured(summary, group.contender(Section.OWN));
        out.println();
        printLine(section.title(group), header(section, hasFloor, hasOwn));
        for (final Summary.Row row : rows)
        {
            if (row.isFailed())
            {
                out.println(cut(String.format(NAME_FORMAT, row.contender()) + "  " + Texts.noResult(row)));
            }
            else
            {
                printLine(row.contender(), columns(section, row, hasFloor, hasOwn));
            }
        }
        rows.stream().map(Texts::remarks).flatMap(List::stream)
            .forEach((text) -> out.println(cut("  ! " + text)));
    }

    private static List<String> header(final Section section, final boolean hasFloor, final boolean hasOwn)
    {
        final List<String> header = new ArrayList<>();
        if (section.isCounted())
        {
            header.addAll(List.of("replies", "least", "most"));
        }
        else
        {
            header.addAll(List.of("p50", "least", "most", "by 100"));
            TIME_ORDER.forEach((metric) -> header.add(TIMES.get(metric)));
            header.add("max");
        }
        if (Section.Kind.LOAD == section.kind())
        {
            header.add("rate");
        }
        if (Section.Kind.CROWD == section.kind())
        {
            header.add("fairness");
        }
        if (hasFloor)
        {
            header.add("x floor");
        }
        if (hasOwn)
        {
            header.add("x " + Section.OWN);
        }
        return header;
    }

    private List<String> columns(
        final Section section, final Summary.Row row, final boolean hasFloor, final boolean hasOwn)
    {
        final List<String> columns = new ArrayList<>();
        if (section.isCounted())
        {
            final Summary.Spread spread = row.spread(Metric.REPLIES_PER_SECOND);
            columns.addAll(
                List.of(Texts.rate(spread.median()), Texts.rate(spread.min()), Texts.rate(spread.max())));
        }
        else
        {
            final Summary.Spread spread = row.spread(Metric.P50);
            columns.addAll(
                List.of(Texts.time(spread.median()), Texts.time(spread.min()), Texts.time(spread.max()),
                    Texts.exactTime(row.median(Metric.P50_BATCH))));
            TIME_ORDER.forEach((metric) -> columns.add(Texts.time(row.median(metric))));
            columns.add(Texts.time(row.max()));
        }
        if (Section.Kind.LOAD == section.kind())
        {
            columns.add(Texts.rate(row.median(Metric.LOAD_PER_SECOND)));
        }
        if (Section.Kind.CROWD == section.kind())
        {
            columns.add(Texts.ratio(row.median(Metric.FAIRNESS)));
        }
        if (hasFloor)
        {
            columns.add(Texts.ratio(row.median(Metric.TIMES_FLOOR)));
        }
        if (hasOwn)
        {
            columns.add(Texts.ratio(section.ratios(summary, row, Section.OWN).median()));
        }
        return columns;
    }

    private void printLine(final String name, final List<String> columns)
    {
        final StringBuilder line = new StringBuilder(String.format(NAME_FORMAT, name));
        columns.forEach((column) -> line.append(String.format(COLUMN_FORMAT, column)));
        out.println(line);
    }

    private void printCpu()
    {
        for (final Section section : Section.of(summary))
        {
            for (final Cell group : section.groups())
            {
                final List<Summary.Row> rows = summary.rows(group).stream()
                    .filter((row) -> !Double.isNaN(row.median(Metric.CLIENT_CPU))).toList();
                final boolean isShort = group.equals(section.groups().get(0)) || section.isCounted();
                if (!rows.isEmpty() && isShort)
                {
                    out.println();
                    out.println("CPU time per reply: " + section.kind().title);
                    printLine(section.title(group), List.of("client", "server", "helpers", "idle CPU"));
                    rows.forEach((row) -> printLine(row.contender(), List.of(
                        Texts.time(row.median(Metric.CLIENT_CPU)), Texts.time(row.median(Metric.SERVER_CPU)),
                        Texts.time(row.median(Metric.HELPER_CPU)), Texts.ratio(row.median(Metric.IDLE_CPUS)))));
                }
            }
        }
    }

    private void printClock()
    {
        final Environment environment = summary.results().environment();
        out.println();
        out.println(String.format(Locale.ROOT,
            "Each time contains the clock's own cost, %.0f ns here, and comes in its steps of %.0f ns.",
            environment.clockCostNs(), environment.clockStepNs()));
        out.println("by 100: p50 of round trips that were timed 100 together, with a hundredth of that cost.");
    }

    private void printGoals()
    {
        out.println();
        out.println("Goals");
        out.println();
        for (final Goals.Goal goal : Goals.of(summary))
        {
            out.println(cut(String.format("  %-12s  %8s  %-16s  %s",
                goal.verdict().text(), goal.value(), goal.bound(), goal.what())));
            if (!goal.remark().isEmpty())
            {
                out.println(cut(" ".repeat(44) + goal.remark()));
            }
        }
    }

    /** Cuts a long line; the page has all of it. */
    private static String cut(final String line)
    {
        return line.length() <= LINE_LENGTH ? line : line.substring(0, LINE_LENGTH - 3) + "...";
    }
}
