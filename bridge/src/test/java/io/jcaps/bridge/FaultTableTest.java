/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each fault around a bridge is named by a test, in its display name, and the page for users names that test.
 */
class FaultTableTest
{
    private static final Pattern DISPLAY_NAME = Pattern.compile("@DisplayName\\(\\s*\"([^\"]+)\"\\)");
    private static final Path PAGE = Path.of("..", "docs", "what-happens-when.md");

    private static List<Path> testsThatName(final String fault) throws IOException
    {
        try (Stream<Path> files = Files.walk(Path.of("src", "test", "java")))
        {
            return files.filter((file) -> file.toString().endsWith(".java") && names(file, fault)).toList();
        }
    }

    private static boolean names(final Path file, final String fault)
    {
        try
        {
            return DISPLAY_NAME.matcher(Files.readString(file)).results().anyMatch((match) ->
                match.group(1).toLowerCase(Locale.ROOT).contains(fault));
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "service killed at b", "service closes, restarts", "client killed at a", "bridge a killed", "bridge b killed",
        "host b gone", "network cut both ways", "network cut one way", "outage shorter than half of lost-after",
        "packets lost, duplicated, reordered", "service slow, or stopped", "stopped for longer than lost-after",
        "stopped for less than half of lost-after", "wall clock set", "b's region is full", "wrong key",
        "other protocol version", "smaller geometry at b", "mutated frames", "port in use",
        "name that does not resolve",
        "external media driver gone"})
    @DisplayName("B7: each fault has a test that names it, and the page for users names one of these")
    void shouldNameEachFault(final String fault) throws IOException
    {
        final String page = Files.readString(PAGE);
        assertThat(testsThatName(fault)).as(fault).isNotEmpty().anyMatch((file) ->
            page.contains(file.getFileName().toString().replace(".java", "")));
    }
}
