/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.Credentials;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.AtomicBuffer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * One attachment that does what lines of text tell it: in another virtual machine, or below another class loader. It is
 * reached through {@code java} types alone, and ends when its input does.
 */
public final class ShmPeer implements Function<String, String>
{
    /** Of the regions that peers create: small enough that tests look at every entry. */
    static final Geometry GEOMETRY = new Geometry(8, 8, 4, 4, 1024);

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
        // Whoever started this is gone: end, even if a command sleeps.
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
}
