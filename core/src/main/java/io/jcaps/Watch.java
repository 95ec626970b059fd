/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessEntry;
import org.agrona.concurrent.Agent;

/**
 * An attachment's look after its peers: which of them have died (R25, B2), which of its own sleeping threads were
 * interrupted, and whether the region is still in its place. One {@link #doWork} is one round. Death is proved by the
 * lock that its process held; no clock takes part in it. Between two rounds it waits to be told by the operating system
 * that a process has ended, which makes the next round come at once.
 */
public final class Watch implements Agent
{
    /** Rounds from one look at the region's place to the next. */
    private static final int PLACE_ROUNDS = 16;
    /** Processes looked at in one round, so that many peers cost no more than few. */
    private static final int LOOK_LIMIT = 32;
    /** Rounds at most until each process was looked at. */
    private static final int MAX_STRIDE = 3;
    /**
     * Rounds from one look at a process to the next while the operating system follows it: what it says of an end only
     * makes us look sooner, the lock is the proof.
     */
    private static final int FOLLOWED_ROUNDS = 16;

    private final Attachment attachment;
    private final Host host;
    private final ProcessEntry process;
    private final long[] lookedAtRound;
    private final boolean[] wasAlive;
    private long round;
    private int stride = 1;
    private int lookCount;
    private int skipCount;

    Watch(final Attachment attachment)
    {
        this.attachment = attachment;
        host = attachment.host();
        final Geometry geometry = host.header().geometry();
        process = new ProcessEntry(host.tables(), geometry);
        lookedAtRound = new long[geometry.processCount()];
        wasAlive = new boolean[geometry.processCount()];
    }

    /**
     * Makes one round. Only one thread at a time may call: the attachment's own, unless it was told to have none.
     *
     * @return number of threads and ports that were told something.
     */
    @Override
    public int doWork()
    {
        round++;
        lookCount = 0;
        skipCount = 0;
        attachment.watchPorts(this);
        stride = Math.max(1, Math.min(MAX_STRIDE, (lookCount + skipCount + LOOK_LIMIT - 1) / LOOK_LIMIT));
        if (round % PLACE_ROUNDS == 0)
        {
            attachment.watchPlace();
        }
        return attachment.wakeInterrupted();
    }

    /**
     * @return {@code jcaps-watch}.
     */
    @Override
    public String roleName()
    {
        return "jcaps-watch";
    }

    /**
     * Whether a process is proved dead. Each is looked at once in a round at most.
     */
    boolean isDead(final int processIndex, final long incarnation)
    {
        // An index that cannot be is input, too: nobody is there.
        if (processIndex < 0 || processIndex >= wasAlive.length ||
            process.wrap(processIndex).incarnation() != incarnation)
        {
            return true;
        }
        if (lookedAtRound[processIndex] != round)
        {
            lookedAtRound[processIndex] = round;
            if (host.isFollowed(processIndex))
            {
                wasAlive[processIndex] = (processIndex + round) % FOLLOWED_ROUNDS != 0 || host.isAlive(processIndex);
            }
            else if ((processIndex + round) % stride == 0)
            {
                wasAlive[processIndex] = host.isAlive(processIndex);
                lookCount++;
            }
            else
            {
                wasAlive[processIndex] = true;
                skipCount++;
            }
        }
        return !wasAlive[processIndex];
    }
}
