/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Host;
import org.agrona.concurrent.IdleStrategy;

/**
 * The pause between two rounds of the watch: ends early when a peer's process does.
 */
final class WatchPause implements IdleStrategy
{
    private final Host host;
    private final long intervalNs;

    WatchPause(final Host host, final long intervalNs)
    {
        this.host = host;
        this.intervalNs = intervalNs;
    }

    @Override
    public void idle(final int workCount)
    {
        idle();
    }

    @Override
    public void idle()
    {
        host.awaitEnd(intervalNs);
    }

    @Override
    public void reset()
    {
        // Each pause is the same.
    }
}
