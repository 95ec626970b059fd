/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * Follows the ledgers of all connections. When both ends of one have finished, adds it to the accounts and removes its
 * file. One thread.
 */
final class Books implements AutoCloseable
{
    /** A connection that its service has not noticed within this time is never noticed. */
    private static final long UNKNOWN_LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long OVERDUE_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

    private static final long FORGET_LIMIT_NS = TimeUnit.MINUTES.toNanos(5);

    private final Path directory;
    private final Accounts accounts;
    private final LongFunction<Accounts.Way> ways;
    private final Map<Long, Entry> entries = new HashMap<>();
    private final Set<Integer> endedLives = new HashSet<>();
    private final Map<Long, Long> overSinceNs = new HashMap<>();
    private long lastLookNs = System.nanoTime();

    /**
     * @param directory of the ledgers.
     * @param accounts  to which they are added.
     * @param ways      the path between both ends of a connection, by the time at which it was opened.
     */
    Books(final Path directory, final Accounts accounts, final LongFunction<Accounts.Way> ways)
    {
        this.directory = directory;
        this.accounts = accounts;
        this.ways = ways;
    }

    /** A connection that has not finished. */
    private static final class Entry
    {
        private final Ledger ledger;
        /** Time since the client's end has finished, while the service runs. */
        private long waitedNs;

        private Entry(final Ledger ledger)
        {
            this.ledger = ledger;
        }
    }

    /** Records that a process has exited: it writes nothing any more. */
    void lifeEnded(final int life)
    {
        endedLives.add(life);
    }

    /**
     * Looks at all connections.
     *
     * @param stoppedLives of processes that are alive and stopped.
     */
    void look(final Set<Integer> stoppedLives) throws IOException
    {
        final long nowNs = System.nanoTime();
        final long sinceNs = nowNs - lastLookNs;
        lastLookNs = nowNs;
        openNew(nowNs);
        final Iterator<Entry> iterator = entries.values().iterator();
        while (iterator.hasNext())
        {
            final Entry entry = iterator.next();
            if (isOver(entry, stoppedLives, sinceNs))
            {
                entry.ledger.close();
                Files.deleteIfExists(Ledger.file(directory, entry.ledger.session()));
                iterator.remove();
            }
        }
    }

    /** Number of connections that have not finished. */
    int openCount()
    {
        return entries.size();
    }

    @Override
    public void close()
    {
        entries.values().forEach((entry) -> entry.ledger.close());
        entries.clear();
    }

    private void openNew(final long nowNs) throws IOException
    {
        final List<Long> sessions = new ArrayList<>();
        final List<Long> generations = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory))
        {
            for (final Path file : files)
            {
                sessions.add(Ledger.session(file.getFileName().toString()));
                generations.add(PortNote.generation(file.getFileName().toString()));
            }
        }
        for (final long generation : generations)
        {
            if (generation >= 0)
            {
                forgetIfOver(generation, nowNs);
            }
        }
        for (final long session : sessions)
        {
            if (session >= 0 && !entries.containsKey(session))
            {
                final boolean isClientOver = endedLives.contains(SoakClient.life(session));
                final Ledger ledger = Ledger.open(directory, session);
                if (null != ledger)
                {
                    entries.put(session, new Entry(ledger));
                }
                else if (isClientOver)
                {
                    // The client was killed before its first put.
                    Files.deleteIfExists(Ledger.file(directory, session));
                }
            }
        }
    }

    /** Notes of a finished registration are kept until no connection needs them. */
    private void forgetIfOver(final long generation, final long nowNs) throws IOException
    {
        if (!endedLives.contains(PortNote.life(generation)) && PortNote.CLOSED != PortNote.read(directory, generation))
        {
            return;
        }
        final Long sinceNs = overSinceNs.putIfAbsent(generation, nowNs);
        if (null != sinceNs && nowNs - sinceNs > FORGET_LIMIT_NS &&
            entries.values().stream().noneMatch((entry) -> entry.ledger.generation() == generation))
        {
            PortNote.remove(directory, generation);
            overSinceNs.remove(generation);
        }
    }

    private boolean isOver(final Entry entry, final Set<Integer> stoppedLives, final long sinceNs) throws IOException
    {
        final Ledger ledger = entry.ledger;
        // Read before the state: everything that an exited process wrote is visible then.
        final boolean isClientDead = endedLives.contains(SoakClient.life(ledger.session()));
        final int state = ledger.state();
        if (isClientDead && state < Ledger.DRAINED)
        {
            ledger.clientDead();
            if (state < Ledger.OPEN)
            {
                return true;
            }
        }
        else if (state < Ledger.DRAINED)
        {
            return false;
        }
        final int serviceLife = PortNote.life(ledger.generation());
        if (!stoppedLives.contains(serviceLife))
        {
            entry.waitedNs += sinceNs;
        }
        final Accounts.ServiceEnd serviceEnd = serviceEnd(entry, serviceLife);
        if (null == serviceEnd)
        {
            return false;
        }
        accounts.add(ledger, clientEnd(state), serviceEnd, ways.apply(ledger.openedNs()));
        return true;
    }

    private Accounts.ServiceEnd serviceEnd(final Entry entry, final int serviceLife) throws IOException
    {
        final Ledger ledger = entry.ledger;
        final boolean isDead = endedLives.contains(serviceLife);
        final int note = PortNote.read(directory, ledger.generation());
        if (PortNote.CLOSED == note)
        {
            return Accounts.ServiceEnd.CLOSED;
        }
        if (isDead)
        {
            return PortNote.CLOSING == note ? Accounts.ServiceEnd.KILLED_CLOSING : Accounts.ServiceEnd.KILLED;
        }
        // A client can detect an end before its event arrives here; or it has lost a service that is alive.
        final Accounts.Way way = ways.apply(ledger.openedNs());
        final boolean isEndDue = (Accounts.Way.LOCAL == way || Accounts.Way.STEADY == way) &&
            ledger.isServiceEndTold();
        if (!isEndDue && (ledger.isDone() || 0 == ledger.clientNote(0) ||
            !ledger.isMapped() && entry.waitedNs > UNKNOWN_LIMIT_NS))
        {
            return Accounts.ServiceEnd.OUTLIVED;
        }
        return entry.waitedNs > OVERDUE_LIMIT_NS ? Accounts.ServiceEnd.OVERDUE : null;
    }

    private static Accounts.ClientEnd clientEnd(final int state)
    {
        return switch (state)
        {
            case Ledger.DRAINED -> Accounts.ClientEnd.DRAINED;
            case Ledger.ABANDONED -> Accounts.ClientEnd.ABANDONED;
            case Ledger.STUCK -> Accounts.ClientEnd.STUCK;
            default -> Accounts.ClientEnd.KILLED;
        };
    }
}
