/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.host.Credentials;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * A shell command, executed once for each request. However it ends, no process of its tree is left: it runs in a
 * session of its own, whose processes are found even if their parents have exited.
 * <p>
 * One thread at a time.
 */
final class ShellCommand
{
    private static final long GRACE_MS = 300;
    private static final long POLL_MS = 10;
    /** Without setsid, only processes whose parents still run are found. */
    private static final String SCRIPT =
        "if command -v setsid >/dev/null 2>&1; then exec setsid sh -c \"$1\"; fi; exec sh -c \"$1\"";

    private final String command;
    private final int outputLimit;
    private final long limitNs;

    /**
     * @param command     for sh -c.
     * @param outputLimit most bytes that it may print.
     * @param limitNs     nanoseconds that it may take.
     */
    ShellCommand(final String command, final int outputLimit, final long limitNs)
    {
        this.command = command;
        this.outputLimit = outputLimit;
        this.limitNs = limitNs;
    }

    /**
     * Thrown when the command has no valid output.
     */
    static final class Failure extends Exception
    {
        private static final long serialVersionUID = 1L;

        Failure(final String message)
        {
            super(message);
        }
    }

    /**
     * Executes it.
     *
     * @param input  that it can read.
     * @param client credentials of the client.
     * @return its output.
     * @throws IOException          if it cannot be started.
     * @throws Failure              if it failed, printed too much, or took too long.
     * @throws InterruptedException if the thread was interrupted; then its processes have ended.
     */
    byte[] run(final byte[] input, final Credentials client) throws IOException, Failure, InterruptedException
    {
        final long startNs = System.nanoTime();
        final ProcessBuilder builder = new ProcessBuilder("sh", "-c", SCRIPT, "serve", command)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CAPS_CLIENT_PID", Integer.toString(client.pid()));
        builder.environment().put("CAPS_CLIENT_UID", Integer.toUnsignedString(client.uid()));
        final Process process = builder.start();
        // On another thread than the reads: a command that prints before it has read its whole input would otherwise
        // deadlock.
        start("serve-input", () -> feed(process, input));
        final CompletableFuture<byte[]> output = new CompletableFuture<>();
        // A read of a pipe cannot be interrupted, a wait for it can.
        start("serve-output", () -> read(process, output));
        boolean isEnded = false;
        try
        {
            final byte[] bytes = output.get(limitNs, TimeUnit.NANOSECONDS);
            if (bytes.length > outputLimit)
            {
                throw new Failure("printed more than " + outputLimit + " bytes");
            }
            if (!process.waitFor(limitNs - (System.nanoTime() - startNs), TimeUnit.NANOSECONDS))
            {
                throw new TimeoutException();
            }
            isEnded = true;
            if (0 != process.exitValue())
            {
                throw new Failure("ended with exit code " + process.exitValue());
            }
            return bytes;
        }
        catch (final TimeoutException ex)
        {
            throw new Failure("took longer than " + TimeUnit.NANOSECONDS.toMillis(limitNs) + " ms");
        }
        catch (final ExecutionException ex)
        {
            throw new IOException(ex.getCause());
        }
        finally
        {
            if (!isEnded)
            {
                end(process);
            }
        }
    }

    private void read(final Process process, final CompletableFuture<byte[]> output)
    {
        try
        {
            output.complete(process.getInputStream().readNBytes(outputLimit + 1));
        }
        catch (final IOException ex)
        {
            output.completeExceptionally(ex);
        }
    }

    private static void feed(final Process process, final byte[] input)
    {
        try (OutputStream stream = process.getOutputStream())
        {
            stream.write(input);
        }
        catch (final IOException ignore)
        {
            // The command does not read its input, which is allowed.
        }
    }

    private static void start(final String name, final Runnable work)
    {
        final Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Sends SIGTERM to all processes, and SIGKILL to those that have not exited soon after: clients of the service
     * wait.
     */
    private static void end(final Process process)
    {
        // An interrupt is why this is called; the waits below are short.
        final boolean isInterrupted = Thread.interrupted();
        // The root last, so that the group exists until all processes have received the signal.
        final List<ProcessHandle> tree = process.descendants().collect(Collectors.toList());
        tree.add(process.toHandle());
        signal(process, "TERM");
        tree.forEach(ProcessHandle::destroy);
        final long startNs = System.nanoTime();
        try
        {
            while (tree.stream().anyMatch(ProcessHandle::isAlive) &&
                System.nanoTime() - startNs < TimeUnit.MILLISECONDS.toNanos(GRACE_MS))
            {
                TimeUnit.MILLISECONDS.sleep(POLL_MS);
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
        signal(process, "KILL");
        tree.forEach(ProcessHandle::destroyForcibly);
        if (isInterrupted)
        {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends a signal to the process group; fails if no process is left in it. */
    private static void signal(final Process process, final String name)
    {
        try
        {
            new ProcessBuilder("sh", "-c", "kill -$1 -$2", "kill", name, Long.toString(process.pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor(GRACE_MS, TimeUnit.MILLISECONDS);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
        }
    }
}
