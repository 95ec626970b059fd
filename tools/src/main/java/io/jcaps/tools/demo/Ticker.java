/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import java.util.concurrent.TimeUnit;

/**
 * Reports when the next progress report is due; cheap when it is not. Not thread safe.
 */
final class Ticker
{
    private static final int LOOK_MASK = 0x3F;

    private final long intervalNs;
    private long deadlineNs = System.nanoTime();
    private int count;

    Ticker(final long intervalMs)
    {
        intervalNs = TimeUnit.MILLISECONDS.toNanos(intervalMs);
    }

    boolean isDue()
    {
        if ((++count & LOOK_MASK) != 0)
        {
            return false;
        }
        final long nowNs = System.nanoTime();
        if (nowNs - deadlineNs < 0)
        {
            return false;
        }
        deadlineNs = nowNs + intervalNs;
        return true;
    }
}
