/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;

/**
 * A JVM that a command starts. The lines that it prints go into a queue that all children share; the last event reports
 * its end. It exits with this JVM: see {@link ParentLink}.
 * <p>
 * Any thread may call.
 */
public final class Child
{
    /** Word of the event that a child's output has ended. */
    public static final String ENDED = "ended";

    // What pom.xml calls caps.jvm.flags, of which a jar's manifest carries the first two only for java -jar.
    private static final List<String> FLAGS = List.of(
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
        "--enable-native-access=ALL-UNNAMED",
        "-XX:+IgnoreUnrecognizedVMOptions",
        "--sun-misc-unsafe-memory-access=allow",
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData");
    /** Ctrl-C reaches the whole group of processes; an ignored signal stays ignored in what is executed. */
    private static final List<String> IGNORING_INTERRUPTS = List.of("sh", "-c", "trap '' INT; exec \"$@\"", "child");
    /** In a shell of its own, so that no process stays stopped if this JVM ends first. */
    private static final String PAUSE_SCRIPT =
        "trap '' INT TERM HUP; kill -STOP \"$1\"; sleep \"$2\"; kill -CONT \"$1\"";

    private final String name;
    private final Process process;
    private final BlockingQueue<Event> events;

    /**
     * A line that a child printed.
     */
    public record Event(Child child, Line line)
    {
    }

    /**
     * Starts a child.
     *
     * @param name   for people.
     * @param type   with its main method.
     * @param events receives each line that it prints.
     * @param args   for the main method.
     */
    public Child(final String name, final Class<?> type, final BlockingQueue<Event> events, final String... args)
    {
        this(name, type, events, false, List.of(), List.of(args));
    }

    /**
     * Starts a child.
     *
     * @param name              for people.
     * @param type              with its main method.
     * @param events            receives each line that it prints.
     * @param ignoresInterrupts whether a Ctrl-C is this JVM's alone, which then says to the child what to do.
     * @param jvmFlags          after those that each child has.
     * @param args              for the main method.
     */
    public Child(
        final String name,
        final Class<?> type,
        final BlockingQueue<Event> events,
        final boolean ignoresInterrupts,
        final List<String> jvmFlags,
        final List<String> args)
    {
        this(name, type, events, ignoresInterrupts, List.of(), jvmFlags, args);
    }

    /**
     * Starts a child.
     *
     * @param name              for people.
     * @param type              with its main method.
     * @param events            receives each line that it prints.
     * @param ignoresInterrupts whether a Ctrl-C is this JVM's alone, which then says to the child what to do.
     * @param launcher          words in front of its command, such as those that enter a namespace; it must not fork.
     * @param jvmFlags          after those that each child has.
     * @param args              for the main method.
     */
    public Child(
        final String name,
        final Class<?> type,
        final BlockingQueue<Event> events,
        final boolean ignoresInterrupts,
        final List<String> launcher,
        final List<String> jvmFlags,
        final List<String> args)
    {
        this.name = name;
        this.events = events;
        final List<String> command = new ArrayList<>(ignoresInterrupts ? IGNORING_INTERRUPTS : List.of());
        command.addAll(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        command.addAll(jvmFlags);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(type.getName());
        command.addAll(args);
        try
        {
            final ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            JvmOptions.keepShareable(builder.environment());
            // The C library keeps the memory that compiler threads free, in one arena per thread. With a single arena
            // it is reused, so that growth of the JVM's memory has another cause.
            builder.environment().putIfAbsent("MALLOC_ARENA_MAX", "1");
            process = builder.start();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        final Thread reader = new Thread(this::read, "reader-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    public String name()
    {
        return name;
    }

    public long pid()
    {
        return process.pid();
    }

    public void tell(final Line line)
    {
        try
        {
            final OutputStream out = process.getOutputStream();
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
        catch (final IOException ignore)
        {
            // It has ended, which the reader reports.
        }
    }

    /** Sends SIGKILL. */
    public void kill()
    {
        process.destroyForcibly();
    }

    /**
     * Sends SIGSTOP, and SIGCONT after a while. Does not wait for it.
     *
     * @param durationMs milliseconds between the two signals.
     * @return process that exits after the SIGCONT.
     */
    public Process pause(final long durationMs)
    {
        try
        {
            return new ProcessBuilder("sh", "-c", PAUSE_SCRIPT, "pause", Long.toString(process.pid()),
                String.format(Locale.ROOT, "%.3f", durationMs / 1e3))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * @return whether the process has not ended.
     */
    public boolean isAlive()
    {
        return process.isAlive();
    }

    /**
     * Waits for the end of the process.
     *
     * @return exit code.
     */
    public int join()
    {
        boolean isInterrupted = false;
        try
        {
            while (true)
            {
                try
                {
                    return process.waitFor();
                }
                catch (final InterruptedException ex)
                {
                    isInterrupted = true;
                }
            }
        }
        finally
        {
            if (isInterrupted)
            {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void read()
    {
        try (BufferedReader reader =
            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            for (String text = reader.readLine(); null != text; text = reader.readLine())
            {
                final Line line = Line.parse(text);
                if (null == line)
                {
                    // A warning of its JVM.
                    System.err.println(text);
                }
                else
                {
                    events.add(new Event(this, line));
                }
            }
        }
        catch (final IOException ignore)
        {
            // A read that fails is the end of the output, too.
        }
        events.add(new Event(this, new Line(ENDED)));
    }
}
