/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.CapsException;
import io.jcaps.layout.RegionException;
import io.jcaps.tools.child.WorkDirectory;
import io.jcaps.tools.terminal.JsonFile;
import io.jcaps.tools.terminal.Screen;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * {@code caps soak}: all operations at once, for a given time, with kills; accounts for every message.
 */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Runs every kind of operation at once, for a given time, and accounts for every message.",
        "Processes of clients and services put, call, abort, hold back, throttle, read slowly, close and connect " +
            "again. At random they are killed, stopped for up to 6 seconds, ended, and started again. One client " +
            "and one service are only stopped, and the memory and descriptors that they use must not grow. Each " +
            "process records its actions in files, which the command compares: no message may be lost, doubled or " +
            "torn, and each outcome must be true.",
        "With --remote two bridges connect the clients with services on another host, simulated on this machine. " +
            "They are killed and stopped, too, and the network between them is cut, both ways or one way.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:every check passed", "1:a check failed: the output names it", "2:bad options"})
public final class SoakCommand implements Callable<Integer>
{
    private static final double MIN_MINUTES = 0.1;
    private static final double MAX_MINUTES = 7 * 24 * 60;
    private static final int MIN_CLIENTS = 1;
    private static final int MAX_CLIENTS = 16;
    private static final double SECONDS_PER_MINUTE = 60;
    private static final long PLAIN_INTERVAL_NS = TimeUnit.SECONDS.toNanos(5);

    @Spec
    private CommandSpec spec;

    @Option(
        names = "--minutes",
        paramLabel = "N",
        description = "Duration, such as 5 or 0.5 (default: ${DEFAULT-VALUE}).",
        defaultValue = "5")
    private double minutes;

    @Option(
        names = "--seed",
        paramLabel = "S",
        description = "Seed of all random choices (default: a new one, which is printed). The same seed does " +
            "the same to the processes; their timing also depends on the machine.")
    private Long seed;

    @Option(
        names = "--clients",
        paramLabel = "N",
        description = "Clients that may be killed, two to a process (default: ${DEFAULT-VALUE}).",
        defaultValue = "8")
    private int clients;

    @Option(
        names = "--remote",
        description = "Run the services on another host, over two bridges.")
    private boolean isRemote;

    @Option(
        names = "--json",
        paramLabel = "FILE",
        description = "Write the summary to this file.")
    private Path json;

    @Option(
        names = "--region",
        paramLabel = "FILE",
        description = "Use this region, which no other program may use at the same time. It is created if there " +
            "is none, and kept (default: a new one, removed at the end).")
    private Path region;

    @Option(
        names = "--directory",
        paramLabel = "DIR",
        description = "Put the records, and the region unless one is given, in a new directory under this one " +
            "(default: /dev/shm, or else the directory for temporary files).")
    private Path parentDirectory;

    @Override
    public Integer call() throws InterruptedException
    {
        checkOptions();
        final long usedSeed = null == seed ? new SplittableRandom().nextLong() : seed;
        final JsonFile file = openJson();
        final Path directory = makeDirectory(file);
        final Path regionFile = null == region ? directory.resolve("region") : region.toAbsolutePath();
        final RemoteHosts hosts;
        try
        {
            prepareRegion(regionFile);
            hosts = isRemote ? makeHosts(directory) : null;
        }
        catch (final ParameterException ex)
        {
            file.abandon();
            WorkDirectory.remove(directory);
            throw ex;
        }
        final Screen screen = Screen.standardOutput(PLAIN_INTERVAL_NS);
        screen.print(String.format(Locale.ROOT,
            "jcaps soak: %s minutes; %d clients and 2 services die, one of each does not", minutes, clients));
        screen.print("seed " + usedSeed + ", region");
        screen.print(regionFile.toString());
        if (null != hosts)
        {
            screen.print("Services are behind two bridges, on " + hosts.description());
        }
        final SoakRun run = new SoakRun(directory, regionFile,
            (long)(minutes * SECONDS_PER_MINUTE * TimeUnit.SECONDS.toNanos(1)), usedSeed, clients, hosts,
            screen);
        return run(run, screen, file, usedSeed);
    }

    private int run(final SoakRun run, final Screen screen, final JsonFile file, final long usedSeed)
        throws InterruptedException
    {
        final CountDownLatch isFinished = new CountDownLatch(1);
        final Thread hook = new Thread(() -> onShutdown(run, isFinished), "soak-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        boolean isOk = false;
        String failure = null;
        try
        {
            isOk = run.run();
        }
        catch (final IOException | RuntimeException ex)
        {
            failure = ex.toString();
            screen.print("FAILED: " + failure);
        }
        finally
        {
            run.close();
            screen.endProgress();
        }
        final boolean isWritten = writeJson(file, isOk, failure, usedSeed, run.summary());
        isFinished.countDown();
        removeHook(hook);
        return isOk && isWritten ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private void checkOptions()
    {
        if (!(minutes >= MIN_MINUTES && minutes <= MAX_MINUTES))
        {
            throw bad("--minutes", "must be from " + MIN_MINUTES + " to " + (int)MAX_MINUTES + ": " + minutes, null);
        }
        if (clients < MIN_CLIENTS || clients > MAX_CLIENTS)
        {
            throw bad("--clients", "must be from " + MIN_CLIENTS + " to " + MAX_CLIENTS + ": " + clients, null);
        }
    }

    private Path makeDirectory(final JsonFile file)
    {
        try
        {
            return WorkDirectory.make(parentDirectory, "jcaps-soak-");
        }
        catch (final IOException ex)
        {
            file.abandon();
            throw bad("--directory", "no directory can be made under it: " + ex, ex);
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
            throw bad("--json", "cannot be written: " + ex, ex);
        }
    }

    private RemoteHosts makeHosts(final Path directory)
    {
        try
        {
            final RemoteHosts hosts = new RemoteHosts(directory);
            Soak.attach(hosts.serviceRegion()).close();
            return hosts;
        }
        catch (final CapsException | IOException ex)
        {
            throw bad("--remote", "there is no network for it: " + ex.getMessage(), ex);
        }
    }

    /** Creates the region if there is none, and rejects one that is in use. */
    private void prepareRegion(final Path regionFile)
    {
        final String option = null == region ? "--directory" : "--region";
        try
        {
            Soak.attach(regionFile).close();
            try (RegionState state = new RegionState(regionFile))
            {
                final List<String> entries = state.entries();
                if (!entries.isEmpty())
                {
                    throw bad(option, "the region is in use: " + String.join("; ", entries), null);
                }
            }
        }
        catch (final CapsException | RegionException | IOException | IllegalArgumentException ex)
        {
            throw bad(option, "the region cannot be used: " + ex.getMessage(), ex);
        }
    }

    private boolean writeJson(
        final JsonFile file,
        final boolean isOk,
        final String failure,
        final long usedSeed,
        final Map<String, Object> summary)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("ok", isOk);
        members.put("failure", failure);
        members.put("seed", usedSeed);
        members.put("minutes", minutes);
        members.put("clients", clients);
        members.put("remote", isRemote);
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

    private ParameterException bad(final String option, final String what, final Exception cause)
    {
        return new ParameterException(spec.commandLine(),
            "Invalid value for option '" + option + "': " + what, cause);
    }

    /** Ctrl-C or SIGTERM: ends the run early, with all final checks. */
    private static void onShutdown(final SoakRun run, final CountDownLatch isFinished)
    {
        run.stop();
        try
        {
            isFinished.await();
        }
        catch (final InterruptedException ignore)
        {
            run.close();
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
