/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import io.jcaps.layout.Geometry;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the guide in {@code docs/} says that a program can check.
 */
class GuideTest
{
    private static final Path DOCS = Path.of("../docs");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern XML = Pattern.compile("```xml\n(.*?)```", Pattern.DOTALL);
    /** The first number of a row, and the least and the most of its rounds. */
    private static final Pattern SPREAD =
        Pattern.compile("(?m)^(  [a-z0-9-]+ +[0-9.]+ \\S+)(?: +[0-9.]+ (?:ns|us|ms|[Mk]/s)){2}");
    private static final Pattern TIME_OR_RATE =
        Pattern.compile("\\b(?!30 ms\\b|1 ms\\b|50 us\\b)[0-9]+(?:\\.[0-9]+)? (?:ns|us|ms|M/s)(?![A-Za-z])");

    @Test
    @DisplayName("Each link of the guide leads to a file that is there, and to a heading in it")
    void shouldLinkToWhatIsThere() throws IOException
    {
        int count = 0;
        for (final Path page : pages())
        {
            final Matcher link = LINK.matcher(Files.readString(page));
            while (link.find())
            {
                final Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
                assertThat(target).as(link.group() + " in " + page).exists();
                if (null != link.group(2))
                {
                    assertThat(anchors(target)).as(link.group() + " in " + page).contains(link.group(2));
                }
                count++;
            }
        }
        assertThat(count).isGreaterThan(20);
    }

    @Test
    @DisplayName("Each page is in the guide's list")
    void shouldListEachPage() throws IOException
    {
        final String list = Files.readString(DOCS.resolve("README.md"));
        for (final Path page : pages())
        {
            final String name = page.getFileName().toString();
            assertThat("README.md".equals(name) || list.contains("(" + name + ")")).as(name).isTrue();
        }
    }

    @Test
    @DisplayName("The guide's code is that of the examples; its pom is the one that CI builds")
    void shouldShowThePomThatIsBuilt() throws IOException
    {
        for (final Path page : pages())
        {
            assertThat(Files.readString(page)).as(page.toString()).doesNotContain("```java");
        }
        final Matcher shown = XML.matcher(Files.readString(DOCS.resolve("first-program.md")));
        assertThat(shown.find()).isTrue();
        assertThat(Files.readString(Path.of("src/it/consumer/pom.xml"))).contains(shown.group(1));
    }

    @Test
    @DisplayName("The lengths in the page on sizing are those of the geometry")
    void shouldShowLengthsOfGeometry() throws IOException
    {
        final List<List<Long>> rows = new ArrayList<>();
        for (final String line : Files.readAllLines(DOCS.resolve("sizing.md")))
        {
            if (line.matches("\\|( [0-9,]+ \\|){9}"))
            {
                rows.add(Stream.of(line.substring(1).split("\\|"))
                    .map((cell) -> Long.valueOf(cell.replace(",", "").trim())).toList());
            }
        }
        assertThat(rows).hasSize(4);
        for (final List<Long> row : rows)
        {
            final Geometry geometry = new Geometry(row.get(0).intValue(), row.get(1).intValue(),
                row.get(2).intValue(), row.get(3).intValue(), row.get(4).intValue());
            assertThat(row.subList(5, 9)).as(geometry.toString()).containsExactly(geometry.fileLength(),
                (long)geometry.tablesLength(), (long)geometry.linkHeadLength(), (long)geometry.linkLength());
        }
        assertThat(rows.get(0).get(5)).isEqualTo(Geometry.DEFAULT.fileLength());
    }

    @Test
    @DisplayName("Each time and rate on waiting.md, tuning.md and coming-from.md is a median of the results")
    void shouldTakeNumbersFromResults() throws IOException
    {
        final List<String> results = TIME_OR_RATE.matcher(SPREAD.matcher(publishedResults()).replaceAll("$1"))
            .results().map((it) -> it.group()).toList();
        int count = 0;
        for (final String name : List.of("waiting.md", "tuning.md", "coming-from.md"))
        {
            // What was measured apart says so, and how, where it stands.
            final Matcher number = TIME_OR_RATE.matcher(Files.readString(DOCS.resolve(name))
                .replaceAll("(?s)<!-- numbers of its own -->.*?<!-- numbers of the results -->", ""));
            while (number.find())
            {
                assertThat(results).as(number.group() + " in " + name).contains(number.group());
                count++;
            }
        }
        assertThat(count).isGreaterThan(20);
    }

    private static String publishedResults() throws IOException
    {
        final StringBuilder results = new StringBuilder();
        try (Stream<Path> files = Files.walk(Path.of("../bench/results")))
        {
            for (final Path file : files.filter((path) -> path.endsWith("results.txt")).sorted().toList())
            {
                results.append(Files.readString(file));
            }
        }
        return results.toString();
    }

    private static List<Path> pages() throws IOException
    {
        try (Stream<Path> files = Files.list(DOCS))
        {
            return files.filter((file) -> file.toString().endsWith(".md")).sorted().toList();
        }
    }

    /** As GitHub makes them: lower case, blanks to dashes, no other signs. */
    private static List<String> anchors(final Path page) throws IOException
    {
        final List<String> anchors = new ArrayList<>();
        final Matcher heading = HEADING.matcher(Files.readString(page));
        while (heading.find())
        {
            anchors.add(heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'));
        }
        return anchors;
    }
}
