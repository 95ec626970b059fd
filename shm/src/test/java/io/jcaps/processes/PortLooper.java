/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that opens and closes a service again and again while others use the same tables, and measures how long
 * each open takes: it needs the tables' lock. For a line on its input it prints how many there were since the last line
 * and the longest of them in nanoseconds. It exits at the end of its input.
 */
public final class PortLooper
{
    private static final long PAUSE_NS = 10_000_000;

    private static long count;
    private static long maxNs;

    private PortLooper()
    {
    }

    /**
     * @param args path of the region, name of the service.
     * @throws IOException if the pipe breaks.
     */
    public static void main(final String[] args) throws IOException
    {
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        final Thread loop = new Thread(() -> loop(Path.of(args[0]), args[1]));
        loop.setDaemon(true);
        loop.start();
        while (null != input.readLine())
        {
            System.out.println(report());
            System.out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static void loop(final Path region, final String name)
    {
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        try (Attachment attachment = Caps.attach(new RegionConfig().path(region)))
        {
            while (true)
            {
                final long startNs = System.nanoTime();
                attachment.service(name, options).close();
                add(System.nanoTime() - startNs);
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        catch (final RuntimeException ex)
        {
            System.out.println("!" + ex);
            System.out.flush();
        }
    }

    private static synchronized void add(final long ns)
    {
        count++;
        maxNs = Math.max(maxNs, ns);
    }

    private static synchronized String report()
    {
        final String report = count + " " + maxNs;
        count = 0;
        maxNs = 0;
        return report;
    }
}
