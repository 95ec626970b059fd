/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import io.jcaps.testkit.JvmCommand;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Compiles one mutant and runs its tests: those of Java in a JVM of its own, those of C as the programs
 * that they are. Many threads may run at once.
 */
public final class MutantRun
{
    /** Where a test finds the mutant's classes, if it starts JVMs whose class path is another. */
    public static final String CLASSES_PROPERTY = "caps.mutant.classes";
    /** Time in which a test must notice its mutant. */
    static final long LIMIT_SECONDS = 60;
    /** Less than for a test that waits for the mutant's JVM, which would be found to be stuck as well. */
    static final long WATCHDOG_SECONDS = 8;
    private static final String AWAIT = "-Dcaps.test.await.seconds=20";
    private static final String WATCHDOG = "-Dcaps.test.watchdog.seconds=" + WATCHDOG_SECONDS;

    private final Path project;
    private final Path directory;

    /**
     * @param project   directory of the project.
     * @param directory in which the mutants' classes go.
     */
    public MutantRun(final Path project, final Path directory)
    {
        this.project = project;
        this.directory = directory;
    }

    /**
     * @param verdict result of the run.
     * @param text    last output of the compiler or the tests.
     * @param millis  duration of the run in milliseconds.
     */
    public record Result(MutantVerdict verdict, String text, long millis)
    {
    }

    /**
     * @param mutant to run, which has tests.
     * @return result of the run.
     * @throws IOException          if its files cannot be written.
     * @throws InterruptedException if the thread is interrupted.
     */
    public Result run(final Mutant mutant) throws IOException, InterruptedException
    {
        final long startNs = System.nanoTime();
        final Path work = Files.createDirectories(directory.resolve(mutant.name()));
        if (mutant.isOfC())
        {
            return new CMutantRun(project, work).run(mutant);
        }
        final Path classes = Files.createDirectories(work.resolve("classes"));
        // Processes of other users run these classes, too.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        final String problem = compile(mutant, work, classes);
        if (null != problem)
        {
            return new Result(MutantVerdict.INVALID, problem, millisSince(startNs));
        }
        final Path output = work.resolve("output.txt");
        final List<String> options =
            List.of(WATCHDOG, AWAIT, "-Dcaps.test.full=true", "-D" + CLASSES_PROPERTY + "=" + classes);
        final List<String> command = JvmCommand.of(List.of(), options,
            classes + ":" + System.getProperty("java.class.path"), MutantTests.class, mutant.tests());
        final int exitCode = exitCode(new ProcessBuilder(command), output, LIMIT_SECONDS);
        return new Result(verdict(exitCode), lastLines(output, 1), millisSince(startNs));
    }

    /** Runs a command, and ends it with its children; negative if it took too long. */
    static int exitCode(final ProcessBuilder command, final Path output, final long limitSeconds)
        throws IOException, InterruptedException
    {
        final Process process = command.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try
        {
            return process.waitFor(limitSeconds, TimeUnit.SECONDS) ? process.exitValue() : -1;
        }
        finally
        {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private static MutantVerdict verdict(final int exitCode)
    {
        return switch (exitCode)
        {
            case MutantTests.SURVIVED -> MutantVerdict.SURVIVED;
            case MutantTests.KILLED -> MutantVerdict.KILLED;
            case MutantTests.NO_TESTS -> MutantVerdict.INVALID;
            default -> MutantVerdict.HUNG;
        };
    }

    /** Compiles the mutant; null if that succeeds, otherwise the compiler's output. */
    private String compile(final Mutant mutant, final Path work, final Path classes) throws IOException
    {
        final Path source = project.resolve(mutant.file());
        final Path mutated = work.resolve(source.getFileName());
        Files.writeString(mutated, mutant.applyTo(Files.readString(source)));
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null))
        {
            final List<String> options = new ArrayList<>(List.of("-proc:none", "-nowarn", "-g",
                "-cp", System.getProperty("java.class.path"), "-d", classes.toString()));
            final boolean isCompiled =
                compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(mutated)).call();
            return isCompiled ? null : messages.toString();
        }
    }

    static String lastLines(final Path output, final int count) throws IOException
    {
        final List<String> lines = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
        return String.join("; ", lines.subList(Math.max(0, lines.size() - count), lines.size()));
    }

    static long millisSince(final long startNs)
    {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
    }
}
