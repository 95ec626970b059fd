/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that uses the region by one of the two libraries, and executes commands.
 */
final class Party implements AutoCloseable
{
    private static final List<String> HANDED_ON =
        List.of("--add-exports", "--enable-native", "--sun", "-XX:+IgnoreUnrecognizedVMOptions");

    private final Process process;
    private final PrintStream input;
    private final BufferedReader output;

    private Party(final Process process)
    {
        this.process = process;
        input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * @param kind   of library.
     * @param region path of the region.
     */
    static Party start(final Kind kind, final Path region) throws Exception
    {
        return start(kind, region, false);
    }

    /** One whose stores to the region are counted, so that it can end before any of them. */
    static Party startStepped(final Kind kind, final Path region) throws Exception
    {
        return start(kind, region, true);
    }

    private static Party start(final Kind kind, final Path region, final boolean isStepped) throws Exception
    {
        final List<String> command = new ArrayList<>();
        if (Kind.C == kind)
        {
            command.add(Library.program(isStepped ? "driver-steps" : "driver").toString());
        }
        else
        {
            // Skipped along with the others where there is no C side.
            Library.program("driver");
            command.addAll(java(Driver.class));
        }
        command.add(region.toString());
        if (isStepped && Kind.JAVA == kind)
        {
            command.add("stepped");
        }
        return new Party(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** The command line of a JVM that runs a class of these tests. */
    static List<String> java(final Class<?> main)
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String argument : ManagementFactory.getRuntimeMXBean().getInputArguments())
        {
            if (HANDED_ON.stream().anyMatch(argument::startsWith))
            {
                command.add(argument);
            }
        }
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp",
            System.getProperty("java.class.path"), main.getName()));
        return command;
    }

    /** Waits until the process has ended as commanded. */
    void awaitEnd()
    {
        process.onExit().join();
    }

    long pid()
    {
        return process.pid();
    }

    void tell(final Object... words)
    {
        final List<String> line = new ArrayList<>();
        for (final Object word : words)
        {
            line.add(String.valueOf(word));
        }
        input.println(String.join(" ", line));
    }

    String answer() throws IOException
    {
        final String answer = output.readLine();
        assertThat(answer).as("the party's answer").isNotNull().doesNotStartWith("!");
        return answer;
    }

    String ask(final Object... words) throws IOException
    {
        tell(words);
        return answer();
    }

    /** The answer as a number: negative is -errno. */
    long number(final Object... words) throws IOException
    {
        return Long.parseLong(ask(words));
    }

    /** The answer to a get or wait, as words. */
    List<String> words(final Object... words) throws IOException
    {
        return List.of(ask(words).split(" "));
    }

    /** SIGKILL, and the end of the process. */
    void kill()
    {
        process.destroyForcibly();
        process.onExit().join();
    }

    @Override
    public void close()
    {
        input.close();
        kill();
    }

    /** Which library a party uses. */
    enum Kind
    {
        JAVA, C
    }
}
