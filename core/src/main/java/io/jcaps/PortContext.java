/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.table.ErrorLog;
import io.jcaps.table.Peers;
import io.jcaps.table.Registry;
import io.jcaps.table.WakeUps;
import io.jcaps.wait.Doorbell;
import io.jcaps.wait.Sleepers;

/**
 * The objects that the ports of one attachment share. Any thread may use it.
 */
final class PortContext
{
    final Host host;
    final Registry registry;
    final Peers peers;
    final ErrorLog errors;
    final WakeUps wakeUps;
    final Sleepers sleepers;
    final CallsInFlight calls = new CallsInFlight();
    // The watch has found that the region was removed or replaced: nothing is opened or put any more.
    private volatile boolean isRetired;
    // The last close of a service did not get the tables' lock in time.
    private volatile boolean isTablesLockMissed;

    /**
     * @param isWatched whether a thread of the attachment makes the rounds of the watch.
     */
    PortContext(final Host host, final Registry registry, final boolean isWatched)
    {
        this.host = host;
        this.registry = registry;
        errors = new ErrorLog(host, registry.processIndex(), registry.incarnation());
        sleepers = new Sleepers(host);
        peers = new Peers(host, isWatched);
        wakeUps = new WakeUps(host, peers, errors);
    }

    /**
     * Wakes threads that sleep on a port, outside the gate. The caller has stored before what they should see. Nothing
     * is stored if the attachment has left the region in the meantime: its close has woken them.
     *
     * @return number of system calls.
     */
    int ring(final Doorbell doorbell, final int limit)
    {
        final long sleepers = doorbell.look();
        return 0 == sleepers ? 0 : wake(doorbell, sleepers, limit);
    }

    private int wake(final Doorbell doorbell, final long sleepers, final int limit)
    {
        if (!calls.begin())
        {
            return 0;
        }
        try
        {
            return wakeUps.wake(doorbell, sleepers, limit);
        }
        finally
        {
            calls.end();
        }
    }

    boolean isRetired()
    {
        return isRetired;
    }

    void retire()
    {
        isRetired = true;
    }

    boolean isTablesLockMissed()
    {
        return isTablesLockMissed;
    }

    void tablesLockMissed(final boolean isMissed)
    {
        isTablesLockMissed = isMissed;
    }
}
