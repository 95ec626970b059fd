/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The stacks of all threads, here and in the JVMs that this one has started.
 */
final class Stacks
{
    private static final long JCMD_LIMIT_SECONDS = 5;

    private Stacks()
    {
    }

    /**
     * @param report to append to.
     * @param first  thread whose stack is printed before the others.
     */
    static void append(final StringBuilder report, final Thread first)
    {
        final Map<Thread, StackTraceElement[]> stacks = Thread.getAllStackTraces();
        append(report, first, first.getStackTrace());
        stacks.remove(first);
        stacks.forEach((thread, stack) -> append(report, thread, stack));
        ProcessHandle.current().descendants().forEach((child) -> append(report, child));
    }

    private static void append(final StringBuilder report, final Thread thread, final StackTraceElement[] stack)
    {
        report.append('"').append(thread.getName()).append("\" ").append(thread.getState()).append('\n');
        for (final StackTraceElement element : stack)
        {
            report.append("    at ").append(element).append('\n');
        }
    }

    private static void append(final StringBuilder report, final ProcessHandle child)
    {
        report.append("child ").append(child.pid()).append(": ")
            .append(child.info().commandLine().orElse("no command line")).append('\n');
        if (!child.info().command().orElse("").endsWith("java"))
        {
            return;
        }
        try
        {
            // To a file: a pipe could fill up while this waits, and a stopped process does not answer at all.
            final Path output = Files.createTempFile("stacks", ".txt");
            final Process jcmd = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(child.pid()), "Thread.print"))
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
            if (!jcmd.waitFor(JCMD_LIMIT_SECONDS, TimeUnit.SECONDS))
            {
                jcmd.destroyForcibly();
                report.append("  it did not answer jcmd within ").append(JCMD_LIMIT_SECONDS).append(" s\n");
            }
            report.append(Files.readString(output, StandardCharsets.UTF_8)).append('\n');
            Files.delete(output);
        }
        catch (final IOException ex)
        {
            report.append("  no stacks: ").append(ex).append('\n');
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }
}
