/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The map from the table of faults to the tests: each row is named by a test, in its display name, as {@code F7}.
 */
class FaultRowsTest
{
    private static final int ROWS = 50;
    /**
     * Rows that no test can name, with the reason. A row that is tested must not be here.
     */
    private static final Map<Integer, String> EXCEPTIONS = Map.of(
        27, "a stable payload under a hostile writer is promised only where peers distrust each other, which is not" +
            " built: whoever maps a region may write all of it (docs/what-happens-when.md)");

    private static final List<String> MODULES = List.of("core", "shm", "bridge", "bench", "examples", "tools");
    private static final String PAGE = "docs/what-happens-when.md";
    private static final String LITERAL = "\"(?:[^\"\\\\]|\\\\.)*\"";
    private static final Pattern DISPLAY_NAME =
        Pattern.compile("@DisplayName\\(\\s*(" + LITERAL + "(?:\\s*\\+\\s*" + LITERAL + ")*)\\s*\\)");
    /** F7, F1-F7, F1 to F7; fault 7, faults 7 and 8. */
    private static final Pattern ROW =
        Pattern.compile("\\b(?:F|faults? )([0-9]{1,2})(?:(-F?| to F?| and )([0-9]{1,2}))?\\b");
    private static final Pattern TEST_CLASS = Pattern.compile("\\b[A-Z][A-Za-z0-9]*(?:Test|IT)\\b");

    @Test
    @DisplayName("Each row of the table of faults is named by a test, or is an exception with its reason")
    void shouldNameEachRowOfFaults()
    {
        final Map<Integer, Set<String>> testsByRow = testsByRow();
        testsByRow.forEach(
            (row, tests) -> System.out.println("FaultRowsTest: F" + row + ": " + String.join(", ", tests)));
        final Set<Integer> unnamed = new TreeSet<>();
        for (int row = 1; row <= ROWS; row++)
        {
            if (!testsByRow.containsKey(row) && !EXCEPTIONS.containsKey(row))
            {
                unnamed.add(row);
            }
        }
        assertThat(unnamed).as("rows that no test names").isEmpty();
        assertThat(testsByRow.keySet()).as("rows that are there").allMatch((row) -> 1 <= row && row <= ROWS);
        assertThat(testsByRow.keySet()).as("rows that are tested, and excepted all the same")
            .doesNotContainAnyElementsOf(EXCEPTIONS.keySet());
    }

    @Test
    @DisplayName("The page for users lists each row, and names no test that does not exist")
    void shouldTellUsersOfEachRow() throws IOException
    {
        final String page = Files.readString(root().resolve(PAGE));
        final Set<Integer> told = rowsIn(page);
        assertThat(told).hasSize(ROWS).allMatch((row) -> 1 <= row && row <= ROWS);
        final Set<String> classes = sources().map((path) -> path.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toSet());
        assertThat(TEST_CLASS.matcher(page).results().map((match) -> match.group()).distinct())
            .isNotEmpty().allMatch(classes::contains);
    }

    private static Map<Integer, Set<String>> testsByRow()
    {
        final Map<Integer, Set<String>> result = new TreeMap<>();
        sources().forEach((path) ->
        {
            final String test = path.getFileName().toString().replace(".java", "");
            final Matcher names = DISPLAY_NAME.matcher(read(path));
            while (names.find())
            {
                rowsIn(names.group(1)).forEach(
                    (row) -> result.computeIfAbsent(row, (key) -> new TreeSet<>()).add(test));
            }
        });
        return result;
    }

    private static Set<Integer> rowsIn(final String text)
    {
        final Set<Integer> result = new TreeSet<>();
        final Matcher row = ROW.matcher(text);
        while (row.find())
        {
            final int first = Integer.parseInt(row.group(1));
            final int last = null == row.group(3) ? first : Integer.parseInt(row.group(3));
            result.add(first);
            result.add(last);
            for (int i = first; !" and ".equals(row.group(2)) && i < last; i++)
            {
                result.add(i);
            }
        }
        return result;
    }

    /** Sources of all tests of the checkout. */
    private static Stream<Path> sources()
    {
        return MODULES.stream().flatMap((module) -> walk(root().resolve(module).resolve("src")))
            .filter((path) -> path.toString().endsWith(".java"));
    }

    private static Stream<Path> walk(final Path directory)
    {
        try (Stream<Path> paths = Files.walk(directory))
        {
            return paths.toList().stream();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    private static String read(final Path path)
    {
        try
        {
            return Files.readString(path);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /** The checkout: where the module that is tested lies. */
    private static Path root()
    {
        final Path here = Path.of("").toAbsolutePath();
        return Files.isDirectory(here.resolve("tools/src")) ? here : here.getParent();
    }
}
