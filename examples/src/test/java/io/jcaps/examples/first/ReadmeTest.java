/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The README's programs are the compiled ones, to the letter.
 */
class ReadmeTest
{
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void shouldShowTheFirstProgramAsItIsCompiled() throws IOException
    {
        final Matcher matcher = PROGRAM.matcher(Files.readString(Path.of("../README.md")));
        final List<String> shown = new ArrayList<>();
        while (matcher.find())
        {
            shown.add(matcher.group(1));
        }

        assertThat(shown).hasSize(2);
        assertThat(source("DoublingService")).contains(shown.get(0));
        assertThat(source("DoublingClient")).contains(shown.get(1));
    }

    private static String source(final String name) throws IOException
    {
        return Files.readString(Path.of("src/main/java/io/jcaps/examples/first", name + ".java"));
    }
}
