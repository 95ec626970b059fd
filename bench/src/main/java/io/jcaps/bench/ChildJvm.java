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
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Another JVM like this one: the same Java, class path and flags. It says {@link #READY} on a line of its own when it
 * is, and ends when its standard input does, so it never outlives this one: see {@link ParentLife}.
 * <p>
 * One thread at a time.
 */
public final class ChildJvm implements AutoCloseable
{
    /** The line by which a child tells that it is ready. */
    public static final String READY = "READY";

    private static final String AGRONA_EXPORT = "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED";
    private static final long START_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long END_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
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
     * @param mainClass to run.
     * @param args      for it.
     * @return the child; to be ended or closed.
     * @throws IllegalStateException if it does not get ready.
     */
    public static ChildJvm start(final Class<?> mainClass, final List<String> args)
    {
        final List<String> command = command(mainClass, args);
        final ChildJvm child;
        try
        {
            child = new ChildJvm(mainClass.getSimpleName(),
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
                throw new IllegalStateException(child.name + " did not get ready: " +
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
     * Lets the child end by itself.
     *
     * @return the lines that it has printed since it was ready.
     * @throws IllegalStateException if it does not end, or not well.
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
     * Ends the child at once, if it runs. A second call does nothing.
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

    private static List<String> command(final Class<?> mainClass, final List<String> args)
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        boolean isExported = false;
        for (final String argument : ManagementFactory.getRuntimeMXBean().getInputArguments())
        {
            // A debugger's port is taken already; all else is as good for the child.
            if (!argument.startsWith("-agentlib:jdwp") && !argument.startsWith("-Xrunjdwp"))
            {
                command.add(argument);
            }
            isExported |= argument.equals(AGRONA_EXPORT);
        }
        if (!isExported)
        {
            // A jar has it from its manifest, which counts only for java -jar.
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
            // It has ended already.
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
