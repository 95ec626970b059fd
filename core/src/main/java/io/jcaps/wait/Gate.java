/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A spin lock that serialises one port's threads. It is held for some tens of nanoseconds, and a thread that holds it
 * never waits. On a single-threaded port it does nothing. Not reentrant.
 */
public final class Gate
{
    private static final int SPIN_COUNT = 100;
    private static final int YIELD_COUNT = 20;
    private static final VarHandle HELD;

    static
    {
        try
        {
            HELD = MethodHandles.lookup().findVarHandle(Gate.class, "held", int.class);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new ExceptionInInitializerError(ex);
        }
    }

    private final boolean isShared;
    @SuppressWarnings("unused") // by HELD
    private int held;

    public Gate(final boolean isShared)
    {
        this.isShared = isShared;
    }

    public boolean isShared()
    {
        return isShared;
    }

    public void enter()
    {
        if (isShared && !HELD.compareAndSet(this, 0, 1))
        {
            contend();
        }
    }

    public void exit()
    {
        if (isShared)
        {
            // [gate] release: pairs with the compare and set in enter(); the next thread sees what this one did.
            HELD.setRelease(this, 0);
        }
    }

    private void contend()
    {
        for (int i = 0;; i++)
        {
            if ((int)HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1))
            {
                return;
            }
            if (i < SPIN_COUNT)
            {
                Thread.onSpinWait();
            }
            else if (i < SPIN_COUNT + YIELD_COUNT)
            {
                Thread.yield();
            }
            else
            {
                // The holder has lost its core: leave it this one.
                LockSupport.parkNanos(1_000);
            }
        }
    }
}
