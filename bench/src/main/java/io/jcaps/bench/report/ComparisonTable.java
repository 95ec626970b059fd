/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.Cell;
import io.jcaps.bench.suite.Summary;
import io.jcaps.bench.suite.Summary.Metric;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/**
 * The comparison of two runs as text: for each cell of both, the second's value as a multiple of the first's. The
 * machine may have been in another state, so each time is also compared as a multiple of its own floor.
 */
public final class ComparisonTable
{
    private static final String FORMAT = "  %-24s%10s%10s%9s%9s%9s%10s%n";

    private final Summary one;
    private final Summary other;
    private final PrintStream out;

    private ComparisonTable(final Summary one, final Summary other, final PrintStream out)
    {
        this.one = one;
        this.other = other;
        this.out = out;
    }

    /**
     * @param one   run.
     * @param other run, that is compared with it.
     * @param out   to print to.
     */
    public static void print(final Summary one, final Summary other, final PrintStream out)
    {
        new ComparisonTable(one, other, out).print();
    }

    private void print()
    {
        out.println("A: " + head(one));
        out.println("B: " + head(other));
        boolean isAnythingCommon = false;
        for (final Section section : Section.of(one))
        {
            for (final Cell group : section.groups())
            {
                isAnythingCommon |= printGroup(section, group);
            }
        }
        out.println();
        if (!isAnythingCommon)
        {
            out.println("There is no cell that both runs measured for as long.");
            return;
        }
        out.println("B/A is of the medians; least and most are of all pairs of a round of A and one of B.");
        out.println("by floor: B/A of p50 as a multiple of the cell's own floor, whatever the machine's speed.");
    }

    private static String head(final Summary summary)
    {
        final String commit = summary.results().environment().commit();
        return summary.results().environment().timeUtc() + ", " + (null == commit ? "no commit" : "commit " + commit) +
            ", " + summary.results().environment().cpu();
    }

    private boolean printGroup(final Section section, final Cell group)
    {
        boolean isHeadPrinted = false;
        final List<Summary.Row> rows = one.rows(group);
        for (final Summary.Row row : rows)
        {
            final Optional<Summary.Row> match = other.row(row.cell()).filter((found) -> !found.isFailed());
            if (!row.isFailed() && match.isPresent())
            {
                if (!isHeadPrinted)
                {
                    out.println();
                    out.println(section.kind().title);
                    out.printf(FORMAT, section.title(group), "A", "B", "B/A", "least", "most", "by floor");
                    isHeadPrinted = true;
                }
                printRow(section.metric(), row, match.get());
            }
        }
        return isHeadPrinted;
    }

    private void printRow(final Metric metric, final Summary.Row row, final Summary.Row match)
    {
        final Summary.Spread before = row.spread(metric);
        final Summary.Spread after = match.spread(metric);
        out.printf(FORMAT,
            row.contender(),
            text(metric, before.median()),
            text(metric, after.median()),
            Texts.ratio(after.median() / before.median()),
            Texts.ratio(after.min() / before.max()),
            Texts.ratio(after.max() / before.min()),
            Texts.ratio(match.median(Metric.TIMES_FLOOR) / row.median(Metric.TIMES_FLOOR)));
    }

    private static String text(final Metric metric, final double value)
    {
        return metric.isTime() ? Texts.time(value) : Texts.rate(value);
    }
}
