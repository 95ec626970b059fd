/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The C library and its programs, built once in this JVM by {@code make}. Where there is no compiler, one line says so
 * and the tests that need it are not run, unless {@code -Dcaps.c=require} makes that a failure.
 */
final class Library
{
    private static final Path SOURCES = Path.of("..", "c").toAbsolutePath().normalize();
    private static Boolean isBuilt;

    private Library()
    {
    }

    /**
     * @param name of a program.
     * @return path of the program in the C build's directory.
     */
    static synchronized Path program(final String name) throws IOException, InterruptedException
    {
        build();
        final Path program = SOURCES.resolve("build").resolve(name);
        assertThat(program).exists();
        return program;
    }

    private static void build() throws IOException, InterruptedException
    {
        if (null == isBuilt)
        {
            final boolean hasTools = isOnPath("make") && (isOnPath("cc") || isOnPath("gcc"));
            if (!hasTools)
            {
                System.out.println("no C compiler or no make here: libcaps is not built, its tests are not run");
            }
            isBuilt = hasTools;
            if (hasTools)
            {
                final Process make = new ProcessBuilder("make", "-s",
                    "-j" + Runtime.getRuntime().availableProcessors(), "-C", SOURCES.toString(), "all", "programs")
                    .redirectErrorStream(true).start();
                final String output = new String(make.getInputStream().readAllBytes());
                assertThat(make.waitFor()).as(output).isZero();
            }
        }
        if (!isBuilt)
        {
            assertThat(System.getProperty("caps.c")).as("-Dcaps.c=require, and there is no C compiler")
                .isNotEqualTo("require");
        }
        assumeTrue(isBuilt, "no C compiler here");
    }

    private static boolean isOnPath(final String tool)
    {
        return List.of(System.getenv().getOrDefault("PATH", "").split(":")).stream()
            .anyMatch((directory) -> Files.isExecutable(Path.of(directory, tool)));
    }
}
