/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * examples/run, as a newcomer calls it.
 */
@Timeout(600)
class LauncherIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Both sides of an example run from the one jar")
    void shouldRunBothSides()
    {
        try (ExampleJvm service = run("first.DoublingService"); ExampleJvm client = run("first.DoublingClient"))
        {
            assertThat(client.linesToEnd()).hasSize(4).last().isEqualTo("0 doubled is 0");
            assertThat(service.linesToEnd()).isEmpty();
        }
    }

    @Test
    @DisplayName("Without an example it says how it is called")
    void shouldSayHowItIsCalled()
    {
        try (ExampleJvm nothing = run())
        {
            assertThat(nothing.linesToExit(2)).singleElement().asString().startsWith("usage: ");
        }
    }

    private ExampleJvm run(final String... arguments)
    {
        final ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(List.of("./run")));
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("JAVA_OPTS", "-Djcaps.region=" + directory.resolve("own").resolve("region"));
        return ExampleJvm.start(builder);
    }
}
