/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.testkit.JvmCommand;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@link Peer} in a JVM of its own. It ends when its input does, so none outlives the test.
 */
final class ChildJvm implements AutoCloseable
{
    private final Process process;
    private final PrintStream input;
    private final BufferedReader output;

    private ChildJvm(final Process process)
    {
        this.process = process;
        input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * @param region     path of the region that the peer attaches to.
     * @param properties more options for the JVM.
     */
    static ChildJvm start(final Path region, final String... properties)
    {
        return start(List.of(), System.getProperty("java.class.path"), region, properties);
    }

    /**
     * @param launcher command that starts the rest of its arguments.
     */
    static ChildJvm start(
        final List<String> launcher, final String classPath, final Path region, final String... properties)
    {
        return start(launcher, classPath, Peer.class, List.of(region.toString()), properties);
    }

    /**
     * @param launcher  command that starts the rest of its arguments.
     * @param main      class that answers lines instead of a {@link Peer}, or runs to its end.
     * @param arguments of it.
     */
    static ChildJvm start(
        final List<String> launcher,
        final String classPath,
        final Class<?> main,
        final List<String> arguments,
        final String... properties)
    {
        final List<String> command = JvmCommand.of(launcher, List.of(properties), classPath, main, arguments);
        try
        {
            return new ChildJvm(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
        }
        catch (final IOException ex)
        {
            throw new AssertionError(command.toString(), ex);
        }
    }

    /** Copies the class path to where any user can read it. */
    static String publicClassPath(final Path directory) throws IOException
    {
        final List<String> copies = new ArrayList<>();
        for (final String entry : System.getProperty("java.class.path").split(File.pathSeparator))
        {
            final Path source = Path.of(entry);
            if (!Files.exists(source))
            {
                continue;
            }
            final Path copy = directory.resolve("entry" + copies.size() + (Files.isDirectory(source) ? "" : ".jar"));
            try (Stream<Path> paths = Files.walk(source))
            {
                for (final Path path : paths.toList())
                {
                    final Path target =
                        path.equals(source) ? copy : copy.resolve(source.relativize(path).toString());
                    Files.copy(path, target);
                    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            copies.add(copy.toString());
        }
        return String.join(File.pathSeparator, copies);
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

    /** The next line that the peer prints. */
    String answer()
    {
        try
        {
            final String answer = output.readLine();
            assertThat(answer).as("the peer's answer").isNotNull().doesNotStartWith("!");
            return answer;
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    String ask(final Object... words)
    {
        tell(words);
        return answer();
    }

    /** The answer as a number: negative is -errno. */
    long number(final Object... words)
    {
        return Long.parseLong(ask(words));
    }

    /** SIGKILL; returns at once. */
    void kill()
    {
        process.destroyForcibly();
    }

    void awaitEnd()
    {
        process.onExit().join();
    }

    /** How it ended, when it has: 128 and the signal's number if one ended it. */
    int exitCode()
    {
        return process.exitValue();
    }

    /** What it printed until it ended by itself, and how it ended. */
    String outputToEnd()
    {
        final String lines = String.join("\n", output.lines().toList());
        awaitEnd();
        return lines + "\nexit " + process.exitValue();
    }

    /** Processes that it started, and theirs. */
    List<ProcessHandle> descendants()
    {
        return process.descendants().toList();
    }

    void signal(final String name)
    {
        try
        {
            final Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).inheritIO().start();
            assertThat(kill.waitFor()).isZero();
            // A stop is on its way when the call returns: a thread that sleeps may still wake up once and do something.
            while ("STOP".equals(name) && !isStopped())
            {
                LockSupport.parkNanos(100_000);
            }
        }
        catch (final IOException | InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }

    private boolean isStopped() throws IOException
    {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid()), "task")))
        {
            for (final Path thread : threads.toList())
            {
                final String stat = Files.readString(thread.resolve("stat"));
                // Behind the name, which may contain anything: the state, T for stopped.
                if ('T' != stat.charAt(stat.lastIndexOf(')') + 2))
                {
                    return false;
                }
            }
            return true;
        }
    }

    @Override
    public void close()
    {
        input.close();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        kill();
        awaitEnd();
    }
}
