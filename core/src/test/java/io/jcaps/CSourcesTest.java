/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Checks for the C sources what Checkstyle checks for the Java sources.
 */
class CSourcesTest
{
    private static final Path ROOT = Path.of("..", "c");
    private static final int WIDTH = 120;

    @Test
    @DisplayName("Sources in C have lines of at most 120 columns, no tabs and no spaces at the end, and a licence")
    void shouldHaveTheFormatOfJavaSources() throws IOException
    {
        final List<Path> files;
        try (Stream<Path> paths = Files.walk(ROOT))
        {
            files = paths.filter((path) -> path.toString().matches(".*\\.[ch]") &&
                !path.startsWith(ROOT.resolve("build"))).toList();
        }
        assertThat(files).hasSizeGreaterThan(50);
        assertThat(files).allSatisfy((file) ->
        {
            final List<String> lines = Files.readAllLines(file);
            assertThat(lines).allSatisfy((line) ->
                assertThat(line).hasSizeLessThanOrEqualTo(WIDTH).doesNotContain("\t").doesNotEndWith(" "));
            assertThat(String.join("\n", lines.subList(0, 4))).contains("Copyright 2026 The jcaps authors.")
                .contains("SPDX-License-Identifier: Apache-2.0");
        });
    }
}
