/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The labels of the ordered accesses: each pair in PROTOCOL.md is labelled in the Java sources, and at both halves in
 * the C sources unless it is of the Java heap; and the C sources have no label that the page does not have.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LabelsTest
{
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([a-z-]+) \\| .*`");
    // At the start of a comment, or where it names its other half.
    private static final Pattern LABEL = Pattern.compile("(?:// |/\\* |   |Pairs with |pairs with )\\[([a-z-]+)\\]");
    private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");
    private static final Pattern METHOD = Pattern.compile("\\b([A-Z]\\w+)[.#]([a-z]\\w*)(?=\\()");
    /** Labels of state in the Java heap: in C it is changed within the gate, or there is no such close. */
    private static final Set<String> JAVA_ONLY = Set.of("gone", "set-close");

    private static Set<String> documented() throws IOException
    {
        final Set<String> labels = new TreeSet<>();
        final String protocol = Files.readString(Path.of("PROTOCOL.md"));
        final Matcher matcher = ROW.matcher(protocol.substring(protocol.indexOf("## The pairs")));
        while (matcher.find())
        {
            labels.add(matcher.group(1));
        }
        labels.remove("label");
        assertThat(labels).contains("request", "record", "received", "wake", "region");
        return labels;
    }

    @Test
    @DisplayName("Each function that the models' step table names for C is one of the C sources")
    void shouldNameFunctionsOfC() throws IOException
    {
        final String readme = Files.readString(Path.of("src", "test", "tla", "README.md"));
        final String table = readme.substring(
            readme.indexOf("## Steps and methods"), readme.indexOf("## What is left out"));
        final Set<String> functions = new TreeSet<>();
        table.lines().filter((line) -> line.startsWith("| ")).map((line) -> line.split(" \\| ")[2])
            .forEach((cell) -> Pattern.compile("`([a-z_]+)`").matcher(cell).results()
                .forEach((found) -> functions.add(found.group(1))));
        assertThat(functions).hasSizeGreaterThan(30);
        final String sources = cSources();
        assertThat(functions).allSatisfy((function) ->
            assertThat(sources).containsPattern("(?m)^[a-z].*[ *]" + function + "\\("));
    }

    @Test
    @DisplayName("Each method that a comment or PROTOCOL.md names with its class is one of that class")
    void shouldNameMethods() throws IOException
    {
        final Map<String, String> classes = new TreeMap<>();
        for (final Path root : List.of(Path.of("src"), Path.of("..", "shm", "src", "main")))
        {
            try (Stream<Path> files = Files.walk(root))
            {
                for (final Path file : files.filter((path) -> path.toString().endsWith(".java")).toList())
                {
                    classes.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
                }
            }
        }
        final Map<String, String> texts = new TreeMap<>();
        classes.forEach((name, source) -> texts.put(name, COMMENT.matcher(source).results()
            .map(MatchResult::group).collect(Collectors.joining("\n"))));
        texts.put("PROTOCOL.md", Files.readString(Path.of("PROTOCOL.md")));
        final Set<String> unknown = new TreeSet<>();
        int count = 0;
        for (final Map.Entry<String, String> text : texts.entrySet())
        {
            final Matcher matcher = METHOD.matcher(text.getValue());
            while (matcher.find())
            {
                final String source = classes.get(matcher.group(1));
                count++;
                if (null != source && !source.contains(matcher.group(2) + '('))
                {
                    unknown.add(text.getKey() + ": " + matcher.group());
                }
            }
        }
        assertThat(count).isGreaterThan(50);
        assertThat(unknown).isEmpty();
    }

    private static String cSources() throws IOException
    {
        final StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("..", "c", "src")))
        {
            for (final Path file : files.toList())
            {
                text.append(Files.readString(file)).append('\n');
            }
        }
        return text.toString();
    }

    private static String javaSources() throws IOException
    {
        final StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.walk(Path.of("src", "main", "java")))
        {
            for (final Path file : files.filter((path) -> path.toString().endsWith(".java")).toList())
            {
                text.append(Files.readString(file));
            }
        }
        return text.toString();
    }

    /** How often each label is at an access, or names its other half. */
    private static Map<String, Integer> inCSources() throws IOException
    {
        final Map<String, Integer> counts = new TreeMap<>();
        final Matcher matcher = LABEL.matcher(cSources());
        while (matcher.find())
        {
            counts.merge(matcher.group(1), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    @DisplayName("Each pair of the protocol is labelled in the Java sources, and at both halves in the C sources")
    void shouldBeLabelledInBothLanguages() throws IOException
    {
        final Set<String> documented = documented();
        final Map<String, Integer> c = inCSources();
        final String java = javaSources();
        assertThat(documented).allMatch((label) -> java.contains("[" + label + "]"));
        final Set<String> expected = new TreeSet<>(documented);
        expected.removeAll(JAVA_ONLY);
        assertThat(c.keySet()).isEqualTo(expected);
        // The other half of [accept] is one of [link].
        c.remove("accept");
        assertThat(c).allSatisfy((label, count) -> assertThat(count).as(label).isGreaterThanOrEqualTo(2));
    }
}
