/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples;

import io.jcaps.testkit.JvmCommand;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One side of an example, in a JVM of its own. It is killed when the test closes it, if it still runs.
 */
public final class ExampleJvm implements AutoCloseable
{
    private final List<String> lines = new ArrayList<>();
    private final Process process;
    private final BlockingQueue<Optional<String>> output = new LinkedBlockingQueue<>();

    private ExampleJvm(final Process process)
    {
        this.process = process;
        final Thread reader = new Thread(this::read, "reader");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts an example.
     *
     * @param directory in which the region is made, below a directory of its own.
     * @param main      to run.
     * @param arguments of it.
     * @return the running example.
     */
    public static ExampleJvm start(final Path directory, final Class<?> main, final Object... arguments)
    {
        final List<String> words = Stream.of(arguments).map(Object::toString).toList();
        final List<String> command = JvmCommand.of(
            List.of(),
            List.of("-Djcaps.region=" + directory.resolve("own").resolve("region")),
            System.getProperty("java.class.path"),
            main,
            words);
        return start(new ProcessBuilder(command));
    }

    /**
     * Starts any other command.
     *
     * @param builder of it.
     * @return the running command.
     */
    public static ExampleJvm start(final ProcessBuilder builder)
    {
        try
        {
            return new ExampleJvm(builder.redirectErrorStream(true).start());
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Waits for a line that it prints.
     *
     * @param predicate that the line fulfils.
     * @return the line.
     */
    public String awaitLine(final Predicate<String> predicate)
    {
        String line = nextLine();
        while (null != line && !predicate.test(line))
        {
            line = nextLine();
        }
        assertThat(line).as("no such line in %s", lines).isNotNull();
        return line;
    }

    /**
     * Waits for a line that it prints.
     *
     * @param expected what the line contains.
     * @return the line.
     */
    public String awaitLine(final String expected)
    {
        return awaitLine(line -> line.contains(expected));
    }

    /**
     * Waits until it ends by itself, without an error.
     *
     * @return all that it printed.
     */
    public List<String> linesToEnd()
    {
        return linesToExit(0);
    }

    /**
     * Waits until it ends.
     *
     * @param exitCode how: 128 and the signal's number if one ended it.
     * @return all that it printed.
     */
    public List<String> linesToExit(final int exitCode)
    {
        while (null != nextLine())
        {
            // All of them are kept.
        }
        process.onExit().join();
        assertThat(process.exitValue()).as("exit code, after %s", lines).isEqualTo(exitCode);
        return lines;
    }

    /**
     * @return its process.
     */
    public long pid()
    {
        return process.pid();
    }

    /** SIGKILL: it has no say in it. */
    public void kill()
    {
        process.destroyForcibly();
        process.onExit().join();
    }

    /**
     * Sends a signal.
     *
     * @param name as kill(1) has it: INT is Ctrl-C.
     */
    public void signal(final String name)
    {
        try
        {
            final Process kill =
                new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
            assertThat(kill.waitFor()).isZero();
        }
        catch (final IOException | InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }

    @Override
    public void close()
    {
        kill();
    }

    /** The next line, or null at the end. A test's time limit can interrupt this, which it cannot with a read. */
    private String nextLine()
    {
        try
        {
            final Optional<String> line = output.take();
            line.ifPresentOrElse(lines::add, () -> output.add(line));
            return line.orElse(null);
        }
        catch (final InterruptedException ex)
        {
            throw new AssertionError("interrupted, after " + lines, ex);
        }
    }

    private void read()
    {
        try (BufferedReader reader =
            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            reader.lines().map(Optional::of).forEach(output::add);
        }
        catch (final IOException | UncheckedIOException ex)
        {
            // It was killed, and its output with it.
        }
        finally
        {
            output.add(Optional.empty());
        }
    }
}
