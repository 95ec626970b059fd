/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;

import java.security.CodeSource;

/**
 * Checks that the Agrona on the class path has the methods that jcaps calls. Without the check, an older Agrona, which
 * another library depends on, would cause a NoSuchMethodError in the middle of a call.
 */
public final class AgronaVersion
{
    private static final String NEEDED = "2.6.0";

    private AgronaVersion()
    {
    }

    /**
     * @throws RegionException if Agrona is too old: the message names its version and jar, and the version to use.
     */
    public static void check()
    {
        check(AtomicBuffer.class);
    }

    static void check(final Class<?> atomicBuffer)
    {
        try
        {
            // The last of the access modes that Agrona added to its buffers, and of those that jcaps uses.
            atomicBuffer.getMethod("getLongOpaque", int.class);
            atomicBuffer.getMethod("getLongAcquire", int.class);
            atomicBuffer.getMethod("putLongRelease", int.class, long.class);
        }
        catch (final NoSuchMethodException ex)
        {
            final String version = atomicBuffer.getPackage().getImplementationVersion();
            final CodeSource source = atomicBuffer.getProtectionDomain().getCodeSource();
            throw new RegionException("the Agrona on the class path is too old: version " +
                (null == version ? "unknown" : version) + " in " + (null == source ? "?" : source.getLocation()) +
                " lacks " + ex.getMessage() + ": put Agrona " + NEEDED + " or later before it", ex);
        }
    }
}
