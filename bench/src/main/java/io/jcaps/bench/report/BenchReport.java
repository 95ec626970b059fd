/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import io.jcaps.bench.suite.Summary;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The files of a run: the results as JSON and as tables, plots as SVG, and a page with everything.
 */
public final class BenchReport
{
    /** Name of the file of results. */
    public static final String RESULTS_FILE = "results.json";
    /** Name of the tables as a terminal shows them. */
    public static final String TABLES_FILE = "results.txt";
    /** Name of the page. */
    public static final String PAGE_FILE = "report.html";

    private BenchReport()
    {
    }

    /**
     * Writes the files; those of an earlier run are replaced. The results come first: all other files can be generated
     * from them.
     *
     * @param results   of a run.
     * @param directory for the files; made if it is missing.
     * @throws IOException if it cannot be written; the message says where.
     */
    public static void write(final Results results, final Path directory) throws IOException
    {
        try
        {
            Files.createDirectories(directory);
        }
        catch (final IOException ex)
        {
            throw new IOException("cannot make the directory of the report: " + directory + ": " + ex, ex);
        }
        ResultsFile.write(results, directory.resolve(RESULTS_FILE));
        final Summary summary = new Summary(results);
        final List<Plot> plots = Charts.draw(summary);
        final ByteArrayOutputStream tables = new ByteArrayOutputStream();
        TerminalTable.print(summary, new PrintStream(tables, true, StandardCharsets.UTF_8));
        try
        {
            Files.write(directory.resolve(TABLES_FILE), tables.toByteArray());
            for (final Plot plot : plots)
            {
                Files.writeString(directory.resolve(plot.fileName()), plot.svg(), StandardCharsets.UTF_8);
            }
            Files.writeString(
                directory.resolve(PAGE_FILE), HtmlPage.of(summary, plots), StandardCharsets.UTF_8);
        }
        catch (final IOException ex)
        {
            throw new IOException("cannot write the report: " + directory + ": " + ex, ex);
        }
    }
}
