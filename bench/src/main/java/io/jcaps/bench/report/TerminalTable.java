/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run's numbers as text, for a terminal of 80 columns and more; only goals and failures may take up to 120.
 */
public final class TerminalTable
{
    private static final Map<Metric, String> TIMES = Map.of(
        Metric.P50, "p50", Metric.P99, "p99", Metric.P99_9, "p99.9", Metric.P99_99, "p99.99", Metric.MAX, "max");
    private static final List<Metric> TIME_ORDER =
        List.of(Metric.P50, Metric.P99, Metric.P99_9, Metric.P99_99, Metric.MAX);
    private static final int LINE_LENGTH = 120;
    private static final String NAME_FORMAT = "  %-16s";
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
        for (final Section section : Section.of(summary))
        {
            out.println();
            out.println(section.kind().title);
            section.groups().forEach((group) -> table.printGroup(section, group));
        }
        table.printGoals();
    }

    private void printGroup(final Section section, final Cell group)
    {
        final List<Summary.Row> rows = summary.rows(group);
        final String floor = Section.floor(summary, group);
        final boolean hasOwn = Section.isMeasured(summary, group.contender(Section.OWN));
        out.println();
        printLine(section.title(group), header(section, floor, hasOwn));
        for (final Summary.Row row : rows)
        {
            if (row.isFailed())
            {
                out.println(cut(String.format(NAME_FORMAT, row.contender()) + "  " + Texts.noResult(row)));
            }
            else
            {
                printLine(row.contender(), columns(section, row, floor, hasOwn));
            }
        }
        rows.stream().map(Texts::partlyFailed).filter((text) -> null != text)
            .forEach((text) -> out.println(cut("  ! " + text)));
    }

    private static List<String> header(final Section section, final String floor, final boolean hasOwn)
    {
        final List<String> header = new ArrayList<>();
        if (Section.Kind.PIPELINED == section.kind())
        {
            header.addAll(List.of("replies", "least", "most"));
        }
        else
        {
            TIME_ORDER.forEach((metric) -> header.add(TIMES.get(metric)));
        }
        if (Section.Kind.CROWD == section.kind())
        {
            header.add("fairness");
        }
        if (null != floor)
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
        final Section section, final Summary.Row row, final String floor, final boolean hasOwn)
    {
        final List<String> columns = new ArrayList<>();
        if (Section.Kind.PIPELINED == section.kind())
        {
            final Summary.Spread spread = row.spread(Metric.REPLIES_PER_SECOND);
            columns.addAll(
                List.of(Texts.rate(spread.median()), Texts.rate(spread.min()), Texts.rate(spread.max())));
        }
        else
        {
            TIME_ORDER.forEach((metric) -> columns.add(Texts.time(row.median(metric))));
        }
        if (Section.Kind.CROWD == section.kind())
        {
            columns.add(Texts.ratio(row.median(Metric.FAIRNESS)));
        }
        if (null != floor)
        {
            columns.add(Texts.ratio(section.ratio(summary, row, floor)));
        }
        if (hasOwn)
        {
            columns.add(Texts.ratio(section.ratio(summary, row, Section.OWN)));
        }
        return columns;
    }

    private void printLine(final String name, final List<String> columns)
    {
        final StringBuilder line = new StringBuilder(String.format(NAME_FORMAT, name));
        columns.forEach((column) -> line.append(String.format(COLUMN_FORMAT, column)));
        out.println(line);
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

    /** The page has the whole of it. */
    private static String cut(final String line)
    {
        return line.length() <= LINE_LENGTH ? line : line.substring(0, LINE_LENGTH - 3) + "...";
    }
}
