/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Another JVM with the same Java, class path and flags as this one. It prints {@link #READY} on a line of its own when
 * it is ready, and exits when its standard input ends, so it never outlives this one: see {@link ParentLife}.
 * <p>
 * One thread at a time.
 */
public final class ChildJvm implements AutoCloseable
{
    /** The line that a child prints when it is ready. */
    public static final String READY = "READY";

    private static final String FAILED = "FAILED ";
    private static final String REFUSED = "REFUSED ";
    private static final String AGRONA_EXPORT = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED";
    private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use(Serial|Parallel|G1|Z|Shenandoah|Epsilon)GC");
    private static final long START_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long END_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final String END_OF_OUTPUT = "\u0004";

    private final String name;
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Thread reader;

    private ChildJvm(final String name, final Process process)
    {
        this.name = name;
        this.process = process;
        reader = new Thread(this::readLines, "output of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a child, and waits until it is ready.
     *
     * @param mainClass    to run.
     * @param jvmArguments beside those of this JVM.
     * @param args         for it.
     * @return the child; to be ended or closed.
     * @throws IllegalStateException if it does not become ready; the message has its output.
     */
    public static ChildJvm start(final Class<?> mainClass, final List<String> jvmArguments, final List<String> args)
    {
        return start(mainClass.getSimpleName(), command(mainClass, jvmArguments, args));
    }

    /**
     * Starts a native program with the same protocol, and waits until it is ready.
     *
     * @param command of the program.
     * @return the child; to be ended or closed.
     * @throws IllegalStateException if it does not become ready, or refuses; the message has its output.
     */
    public static ChildJvm startProgram(final List<String> command)
    {
        return start(Path.of(command.get(0)).getFileName().toString(), command);
    }

    private static ChildJvm start(final String name, final List<String> command)
    {
        final ChildJvm child;
        try
        {
            child = new ChildJvm(name,
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException("cannot start " + command, ex);
        }
        try
        {
            final String line = child.readLine(START_TIMEOUT_NS);
            if (!READY.equals(line))
            {
                final boolean isTold = null != line && (line.startsWith(FAILED) || line.startsWith(REFUSED));
                throw new IllegalStateException(isTold ? line.substring(line.indexOf(' ') + 1) :
                    child.name + " did not get ready: " +
                    (null == line ? "it printed nothing, " + child.state() : "it printed: " + line));
            }
            return child;
        }
        catch (final RuntimeException ex)
        {
            child.close();
            throw ex;
        }
    }

    /**
     * In a child: starts its task. If that fails, it reports the reason to the parent and exits, without a stack trace
     * in the parent's output.
     *
     * @param start  to call.
     * @param <T>    type of the task.
     * @return the started task.
     */
    public static <T> T started(final Callable<T> start)
    {
        try
        {
            return start.call();
        }
        catch (final Throwable ex)
        {
            System.out.println(FAILED + String.valueOf(ex).lines().findFirst().orElse(""));
            System.exit(1);
            throw new IllegalStateException(ex);
        }
    }

    /**
     * Waits for a line.
     *
     * @param timeoutNs longest time in nanoseconds.
     * @return the line; null if none came in that time, or the child has ended.
     */
    public String pollLine(final long timeoutNs)
    {
        return readLine(timeoutNs);
    }

    /**
     * Waits for the one line that the child prints before it exits.
     *
     * @param timeoutNs longest time in nanoseconds.
     * @return the line.
     * @throws IllegalStateException if it exits without one, or takes longer.
     */
    public String awaitLine(final long timeoutNs)
    {
        final String line = readLine(timeoutNs);
        if (null == line)
        {
            throw new IllegalStateException(name + " printed nothing, " + state());
        }
        return line;
    }

    /**
     * Closes the child's standard input, and waits until it exits.
     *
     * @return the lines that it has printed since it was ready.
     * @throws IllegalStateException if it does not exit, or with a failure.
     */
    public List<String> end()
    {
        try (ChildJvm self = this)
        {
            closeInput();
            if (!process.waitFor(END_TIMEOUT_NS, TimeUnit.NANOSECONDS))
            {
                throw new IllegalStateException(name + " did not end when its input did: pid=" + process.pid());
            }
            if (0 != process.exitValue())
            {
                throw new IllegalStateException(name + " failed: exit value " + process.exitValue());
            }
            reader.join(TimeUnit.NANOSECONDS.toMillis(END_TIMEOUT_NS));
            final List<String> result = new ArrayList<>();
            lines.drainTo(result);
            result.remove(END_OF_OUTPUT);
            return result;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + name + " was ending", ex);
        }
    }

    /**
     * @return whether it runs.
     */
    public boolean isAlive()
    {
        return process.isAlive();
    }

    /**
     * Kills the child by SIGKILL, and does not wait for its exit.
     */
    public void kill()
    {
        process.destroyForcibly();
    }

    /**
     * Kills the child if it runs. A second call does nothing.
     */
    @Override
    public void close()
    {
        closeInput();
        process.destroyForcibly();
        boolean wasInterrupted = false;
        while (true)
        {
            try
            {
                process.waitFor();
                break;
            }
            catch (final InterruptedException ex)
            {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted)
        {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> command(
        final Class<?> mainClass, final List<String> jvmArguments, final List<String> args)
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        final List<String> allArguments = new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
        allArguments.addAll(jvmArguments);
        final String collector = allArguments.stream()
            .filter((argument) -> COLLECTOR.matcher(argument).matches()).reduce((one, next) -> next).orElse(null);
        for (final String argument : allArguments)
        {
            // A debugger's port is in use already, and no JVM starts with two collectors: the last one named applies.
            final boolean isDropped = argument.startsWith("-agentlib:jdwp") || argument.startsWith("-Xrunjdwp") ||
                (COLLECTOR.matcher(argument).matches() && !argument.equals(collector));
            if (!isDropped)
            {
                command.add(argument);
            }
        }
        if (!allArguments.contains(AGRONA_EXPORT))
        {
            // A jar's manifest has this flag, but it applies only to java -jar.
            command.add(AGRONA_EXPORT);
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(mainClass.getName());
        command.addAll(args);
        return command;
    }

    private String state()
    {
        try
        {
            return process.waitFor(1, TimeUnit.SECONDS) ? "exit value " + process.exitValue() : "and still runs";
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private void closeInput()
    {
        try
        {
            process.getOutputStream().close();
        }
        catch (final IOException ex)
        {
            // The child has exited already.
        }
    }

    private String readLine(final long timeoutNs)
    {
        try
        {
            final String line = lines.poll(timeoutNs, TimeUnit.NANOSECONDS);
            return END_OF_OUTPUT.equals(line) ? null : line;
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + name, ex);
        }
    }

    private void readLines()
    {
        try (BufferedReader in =
            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)))
        {
            for (String line = in.readLine(); null != line; line = in.readLine())
            {
                lines.add(line);
            }
        }
        catch (final IOException ex)
        {
            lines.add(name + ": " + ex);
        }
        lines.add(END_OF_OUTPUT);
    }
}
