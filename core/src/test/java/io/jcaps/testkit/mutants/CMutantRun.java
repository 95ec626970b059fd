/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A mutant of the C library: builds it from a copy of the sources, and runs test programs that are linked to it. A test
 * is a target of the makefile with its arguments, such as {@code forks 40} or {@code fuzz-asan 1 5000}. A program ends
 * at the first check that fails.
 */
final class CMutantRun
{
    private static final long BUILD_LIMIT_SECONDS = 300;
    private static final int OUTPUT_LINES = 2;
    /** Exit code of a program that its watchdog found to be stuck: {@code c/test/watchdog.h}. */
    private static final int STUCK_EXIT_CODE = 86;
    private static final String WATCHDOG_VARIABLE = "CAPS_TEST_WATCHDOG_SECONDS";

    private final Path project;
    private final Path work;

    CMutantRun(final Path project, final Path work)
    {
        this.project = project;
        this.work = work;
    }

    MutantRun.Result run(final Mutant mutant) throws IOException, InterruptedException
    {
        final long startNs = System.nanoTime();
        copySources();
        final Path source = work.resolve(mutant.file());
        Files.writeString(source, mutant.applyTo(Files.readString(source)));
        final Path output = work.resolve("output.txt");
        MutantVerdict verdict = MutantVerdict.SURVIVED;
        for (int i = 0; i < mutant.tests().size() && MutantVerdict.SURVIVED == verdict; i++)
        {
            verdict = run(List.of(mutant.tests().get(i).split(" ")), output);
        }
        return new MutantRun.Result(
            verdict, MutantRun.lastLines(output, OUTPUT_LINES), MutantRun.millisSince(startNs));
    }

    private MutantVerdict run(final List<String> test, final Path output) throws IOException, InterruptedException
    {
        final Path sources = work.resolve("c");
        final List<String> make =
            List.of("make", "-s", "-C", sources.toString(), "CFLAGS=-O1 -g -Wno-error", "build/" + test.get(0));
        if (0 != MutantRun.exitCode(new ProcessBuilder(make), output, BUILD_LIMIT_SECONDS))
        {
            return MutantVerdict.INVALID;
        }
        final List<String> command = new ArrayList<>(test);
        command.set(0, sources.resolve("build").resolve(test.get(0)).toString());
        final ProcessBuilder program = new ProcessBuilder(command);
        program.environment().put(WATCHDOG_VARIABLE, Long.toString(MutantRun.WATCHDOG_SECONDS));
        final int exitCode = MutantRun.exitCode(program, output, MutantRun.LIMIT_SECONDS);
        if (exitCode < 0 || STUCK_EXIT_CODE == exitCode)
        {
            return MutantVerdict.HUNG;
        }
        return 0 == exitCode ? MutantVerdict.SURVIVED : MutantVerdict.KILLED;
    }

    private void copySources() throws IOException
    {
        final Path sources = project.resolve("c");
        Files.createDirectories(work.resolve("c").resolve("build"));
        try (Stream<Path> paths = Files.walk(sources))
        {
            for (final Path path : paths.toList())
            {
                final Path copy = work.resolve("c").resolve(sources.relativize(path).toString());
                if (path.startsWith(sources.resolve("build")))
                {
                    continue;
                }
                if (Files.isDirectory(path))
                {
                    Files.createDirectories(copy);
                }
                else
                {
                    Files.copy(path, copy);
                }
            }
        }
    }
}
