/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.WaitSet;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import org.agrona.CloseHelper;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of the soak, threads of a process of its own: each connects to one service after the other, runs a session on
 * each connection, and sometimes attaches to the region again.
 * <p>
 * Commands: {@code stop}. Reports: {@code finding}, {@code failed}.
 */
final class SoakClient
{
    private static final int SESSION_BITS = 24;
    private static final int REATTACH_RATE = 12;
    private static final int MAX_PAUSE_MS = 100;
    private static final int MAX_CONNECT_MS = 3_000;

    private final Path directory;
    private final Path regionFile;
    private final int life;
    private final int slotCount;
    private final String[] services;
    private final boolean isRemote;
    private final ParentLink parent;
    private final AtomicLong sessionCount = new AtomicLong();
    private volatile boolean isStopped;

    private SoakClient(
        final Path directory,
        final Path regionFile,
        final int life,
        final int slotCount,
        final String[] services,
        final boolean isRemote,
        final ParentLink parent)
    {
        this.directory = directory;
        this.regionFile = regionFile;
        this.life = life;
        this.slotCount = slotCount;
        this.services = services;
        this.isRemote = isRemote;
        this.parent = parent;
    }

    /**
     * @param args directory, region's file, number of this life, seed, slots of a link, clients, names of services,
     *             whether these are on another host.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) -> new SoakClient(
            directory, Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[4]), args[6].split(","),
            Boolean.parseBoolean(args[7]), parent)
            .run(new SplittableRandom(Long.parseLong(args[3])), Integer.parseInt(args[5])));
    }

    /** Number of the process's life that a connection belongs to. */
    static int life(final long session)
    {
        return (int)(session >>> SESSION_BITS);
    }

    private void run(final SplittableRandom random, final int clientCount) throws Exception
    {
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < clientCount; i++)
        {
            final SplittableRandom own = random.split();
            final Thread thread = new Thread(() -> runClient(own), "client-" + i);
            threads.add(thread);
            thread.start();
        }
        while (!"stop".equals(parent.take().word()))
        {
            // There is no other command.
            continue;
        }
        isStopped = true;
        for (final Thread thread : threads)
        {
            thread.join();
        }
    }

    private void runClient(final SplittableRandom random)
    {
        try
        {
            while (!isStopped)
            {
                attach(random);
            }
        }
        catch (final InterruptedException | RuntimeException | Error ex)
        {
            ex.printStackTrace();
            parent.tell(new Line("failed").with("what", "client, life " + life + ": " + ex));
        }
    }

    private void attach(final SplittableRandom random) throws InterruptedException
    {
        try (Attachment attachment = Soak.attach(regionFile))
        {
            do
            {
                connect(attachment, random);
                Soak.pause(random, MAX_PAUSE_MS);
            }
            while (!isStopped && !Soak.isOneIn(random, REATTACH_RATE));
        }
        catch (final CapsException ex)
        {
            passOn(ex, random);
        }
    }

    private void connect(final Attachment attachment, final SplittableRandom random) throws InterruptedException
    {
        final PortOptions options = new PortOptions()
            .flags(PortFlags.USER | (random.nextInt(4) == 0 ? 0 : PortFlags.WAITSVC))
            .connectTimeout(random.nextInt(MAX_CONNECT_MS), TimeUnit.MILLISECONDS)
            .singleThreaded(random.nextBoolean())
            .spinCount(random.nextInt(100))
            .prefaultLength(Soak.isOneIn(random, 8) ? attachment.messageLimit() : 0);
        final ClientPort port;
        try
        {
            port = attachment.client(services[random.nextInt(services.length)], options);
        }
        catch (final CapsException ex)
        {
            passOn(ex, random);
            return;
        }
        final Ledger ledger = Ledger.create(directory, (long)life << SESSION_BITS | sessionCount.incrementAndGet());
        final WaitSet waitSet = Soak.isOneIn(random, 3) ? waitSet(attachment) : null;
        try
        {
            if (null != waitSet)
            {
                waitSet.add(port);
            }
            new Session(ledger, port, waitSet, attachment.messageLimit(), slotCount, random, this::tellFinding,
                isRemote)
                .run(() -> isStopped);
        }
        finally
        {
            CloseHelper.closeAll(waitSet, port, ledger);
        }
    }

    private static WaitSet waitSet(final Attachment attachment)
    {
        try
        {
            return attachment.waitSet();
        }
        catch (final CapsException ex)
        {
            if (!Soak.isPassing(ex))
            {
                throw ex;
            }
            return null;
        }
    }

    private static void passOn(final CapsException ex, final SplittableRandom random) throws InterruptedException
    {
        if (!Soak.isPassing(ex))
        {
            throw ex;
        }
        Soak.pause(random, MAX_PAUSE_MS);
    }

    private void tellFinding(final String what)
    {
        parent.tell(new Line("finding").with("what", "client, life " + life + ": " + what));
    }
}
