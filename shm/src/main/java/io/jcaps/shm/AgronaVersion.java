/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;
import org.agrona.concurrent.AtomicBuffer;

import java.security.CodeSource;

/**
 * Checks that the Agrona that was found on the class path has what jcaps calls. An older one, brought by another
 * library, would fail with a NoSuchMethodError in the middle of a call.
 */
final class AgronaVersion
{
    private static final String NEEDED = "2.6.0";

    private AgronaVersion()
    {
    }

    /**
     * @throws RegionException if it does not: names the version and the jar that were found.
     */
    static void check()
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
