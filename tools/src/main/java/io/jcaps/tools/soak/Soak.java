/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.tools.child.Payload;
import org.agrona.MutableDirectBuffer;
import org.agrona.DirectBuffer;

import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Constants and functions that all processes of the soak share.
 */
final class Soak
{
    /** Length in bytes of a connection's first message, which identifies the connection. */
    static final int HELLO_LENGTH = 16;
    /** Length in bytes of the sequence number with which each later request to another host begins. */
    static final int NUMBER_LENGTH = Long.BYTES;
    /** Prefix of the names of services. */
    static final String SERVICE_PREFIX = "soak.";

    private static final long HELLO = 0x6A63_6170_732E_736FL;
    // Small, so that every cell is used early, and the region fits the 64 MB of a container's /dev/shm.
    private static final Geometry GEOMETRY = new Geometry(32, 64, 24, 32, 32_768);

    private Soak()
    {
    }

    static Attachment attach(final Path regionFile)
    {
        return Caps.attach(new RegionConfig().path(regionFile).geometry(GEOMETRY));
    }

    static void fillHello(final MutableDirectBuffer buffer, final long session)
    {
        buffer.putLong(0, HELLO);
        buffer.putLong(Long.BYTES, session);
    }

    /**
     * @return the connection's number; -1 if the bytes are not those of a first message.
     */
    static long hello(final DirectBuffer buffer, final int length)
    {
        return HELLO_LENGTH == length && HELLO == buffer.getLong(0) ? buffer.getLong(Long.BYTES) : -1;
    }

    /** Length of a request that is not the first one. */
    static int requestLength(
        final long session, final int number, final int messageLimit, final boolean isRemote)
    {
        return isRemote ?
            NUMBER_LENGTH + Ledger.length(session, number, Payload.REQUEST, messageLimit - NUMBER_LENGTH) :
            Ledger.length(session, number, Payload.REQUEST, messageLimit);
    }

    /** Whether an attempt may succeed later: the region is full now, or a stopped process holds its lock. */
    static boolean isPassing(final CapsException ex)
    {
        return switch (ex.status())
        {
            case Status.NO_BUFFERS, Status.TIMED_OUT, Status.NOT_FOUND, Status.NOT_CONNECTED, Status.NO_SPACE -> true;
            default -> false;
        };
    }

    /** Sleeps for a random time below a limit in milliseconds. */
    static void pause(final SplittableRandom random, final int limitMs) throws InterruptedException
    {
        Thread.sleep(random.nextInt(limitMs));
    }

    /** Returns true with a probability of one in {@code count}. */
    static boolean isOneIn(final SplittableRandom random, final int count)
    {
        return 0 == random.nextInt(count);
    }
}
