/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.c;

import io.jcaps.examples.ExampleJvm;
import io.jcaps.examples.first.DoublingService;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The examples in C and Python, as {@code docs/c.md} shows them. Where there is no C compiler they are not run, unless
 * {@code -Dcaps.c=require} makes that a failure.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CProgramsIT
{
    private static final Path SOURCES = Path.of("..", "c").toAbsolutePath().normalize();

    @TempDir
    private Path directory;

    @BeforeAll
    static void build() throws Exception
    {
        final boolean hasTools = isOnPath("make") && (isOnPath("cc") || isOnPath("gcc"));
        if (!hasTools)
        {
            System.out.println("no C compiler or no make here: the examples in C are not run");
            assertThat(System.getProperty("caps.c")).isNotEqualTo("require");
        }
        assumeTrue(hasTools, "no C compiler here");
        final Process make = new ProcessBuilder("make", "-s", "-C", SOURCES.toString(), "all", "programs")
            .redirectErrorStream(true).start();
        final String output = new String(make.getInputStream().readAllBytes());
        assertThat(make.waitFor()).as(output).isZero();
    }

    private static boolean isOnPath(final String tool)
    {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch((each) -> Files.isExecutable(Path.of(each, tool)));
    }

    private ProcessBuilder program(final String... command)
    {
        final ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("CAPS_REGION", directory.resolve("own").resolve("region").toString());
        return builder;
    }

    private static String built(final String name)
    {
        return SOURCES.resolve("build").resolve(name).toString();
    }

    @Test
    @DisplayName("The pair in C: calls from one C program to another, and an end in order")
    void shouldPing() throws Exception
    {
        final Process service = program(built("ping_service")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (ExampleJvm client = ExampleJvm.start(program(built("ping_client"), "1000")))
        {
            assertThat(client.linesToEnd()).anyMatch((line) -> line.startsWith("1000 calls, the fastest in "));
        }
        finally
        {
            // SIGTERM, which it handles.
            service.destroy();
        }
        assertThat(service.waitFor()).isZero();
    }

    @Test
    @DisplayName("A gateway in C: numbers to an engine in Java, results and the engine's end back")
    void shouldForward() throws Exception
    {
        try (ExampleJvm engine = ExampleJvm.start(directory, DoublingService.class))
        {
            final Path input = Files.write(directory.resolve("input"), List.of("21", "-4", "1000", "0"));
            try (ExampleJvm gateway = ExampleJvm.start(program(built("gateway")).redirectInput(input.toFile())))
            {
                assertThat(gateway.linesToEnd()).hasSize(4)
                    .anyMatch((line) -> line.endsWith(": 42")).anyMatch((line) -> line.endsWith(": -8"))
                    .anyMatch((line) -> line.endsWith(": 2000")).anyMatch((line) -> line.endsWith(": 0"));
            }
            engine.linesToEnd();
        }
    }

    @Test
    @DisplayName("A client in Python: 30 lines, calling a service in Java")
    void shouldCallFromPython() throws Exception
    {
        assumeTrue(isOnPath("python3"), "no Python here");
        final Path script = SOURCES.resolve("examples").resolve("doubling.py");
        assertThat(Files.readAllLines(script)).hasSizeLessThanOrEqualTo(30);
        try (ExampleJvm engine = ExampleJvm.start(directory, DoublingService.class);
            ExampleJvm python =
                ExampleJvm.start(program("python3", script.toString(), built("libcaps.so.0"), "7", "-3", "0")))
        {
            assertThat(python.linesToEnd()).containsExactly("14", "-6", "0");
            engine.linesToEnd();
        }
    }
}
