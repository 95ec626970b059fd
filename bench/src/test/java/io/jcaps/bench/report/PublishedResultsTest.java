/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

import io.jcaps.bench.suite.Environment;
import io.jcaps.bench.suite.Results;
import io.jcaps.bench.suite.ResultsFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** The numbers that README shows are those of published results, of one commit and day. */
class PublishedResultsTest
{
    private static final Path PUBLISHED = Path.of("results");
    private static final Path README = Path.of("..", "README.md");
    /** A number as the tables print it, without its unit. */
    private static final Pattern NUMBER = Pattern.compile("(?<![\\w.])\\d+(?:[,.]\\d+)*(?![\\w.]*\\w)");

    static List<Path> runs() throws IOException
    {
        try (Stream<Path> files = Files.list(PUBLISHED))
        {
            return files.filter(Files::isDirectory).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    @DisplayName("The results are of a commit without changes of its own")
    void shouldNameCommit(final Path run) throws IOException
    {
        assertThat(read(run).environment().commit()).matches("[0-9a-f]{12}");
    }

    @ParameterizedTest
    @MethodSource("runs")
    @DisplayName("The tables and plots are what the report of these results shows")
    void shouldShowTheseResults(final Path run, @TempDir final Path directory) throws IOException
    {
        BenchReport.write(read(run), directory);
        try (Stream<Path> files = Files.list(run))
        {
            for (final Path file : files.sorted().toList())
            {
                assertThat(directory.resolve(file.getFileName())).as(file.toString()).hasSameTextualContentAs(file);
            }
        }
    }

    @Test
    @DisplayName("README names the commit and the day of all runs, and each number of its tables is in their results")
    void shouldShowTheseNumbersInReadme() throws IOException
    {
        final String section = Files.readString(README).split("\n## Performance\n")[1].split("\n## ")[0];
        final Set<String> measured = new HashSet<>();
        for (final Path run : runs())
        {
            final Environment environment = read(run).environment();
            assertThat(section.replace('\n', ' ')).contains(environment.commit(), environment.day());
            NUMBER.matcher(Files.readString(run.resolve(BenchReport.TABLES_FILE))).results()
                .forEach((it) -> measured.add(it.group()));
        }
        final List<String> rows = section.lines().filter((line) -> line.startsWith("| ")).toList();
        assertThat(rows).hasSizeGreaterThan(15);
        for (final String row : rows)
        {
            // The first column says what was measured.
            final String cells = row.substring(row.indexOf('|', 1));
            assertThat(NUMBER.matcher(cells).results().map((it) -> it.group())).as(row).isSubsetOf(measured);
        }
    }

    private static Results read(final Path run) throws IOException
    {
        return ResultsFile.read(run.resolve(BenchReport.RESULTS_FILE));
    }
}
