/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import com.google.gson.GsonBuilder;
import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps demo}: shows on the user's own machine what the library claims, and says by its exit code whether it
 * held.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Shows what jcaps does, on this machine, in less than a minute.",
        "A service and two clients, each a JVM of its own, exchange messages of all sizes and verify each byte. Then " +
            "the service is killed in full flight: each open request has exactly one outcome. It is started again, " +
            "and the clients go on. Last, the latency of a round trip, beside that of a bare cache line.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:all of it held", "1:something did not hold: the last line says what", "2:bad options"})
public final class DemoCommand implements Callable<Integer>
{
    private static final int MIN_MESSAGES = 100;
    private static final int MAX_MESSAGES = 100_000_000;
    private static final int SIGNAL_GRACE_MS = 500;
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--messages",
        paramLabel = "N",
        description = "Requests to exchange before the service is killed (default: ${DEFAULT-VALUE}).",
        defaultValue = "1000000")
    private int messages;

    @Option(
        names = "--round-trips",
        paramLabel = "N",
        description = "Round trips to time (default: ${DEFAULT-VALUE}).",
        defaultValue = "1000000")
    private int roundTrips;

    @Option(
        names = "--json",
        paramLabel = "FILE",
        description = "Write the summary to this file.")
    private Path json;

    @Option(
        names = "--directory",
        paramLabel = "DIR",
        description = "Make the region in a directory of its own under this one (default: /dev/shm, or else the " +
            "directory for temporary files).")
    private Path parentDirectory;

    private boolean isJsonNew;

    @Override
    public Integer call() throws InterruptedException
    {
        checkCount("--messages", messages);
        checkCount("--round-trips", roundTrips);
        final Path directory = makeDirectory();
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        final DemoRun run = new DemoRun(directory, messages, roundTrips, screen);
        final Thread hook = new Thread(() -> onShutdown(run), "demo-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        String failure = null;
        try
        {
            checkJson();
            run.run();
        }
        catch (final DemoFailure ex)
        {
            awaitShutdown(run);
            failure = ex.getMessage();
        }
        catch (final RuntimeException | InterruptedException ex)
        {
            awaitShutdown(run);
            throw ex;
        }
        finally
        {
            run.close();
            screen.endProgress();
            removeHook(hook);
        }
        if (null != failure)
        {
            screen.print("");
            screen.print("FAILED: " + failure);
        }
        final boolean isWritten = writeJson(failure, run.summary());
        return null == failure && isWritten ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private void checkCount(final String option, final int value)
    {
        if (value < MIN_MESSAGES || value > MAX_MESSAGES)
        {
            throw new ParameterException(spec.commandLine(), "Invalid value for option '" + option +
                "': must be from " + MIN_MESSAGES + " to " + MAX_MESSAGES + ": " + value);
        }
    }

    private Path makeDirectory()
    {
        final Path memory = Path.of("/dev/shm");
        final Path parent;
        if (null != parentDirectory)
        {
            parent = parentDirectory.toAbsolutePath();
        }
        else
        {
            parent = Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        }
        try
        {
            // For the owner alone, mode 0700.
            return Files.createTempDirectory(parent, "jcaps-demo-");
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--directory': no directory can be made under it: " + ex, ex);
        }
    }

    /** A file that cannot be written must not be found out after a minute. */
    private void checkJson()
    {
        if (null == json)
        {
            return;
        }
        isJsonNew = Files.notExists(json);
        try
        {
            Files.newOutputStream(json, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--json': cannot be written: " + ex, ex);
        }
    }

    private boolean writeJson(final String failure, final Map<String, Object> summary)
    {
        if (null == json)
        {
            return true;
        }
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("ok", null == failure);
        members.put("failure", failure);
        members.putAll(summary);
        try
        {
            final String text = new GsonBuilder().serializeNulls().setPrettyPrinting().disableHtmlEscaping().create()
                .toJson(members);
            Files.write(json, (text + '\n').getBytes(StandardCharsets.UTF_8));
            return true;
        }
        catch (final IOException ex)
        {
            spec.commandLine().getErr().println("cannot write the summary: " + ex);
            return false;
        }
    }

    /** Ctrl-C, or a polite kill: nobody may be left, and nothing. */
    private void onShutdown(final DemoRun run)
    {
        run.close();
        if (isJsonNew)
        {
            try
            {
                Files.deleteIfExists(json);
            }
            catch (final IOException ignore)
            {
                // An empty file is left.
            }
        }
    }

    /**
     * Ctrl-C reaches the children as well, and they may be faster: their end, and what comes of it, is no failure then.
     * This thread stays here until the JVM has gone.
     */
    private static void awaitShutdown(final DemoRun run) throws InterruptedException
    {
        Thread.sleep(SIGNAL_GRACE_MS);
        while (run.isClosed())
        {
            Thread.sleep(SIGNAL_GRACE_MS);
        }
    }

    private static void removeHook(final Thread hook)
    {
        try
        {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        catch (final IllegalStateException ignore)
        {
            // The hook runs.
        }
    }
}
