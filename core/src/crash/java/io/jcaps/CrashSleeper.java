/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.AtomicBuffer;

/**
 * A thread that sleeps on a port as far as the tables tell, so that a peer has to wake it.
 */
final class CrashSleeper
{
    final Port port;
    private final AtomicBuffer tables;
    private final int wakeSequence;
    private boolean isAsleep = true;

    CrashSleeper(final Port port)
    {
        this.port = port;
        tables = port.host.tables();
        wakeSequence = tables.getIntVolatile(port.entry.wakeOffset());
        tables.getAndAddInt(port.entry.sleepersOffset(), 1);
    }

    /** Whether no thread has woken it. */
    boolean sleepsOn()
    {
        return tables.getIntVolatile(port.entry.wakeOffset()) == wakeSequence;
    }

    void end()
    {
        if (isAsleep && !port.isClosed())
        {
            isAsleep = false;
            tables.getAndAddInt(port.entry.sleepersOffset(), -1);
        }
    }
}
