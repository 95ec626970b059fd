/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.RegionException;
import io.jcaps.table.Registry;
import io.jcaps.wait.Deaths;
import io.jcaps.wait.Sleepers;
import org.agrona.concurrent.Agent;

/**
 * An attachment's look after its peers: which of them have died (R25, B2), which of its own sleeping threads were
 * interrupted, and whether the region is still in its place. It checks its own life lock first: a process that lost it
 * is dead for its peers, and stores nothing more. One {@link #doWork} is one round. Death is proved by the
 * lock that its process held; no clock takes part in it. Between two rounds it waits to be told by the operating system
 * that a process has ended, which makes the next round come at once.
 */
public final class Watch implements Agent
{
    /** Rounds from one look at the region's place to the next. */
    private static final int PLACE_ROUNDS = 16;

    private final OpenPorts openPorts;
    private final Sleepers sleepers;
    private final Deaths deaths;
    // Outside the round, which a close waits for.
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
     * Makes one round. Only one thread at a time may call: the attachment's own, unless it was told to have none.
     *
     * @return number of threads and ports that were notified.
     * @throws RegionException once, if this process lost its life lock: all of its ports are void then.
     */
    @Override
    public int doWork()
    {
        // Made before the call is counted: for want of memory it would never end.
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
        // Also if the round failed: a close may wait for this.
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
            // Again, as a wake-up without a change of the word can come just before its sleep.
            return sleepers.wake();
        }
        deaths.beginRound();
        // What fails in each round, as for one port, must not keep the rest from being looked at.
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
