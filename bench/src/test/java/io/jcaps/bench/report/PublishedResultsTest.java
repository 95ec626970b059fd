/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** The numbers that README shows of the latest run are those of its results. */
class PublishedResultsTest
{
    private static final Path PUBLISHED = Path.of("results", "2026-11-30");
    private static final Path README = Path.of("..", "README.md");
    /** A number as the tables print it, without its unit. */
    private static final Pattern NUMBER = Pattern.compile("(?<![\\w.])\\d+(?:[,.]\\d+)*(?![\\w.]*\\w)");

    private Results results;

    @BeforeEach
    void read() throws IOException
    {
        results = ResultsFile.read(PUBLISHED.resolve(BenchReport.RESULTS_FILE));
    }

    @Test
    @DisplayName("The results are of a commit without changes of its own")
    void shouldNameCommit()
    {
        assertThat(results.environment().commit()).matches("[0-9a-f]{12}");
    }

    @Test
    @DisplayName("The tables and plots are what the report of these results shows")
    void shouldShowTheseResults(@TempDir final Path directory) throws IOException
    {
        BenchReport.write(results, directory);
        try (Stream<Path> files = Files.list(PUBLISHED))
        {
            for (final Path file : files.sorted().toList())
            {
                assertThat(directory.resolve(file.getFileName())).as(file.toString()).hasSameTextualContentAs(file);
            }
        }
    }

    @Test
    @DisplayName("README names the machine, the commit and the day, and each number of its table is in the results")
    void shouldShowTheseNumbersInReadme() throws IOException
    {
        final String section = Files.readString(README).split("\n### On another machine[^\n]*\n")[1].split("\n## ")[0];
        assertThat(section.replace('\n', ' '))
            .contains(results.environment().commit(), results.environment().day());
        final Set<String> measured = new HashSet<>();
        NUMBER.matcher(Files.readString(PUBLISHED.resolve(BenchReport.TABLES_FILE))).results()
            .forEach((it) -> measured.add(it.group()));
        final List<String> rows = section.lines().filter((line) -> line.startsWith("| ")).skip(1).toList();
        assertThat(rows).hasSizeGreaterThan(5);
        for (final String row : rows)
        {
            // The first column says what was measured.
            final String cells = row.substring(row.indexOf('|', 1));
            assertThat(NUMBER.matcher(cells).results().map((it) -> it.group())).as(row).isSubsetOf(measured);
        }
    }
}
