/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import io.jcaps.testkit.JvmCommand;
import io.jcaps.testkit.mutants.MutantRun;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The {@code caps} jar, run to its end as its users do, and what it left.
 */
public final class CapsRun
{
    /** A watchdog for all that is waited for. */
    public static final int WATCHDOG_MINUTES = 10;

    private final int exitCode;
    private final String output;

    /**
     * Runs it.
     *
     * @param args of the command, subcommand first.
     */
    public CapsRun(final String... args) throws IOException, InterruptedException
    {
        this(start(args));
    }

    /**
     * Waits for the end of one that was started.
     *
     * @param process by {@link #start}.
     */
    public CapsRun(final Process process) throws IOException, InterruptedException
    {
        try
        {
            output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(WATCHDOG_MINUTES, TimeUnit.MINUTES)).isTrue();
            exitCode = process.exitValue();
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    /**
     * Starts it.
     *
     * @param args of the command, subcommand first.
     * @return the process, both outputs in one.
     */
    public static Process start(final String... args) throws IOException
    {
        return builder(args).start();
    }

    /**
     * Starts it, with its output unread.
     *
     * @param args of the command, subcommand first.
     * @return the process.
     */
    public static Process startUnheard(final String... args) throws IOException
    {
        return builder(args).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static ProcessBuilder builder(final String... args)
    {
        return new ProcessBuilder(command(args)).redirectErrorStream(true);
    }

    /**
     * @param args of the command, subcommand first.
     * @return what to execute.
     */
    public static List<String> command(final String... args)
    {
        final List<String> command = new ArrayList<>(List.of(
            JvmCommand.java(),
            // Most commands end within a second: all that they need is started a third faster by these two.
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-XX:+IgnoreUnrecognizedVMOptions", "--sun-misc-unsafe-memory-access=allow"));
        final String jar = Path.of("target", "caps.jar").toString();
        final String mutant = System.getProperty(MutantRun.CLASSES_PROPERTY);
        if (null == mutant)
        {
            command.addAll(List.of("-jar", jar));
        }
        else
        {
            // What the jar's manifest says, for the mutant's classes in front of it.
            command.addAll(List.of("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED", "-cp", mutant + File.pathSeparator + jar,
                CapsCommand.class.getName()));
        }
        command.addAll(List.of(args));
        return command;
    }

    /**
     * Files at once, processes soon: nobody waits for a process that ends by itself. Each child has the directory among
     * its arguments.
     *
     * @param directory that it worked in.
     * @param prefix    of the names of the directories that it makes there.
     */
    public static void assertNothingLeft(final Path directory, final String prefix)
    {
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES).untilAsserted(() ->
        {
            assertThat(ProcessHandle.allProcesses()
                .map((process) -> process.info().commandLine().orElse(""))
                .filter((line) -> line.contains(directory + "/" + prefix))
                .collect(Collectors.toList())).isEmpty();
            try (Stream<Path> files = Files.list(directory))
            {
                assertThat(files).isEmpty();
            }
        });
    }

    /**
     * Waits until a command has started its children.
     *
     * @param process of the command.
     * @param count   of the children.
     */
    public static void awaitChildren(final Process process, final int count)
    {
        await().atMost(WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> process.toHandle().children().count() >= count);
    }

    /**
     * @param json of a summary.
     * @param name of a number in it.
     * @return the number.
     */
    public static long number(final String json, final String name)
    {
        final Matcher matcher = Pattern.compile("\"" + name + "\": (-?\\d+)[,\n]").matcher(json);
        assertThat(matcher.find()).as(name + " in " + json).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    /**
     * @return exit code.
     */
    public int exitCode()
    {
        return exitCode;
    }

    /**
     * @return what it printed.
     */
    public String output()
    {
        return output;
    }
}
