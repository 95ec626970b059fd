/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Whether the calling thread is a virtual one, which JDK 21 introduced. A virtual thread that sleeps in the kernel
 * pins its carrier: as many of them as there are cores stop all others. So it must park instead.
 */
public final class VirtualThreads
{
    private static final MethodHandle IS_VIRTUAL = find();

    private VirtualThreads()
    {
    }

    /**
     * @return false also on a JDK without virtual threads.
     */
    public static boolean isCurrent()
    {
        if (null == IS_VIRTUAL)
        {
            return false;
        }
        try
        {
            return (boolean)IS_VIRTUAL.invokeExact(Thread.currentThread());
        }
        catch (final Throwable ex)
        {
            throw new IllegalStateException("Thread.isVirtual failed", ex);
        }
    }

    private static MethodHandle find()
    {
        try
        {
            return MethodHandles.publicLookup().findVirtual(
                Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        }
        catch (final ReflectiveOperationException ex)
        {
            return null;
        }
    }
}
