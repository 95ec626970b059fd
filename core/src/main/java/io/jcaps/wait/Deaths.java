/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessEntry;

/**
 * Which peers' processes are proved dead: by the lock that each held, no clock takes part in it (B2). It spreads the
 * looks at many processes over several rounds of the watch. By the thread that makes the rounds.
 */
public final class Deaths
{
    /** Processes looked at in one round, so that many peers cost no more than few. */
    private static final int LOOK_LIMIT = 32;
    /** Rounds at most until each process was looked at. */
    private static final int MAX_STRIDE = 3;
    /**
     * Rounds from one look at a process to the next while the operating system follows it: what it reports of an end
     * only makes us look sooner, the lock is the proof.
     */
    private static final int FOLLOWED_ROUNDS = 16;

    private final Host host;
    private final ProcessEntry process;
    // By index: the round and the incarnation of the last look, and what it found.
    private final long[] lookedAtRound;
    private final long[] lookedAtIncarnation;
    private final boolean[] wasAlive;
    private long round;
    private int stride = 1;
    private int lookCount;
    private int skipCount;

    /**
     * @param host of the region.
     */
    public Deaths(final Host host)
    {
        this.host = host;
        final Geometry geometry = host.header().geometry();
        process = new ProcessEntry(host.tables(), geometry);
        lookedAtRound = new long[geometry.processCount()];
        lookedAtIncarnation = new long[geometry.processCount()];
        wasAlive = new boolean[geometry.processCount()];
    }

    /** A round begins: each process may be checked once again. */
    public void beginRound()
    {
        round++;
        lookCount = 0;
        skipCount = 0;
    }

    /** A round is over: the next ones look at as many processes each as they can. */
    public void endRound()
    {
        stride = Math.max(1, Math.min(MAX_STRIDE, (lookCount + skipCount + LOOK_LIMIT - 1) / LOOK_LIMIT));
    }

    /**
     * @return number of the round, 1 or more once one has begun.
     */
    public long round()
    {
        return round;
    }

    /**
     * Whether a process is proved dead. Each is checked once in a round at most.
     *
     * @param processIndex of its entry, from a link: input.
     * @param incarnation  of the process, from a link: input.
     * @return false while it may be alive.
     */
    public boolean isDead(final int processIndex, final long incarnation)
    {
        // An invalid index is input, too: it names no peer.
        if (processIndex < 0 || processIndex >= wasAlive.length ||
            process.wrap(processIndex).incarnation() != incarnation)
        {
            return true;
        }
        // The entry may be another process's since the look: a proof about the former process does not hold for this
        // one.
        if (lookedAtRound[processIndex] != round || lookedAtIncarnation[processIndex] != incarnation)
        {
            lookedAtRound[processIndex] = round;
            lookedAtIncarnation[processIndex] = incarnation;
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
