/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Failures;
import io.jcaps.layout.RegionException;
import io.jcaps.table.Registry;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Sleepers;
import org.agrona.concurrent.Agent;

/**
 * Watches over one attachment: which of its peers have died (R25, B2), which of its own sleeping threads were
 * interrupted, and whether the region is still at its place. One {@link #doWork} is one round. A round first checks the
 * process's own life lock: the peers treat a process that lost it as dead, so all of its ports become void. A peer's
 * death is proved by the lock that the peer held, never by a clock.
 */
public final class Watch implements Agent
{
    /** Rounds from one check of the region's place to the next. */
    private static final int PLACE_ROUNDS = 16;

    private final OpenPorts openPorts;
    private final Sleepers sleepers;
    private final Deaths deaths;
    // Called outside the round, for whose end a close waits.
    private final Runnable afterRound;
    private boolean isLossReported;

    Watch(final OpenPorts openPorts, final Runnable afterRound)
    {
        this.afterRound = afterRound;
        this.openPorts = openPorts;
        sleepers = openPorts.context.sleepers;
        deaths = new Deaths(openPorts.context.host);
    }

    /**
     * Makes one round. Only one thread at a time may call. If the attachment has a thread for its watch, no other may.
     * If a step fails, the others are still taken, and the first failure is thrown.
     *
     * @return number of sleeping threads that were woken: because they were interrupted, or because this process lost
     * its life lock.
     * @throws RegionException once, if this process lost its life lock: all of its ports are void then.
     */
    @Override
    public int doWork()
    {
        // Allocated before the call is counted: if there is no memory, no count is left behind.
        final Failures failures = new Failures();
        // The attachment's close waits for this one.
        if (!openPorts.context.calls.begin())
        {
            return 0;
        }
        int count = 0;
        try
        {
            count = makeRound();
        }
        catch (final Throwable ex)
        {
            failures.add(ex);
        }
        finally
        {
            openPorts.context.calls.end();
        }
        // Also if the round failed, because a close may wait for this.
        failures.run(afterRound);
        failures.rethrow();
        return count;
    }

    private int makeRound()
    {
        if (!openPorts.holdsLife())
        {
            if (!isLossReported)
            {
                isLossReported = true;
                throw new RegionException(Registry.LOST + openPorts.context.host.place());
            }
            // In each round, because a thread may be just about to sleep.
            return sleepers.wake();
        }
        deaths.beginRound();
        // A step that fails in each round, for example for one port, must not keep the others from being taken.
        final Failures failures = new Failures();
        failures.run(openPorts.context.wakeUps::wakeOwed);
        openPorts.watch(deaths, failures);
        deaths.endRound();
        if (deaths.round() % PLACE_ROUNDS == 0)
        {
            failures.run(openPorts::watchPlace);
        }
        final int wokenCount = sleepers.wakeInterrupted();
        failures.rethrow();
        return wokenCount;
    }

    /**
     * @return {@code jcaps-watch}.
     */
    @Override
    public String roleName()
    {
        return "jcaps-watch";
    }
}
