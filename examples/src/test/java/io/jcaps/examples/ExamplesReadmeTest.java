/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the examples' READMEs tell to start is there, and each example is listed.
 */
class ExamplesReadmeTest
{
    private static final Pattern COMMAND = Pattern.compile("examples/run ([a-z]+\\.[A-Za-z]+)");
    private static final Path SOURCES = Path.of("src/main/java/io/jcaps/examples");

    @Test
    @DisplayName("Each example has a README with a command for both of its programs, and the index leads to it")
    void shouldTellHowToStartEachSide() throws Exception
    {
        final String index = Files.readString(Path.of("README.md"));
        for (final Path example : examples())
        {
            final String name = example.getFileName().toString();
            assertThat(index).contains("](" + example + ")");
            // The first one's README is the project's; its commands are in the index.
            final String readme = "first".equals(name) ? index : Files.readString(example.resolve("README.md"));
            final Matcher matcher = COMMAND.matcher(readme);
            int count = 0;
            while (matcher.find())
            {
                Class.forName("io.jcaps.examples." + matcher.group(1)).getMethod("main", String[].class);
                count += matcher.group(1).startsWith(name + ".") ? 1 : 0;
            }
            assertThat(count).as("commands of %s", name).isGreaterThanOrEqualTo(2);
        }
    }

    private static List<Path> examples() throws IOException
    {
        try (Stream<Path> paths = Files.list(SOURCES))
        {
            return paths.filter(Files::isDirectory).toList();
        }
    }
}
