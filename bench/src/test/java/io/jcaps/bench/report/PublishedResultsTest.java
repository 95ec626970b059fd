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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** The numbers that README shows are those of published results, of one commit and day. */
class PublishedResultsTest
{
    private static final Path PUBLISHED = Path.of("results");
    private static final Path README = Path.of("..", "README.md");
    /** A number as the tables print it, with its unit but for "per second". */
    private static final Pattern NUMBER = Pattern.compile("\\d+(?:\\.\\d+)?(?: (?:ns|us|ms|[Mk])\\b)?");
    private static final Pattern ROW = Pattern.compile("  ([a-z0-9-]+) {2,}(\\d.*)");
    /** The contenders of each column of README. */
    private static final Map<String, List<String>> CONTENDERS = Map.of(
        "jcaps", List.of("jcaps"),
        "in batches", List.of("jcaps-batch"),
        "libcaps", List.of("jcaps-c"),
        "floor", List.of("floor", "futex-floor", "floor-c"),
        "Aeron IPC exclusive", List.of("aeron-exclusive"),
        "Agrona rings", List.of("agrona-rings"),
        "ring over a slab", List.of("slab-ring"),
        "Unix socket", List.of("unix-socket"),
        "iceoryx2", List.of("iceoryx2"));

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
    @DisplayName("README names commit and day of all runs, and each number of its tables is a median of its contender")
    void shouldShowTheseNumbersInReadme() throws IOException
    {
        final String section = Files.readString(README).split("\n## Performance\n")[1].split("\n## ")[0];
        final Map<String, Set<String>> medians = new HashMap<>();
        for (final Path run : runs())
        {
            final Environment environment = read(run).environment();
            assertThat(section.replace('\n', ' ')).contains(environment.commit(), environment.day());
            addMedians(Files.readString(run.resolve(BenchReport.TABLES_FILE)), medians);
        }
        final List<String> rows = section.lines().filter((line) -> line.startsWith("| ")).toList();
        assertThat(rows).hasSizeGreaterThan(15);
        String[] heads = {};
        for (final String row : rows)
        {
            final String[] cells = row.split(" *\\| *");
            final boolean isHead = CONTENDERS.containsKey(cells[2]);
            heads = isHead ? cells : heads;
            // The first column says what was measured.
            for (int i = 2; i < cells.length && !isHead; i++)
            {
                final Set<String> own = new HashSet<>();
                CONTENDERS.get(heads[i]).forEach((name) -> own.addAll(medians.get(name)));
                assertThat(numbers(cells[i])).as(heads[i] + " in " + row).isSubsetOf(own);
            }
        }
    }

    /** Adds the numbers of a run's tables, except the least and the most of its rounds. */
    private static void addMedians(final String tables, final Map<String, Set<String>> medians)
    {
        boolean hasSpread = false;
        for (final String line : tables.lines().toList())
        {
            final Matcher row = ROW.matcher(line);
            hasSpread = line.contains("   least     most") || hasSpread && !line.isBlank();
            if (hasSpread && row.matches())
            {
                final List<String> numbers = new ArrayList<>(numbers(row.group(2)));
                numbers.subList(1, 3).clear();
                medians.computeIfAbsent(row.group(1), (it) -> new HashSet<>()).addAll(numbers);
            }
        }
    }

    private static List<String> numbers(final String text)
    {
        return NUMBER.matcher(text).results().map((it) -> it.group()).toList();
    }

    private static Results read(final Path run) throws IOException
    {
        return ResultsFile.read(run.resolve(BenchReport.RESULTS_FILE));
    }
}
