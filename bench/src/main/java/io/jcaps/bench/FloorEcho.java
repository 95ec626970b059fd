/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.File;
import java.nio.MappedByteBuffer;

/**
 * The other JVM of {@link FloorLatency}.
 */
public final class FloorEcho
{
    private static final int POLL_LIMIT = 100_000;

    private FloorEcho()
    {
    }

    /**
     * Echoes until its parent lets it end, then prints the last number.
     *
     * @param args path of the file.
     */
    public static void main(final String[] args)
    {
        final ParentLife parent = ParentLife.watch();
        final MappedByteBuffer mapped = IoUtil.mapExistingFile(new File(args[0]), "words");
        final UnsafeBuffer buffer = new UnsafeBuffer(mapped);
        System.out.println(ChildJvm.READY);
        long number = 0;
        while (parent.isPresent())
        {
            number = echo(buffer, number, POLL_LIMIT);
        }
        System.out.println("last=" + number);
        IoUtil.unmap(mapped);
    }

    private static long echo(final UnsafeBuffer buffer, final long start, final int limit)
    {
        long number = start;
        for (int i = 0; i < limit; i++)
        {
            final long seen = buffer.getLongAcquire(FloorLatency.PING_OFFSET);
            if (seen != number)
            {
                number = seen;
                buffer.putLongRelease(FloorLatency.PONG_OFFSET, seen);
            }
        }
        return number;
    }
}
