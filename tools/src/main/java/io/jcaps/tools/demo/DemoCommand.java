/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.JsonFile;
import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps demo}: demonstrates the library's guarantees on the user's own machine; the exit code shows whether every
 * check passed.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Shows what jcaps does, on this machine, in a minute or two.",
        "A service and two clients, each a JVM of its own, exchange messages of all sizes and verify each byte. Then " +
            "the service is killed with requests in flight: each open request has exactly one outcome. It is " +
            "started again, and the clients continue. Last, the latency of a round trip is measured, beside that of " +
            "a bare cache line.",
        "With --remote the service is on another host, simulated on this machine: clients and service have a region " +
            "and a bridge each. With requests in flight the network between them is cut, then a bridge is killed, " +
            "then the service. The outcomes at the clients are compared with the service's own record.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:every check passed", "1:a check failed: the last line names it", "2:bad options"})
public final class DemoCommand implements Callable<Integer>
{
    private static final int MESSAGES = 1_000_000;
    private static final int REMOTE_MESSAGES = 200_000;
    private static final int MIN_MESSAGES = 100;
    private static final int MAX_MESSAGES = 100_000_000;
    private static final int SIGNAL_GRACE_MS = 500;
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--remote",
        description = "Show a service on another host: two regions, two bridges, and a network between them.")
    private boolean isRemote;

    @Option(
        names = "--messages",
        paramLabel = "N",
        description = "Requests to exchange before the service is killed, or the network cut (default: 1000000; " +
            "with --remote 200000).")
    private Integer messages;

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
        description = "Put the region in a new directory under this one (default: /dev/shm, or else the " +
            "directory for temporary files).")
    private Path parentDirectory;

    @Override
    public Integer call() throws InterruptedException
    {
        if (null == messages)
        {
            messages = isRemote ? REMOTE_MESSAGES : MESSAGES;
        }
        checkCount("--messages", messages, isRemote ? RemoteRun.MAX_MESSAGES : MAX_MESSAGES);
        checkCount("--round-trips", roundTrips, MAX_MESSAGES);
        final JsonFile file = openJson();
        final Path directory = makeDirectory(file);
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        final Performance run = isRemote ? new RemoteRun(directory, messages, screen) :
            new DemoRun(directory, messages, roundTrips, screen);
        final Thread hook = new Thread(() -> onShutdown(run, file), "demo-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        String failure = null;
        try
        {
            run.run();
        }
        catch (final ChildFailure ex)
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
        final boolean isWritten = writeJson(file, failure, run.summary());
        return null == failure && isWritten ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private void checkCount(final String option, final int value, final int limit)
    {
        if (value < MIN_MESSAGES || value > limit)
        {
            throw new ParameterException(spec.commandLine(), "Invalid value for option '" + option +
                "': must be from " + MIN_MESSAGES + " to " + limit + ": " + value);
        }
    }

    private Path makeDirectory(final JsonFile file)
    {
        try
        {
            return WorkDirectory.make(parentDirectory, "jcaps-demo-");
        }
        catch (final IOException ex)
        {
            file.abandon();
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--directory': no directory can be made under it: " + ex, ex);
        }
    }

    private JsonFile openJson()
    {
        try
        {
            return new JsonFile(json);
        }
        catch (final IOException ex)
        {
            throw new ParameterException(spec.commandLine(),
                "Invalid value for option '--json': cannot be written: " + ex, ex);
        }
    }

    private boolean writeJson(final JsonFile file, final String failure, final Map<String, Object> summary)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("ok", null == failure);
        members.put("failure", failure);
        members.putAll(summary);
        try
        {
            file.write(members);
            return true;
        }
        catch (final IOException ex)
        {
            spec.commandLine().getErr().println("cannot write the summary: " + ex);
            return false;
        }
    }

    /** Ctrl-C or SIGTERM: ends all processes and removes all files. */
    private static void onShutdown(final Performance run, final JsonFile file)
    {
        run.close();
        file.abandon();
    }

    /**
     * Ctrl-C reaches the children as well, and they may exit first: that and its consequences are no failure then. This
     * thread blocks here until the JVM has exited.
     */
    private static void awaitShutdown(final Performance run) throws InterruptedException
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
            // The shutdown has begun: the hook cannot be removed.
        }
    }
}
