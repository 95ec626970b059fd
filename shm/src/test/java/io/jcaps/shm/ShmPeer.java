/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.Credentials;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.RegionErrors;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.inspect.StaleFiles;
import io.jcaps.shm.os.ProcessInfo;
import org.agrona.IoUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * One attachment that does what lines of text tell it: in another JVM, or below another class loader. It is
 * reached through {@code java} types alone, and ends when its input does.
 */
public final class ShmPeer implements Function<String, String>
{
    /** Of the regions that peers create: small enough that tests look at every entry. */
    static final Geometry GEOMETRY = new Geometry(8, 8, 4, 4, 1024);

    /** Until the classes are loaded, and a round takes no longer than it has to. */
    private static final int WARM_ROUNDS = 20;
    /** From one lock file to the next: who makes one pauses, and that would be most of the time. */
    private static final int LOCK_FILE_ROUNDS = 4;

    private static final int MCL_FUTURE = 2;

    private ShmHost host;

    /**
     * @param args none.
     * @throws IOException if the pipe breaks.
     */
    public static void main(final String[] args) throws IOException
    {
        final ShmPeer peer = new ShmPeer();
        final ExecutorService executor = Executors.newSingleThreadExecutor();
        final BufferedReader input =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); null != line; line = input.readLine())
        {
            final String command = line;
            executor.execute(
                () ->
                {
                    System.out.println(peer.apply(command));
                    System.out.flush();
                });
        }
        // The parent has exited: halt, even if a command sleeps.
        Runtime.getRuntime().halt(0);
    }

    /**
     * @param line command and arguments.
     * @return its answer in one line; {@code !} and the exception if it failed.
     */
    @Override
    public String apply(final String line)
    {
        try
        {
            return String.valueOf(execute(line.split(" ")));
        }
        catch (final Exception ex)
        {
            return "!" + ex.toString().replace('\n', ' ');
        }
    }

    private Object execute(final String[] words)
    {
        final int number = words.length > 1 && words[1].matches("-?[0-9]+") ? Integer.parseInt(words[1]) : 0;
        return switch (words[0])
        {
            case "open" ->
            {
                host = ShmHost.open(new RegionConfig().path(Path.of(words[1])).geometry(GEOMETRY)
                    .access(Access.valueOf(words[2])));
                yield host.header().regionId();
            }
            case "pid" -> ProcessInfo.find().self().pid();
            case "hold" -> host.holdLife(number);
            case "drop" ->
            {
                host.dropLife(number);
                yield "dropped";
            }
            case "holds" -> host.holdsLife(number);
            case "alive" -> host.isAlive(number);
            case "attest" ->
            {
                final Credentials credentials = host.attest(number);
                yield Credentials.UNKNOWN == credentials ? "unknown" : credentials;
            }
            case "lock" -> host.lockTables(number);
            case "unlock" ->
            {
                host.unlockTables();
                yield "unlocked";
            }
            case "mode" -> host.sleepMode();
            case "get" -> host.tables().getIntVolatile(number);
            case "put" ->
            {
                host.tables().putIntVolatile(number, Integer.parseInt(words[2]));
                host.wake(number, Integer.MAX_VALUE);
                yield "put";
            }
            case "sleep" ->
            {
                host.sleep(number, Integer.parseInt(words[2]), Long.MAX_VALUE);
                yield "woke";
            }
            case "await" -> await(host.tables(), number, Integer.parseInt(words[2]));
            case "pong" -> pong(host.tables(), number, Integer.parseInt(words[2]));
            case "race" -> race(Path.of(words[1]), Path.of(words[2]), Integer.parseInt(words[3]),
                Integer.parseInt(words[4]));
            case "churn" -> churn(Path.of(words[1]));
            case "look" -> look(Path.of(words[1]), Access.valueOf(words[2]), Integer.parseInt(words[3]));
            case "make" -> make(Path.of(words[1]), Access.valueOf(words[2]), Integer.parseInt(words[3]));
            case "lockall" -> Attacker.call("mlockall", MCL_FUTURE);
            case "map" -> host.link(number).capacity();
            case "close" ->
            {
                host.close();
                yield "closed";
            }
            default -> throw new IllegalArgumentException(String.join(" ", words));
        };
    }

    private String await(final AtomicBuffer tables, final int offset, final int value)
    {
        for (int seen = tables.getIntVolatile(offset); seen != value; seen = tables.getIntVolatile(offset))
        {
            host.sleep(offset, seen, Long.MAX_VALUE);
        }
        return "seen";
    }

    /** Answers each change of one word with the same value in the next line. */
    private String pong(final AtomicBuffer tables, final int offset, final int count)
    {
        for (int i = 1; i <= count; i++)
        {
            await(tables, offset, i);
            tables.putIntVolatile(offset + 64, i);
            host.wake(offset + 64, 1);
        }
        return "done";
    }

    /**
     * Opens one region after the other at the same time as another peer does: ids of the regions.
     *
     * @param barrier file of two words, one for each peer, that says which round it has come to.
     */
    private static String race(final Path directory, final Path barrier, final int self, final int rounds)
    {
        final StringBuilder ids = new StringBuilder();
        final UnsafeBuffer words = new UnsafeBuffer(IoUtil.mapExistingFile(barrier.toFile(), "barrier"));
        for (int round = 1; round <= rounds; round++)
        {
            words.putIntRelease(self * 64, round);
            while (words.getIntAcquire((1 - self) * 64) < round)
            {
                Thread.onSpinWait();
            }
            final Path path = directory.resolve("round" + round).resolve("region");
            try (ShmHost opened = ShmHost.open(new RegionConfig().path(path).geometry(GEOMETRY)))
            {
                ids.append(opened.header().regionId()).append(opened.isCurrent() ? " " : "! ");
            }
        }
        return ids.toString().trim();
    }

    /** Creates a region and removes it, repeatedly, until it is ended. */
    private static String churn(final Path path)
    {
        final RegionConfig config = new RegionConfig().path(path).geometry(GEOMETRY).conclude();
        for (int round = 0; true; round++)
        {
            if (WARM_ROUNDS == round)
            {
                System.out.println("churning");
                System.out.flush();
            }
            ShmHost.open(config).close();
            delete(config.path());
            if (0 == round % LOCK_FILE_ROUNDS)
            {
                delete(config.lockPath());
            }
        }
    }

    /** Makes so many regions, each with a directory. */
    private static String make(final Path directory, final Access access, final int count)
    {
        for (int i = 0; i < count; i++)
        {
            final Path path = directory.resolve("made" + i).resolve("region");
            ShmHost.open(new RegionConfig().path(path).geometry(GEOMETRY).access(access)).close();
        }
        return "made";
    }

    /** Looks so often at a region that another user swaps: how often it was seen by each kind of look. */
    private static String look(final Path path, final Access access, final int count)
    {
        final List<Runnable> looks = List.of(
            () -> RegionView.open(path, access).close(),
            () -> RegionView.open(path).close(),
            () ->
            {
                try
                {
                    RegionErrors.read(path);
                }
                catch (final IOException ex)
                {
                    throw new UncheckedIOException(ex);
                }
            },
            () -> StaleFiles.find(path, access, true),
            () -> StaleFiles.remove(path, access, false));
        final int[] seen = new int[looks.size()];
        for (int i = 0; i < count; i++)
        {
            for (int kind = 0; kind < seen.length; kind++)
            {
                try
                {
                    looks.get(kind).run();
                    seen[kind]++;
                }
                catch (final RegionException | UncheckedIOException ex)
                {
                    // It was swapped just then.
                    continue;
                }
            }
        }
        return Arrays.toString(seen);
    }

    private static void delete(final Path path)
    {
        try
        {
            Files.delete(path);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }
}
