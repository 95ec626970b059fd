/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.ProcessEntry;

/**
 * Finds which peers' processes are proved dead (B2). The proof is the life lock that each held, and never a clock. The
 * checks of many processes are spread over several rounds of the watch. Used by the thread that makes the rounds.
 */
public final class Deaths
{
    /** Processes that are checked in one round, unless that would take more than {@link #MAX_STRIDE} rounds for all. */
    private static final int LOOK_LIMIT = 32;
    /** Most rounds until each process that is not followed was checked. */
    private static final int MAX_STRIDE = 3;
    /**
     * Rounds from one check of a process to the next while the operating system follows it. A reported end only makes
     * the next check come sooner: the lock is the proof.
     */
    private static final int FOLLOWED_ROUNDS = 16;

    private final Host host;
    private final ProcessEntry process;
    // By index: the round and the incarnation of the last check, and its result.
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

    /** Begins a round: each process may be checked once again. */
    public void beginRound()
    {
        round++;
        lookCount = 0;
        skipCount = 0;
    }

    /** Ends a round, and decides over how many rounds the checks are spread from now on. */
    public void endRound()
    {
        stride = Math.max(1, Math.min(MAX_STRIDE, (lookCount + skipCount + LOOK_LIMIT - 1) / LOOK_LIMIT));
    }

    /**
     * @return number of the round, counted from 1; 0 before the first.
     */
    public long round()
    {
        return round;
    }

    /**
     * Whether a process is proved dead, or has left the region. Each process is checked at most once in a round.
     *
     * @param processIndex of its entry, from a link: input.
     * @param incarnation  of the process, from a link: input.
     * @return false as long as the process may be present.
     */
    public boolean isDead(final int processIndex, final long incarnation)
    {
        // An invalid index is input, too: it names no peer.
        if (processIndex < 0 || processIndex >= wasAlive.length ||
            process.wrap(processIndex).incarnation() != incarnation)
        {
            return true;
        }
        // The entry may have another process since the last check, whose result does not hold for this one.
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
