/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.portofc;

import io.jcaps.shm.RegionConfig;
import io.jcaps.sys.CapsCred;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.charset.StandardCharsets;

/**
 * Replies "good" to each request, and takes a new generation after each million. Each call is in the place of the C
 * program's {@code caps_sys_...}, with the same arguments and the same errors.
 */
public final class GoodServer
{
    static final String NAME = "test";

    private GoodServer()
    {
    }

    /**
     * Serves until it is ended by Ctrl-C.
     *
     * @param args number of requests to a generation (1000000).
     */
    public static void main(final String[] args)
    {
        final long requestsPerGeneration = args.length > 0 ? Long.parseLong(args[0]) : 1_000_000;
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            CapsSys caps = CapsSys.open(new RegionConfig().path()))
        {
            serve(caps, requestsPerGeneration);
        }
    }

    private static void serve(final CapsSys caps, final long requestsPerGeneration)
    {
        final UnsafeBuffer good = new UnsafeBuffer("good".getBytes(StandardCharsets.US_ASCII));
        final UnsafeBuffer request = new UnsafeBuffer(new byte[256]);
        final CapsMsgId msgid = new CapsMsgId();
        final CapsCred cred = new CapsCred();
        long requestCount = 0;
        long generation = 1;

        final int port = caps.service(NAME, Self.euid(), -1, 0, CapsSys.CAPF_ANYCLIENT);
        if (-1 == port)
        {
            throw new IllegalStateException("caps_sys_service: errno " + caps.errno());
        }
        caps.setgen(port, generation);
        System.out.println("serving on port " + port);
        while (-1 != caps.wait(port, request, request.capacity(), msgid, cred))
        {
            // CAPMS_DISPOSE says that a reply was taken: "good" may be changed again. It never is.
            if (CapsSys.CAPMS_REQUEST == msgid.state)
            {
                // Also to a request that was too long for the buffer: it stays first in line until a thread takes it
                // with a longer buffer, or replies to its id. EINVAL: the client is gone.
                if (-1 == caps.reply(port, good, good.capacity(), msgid.id) && CapsSys.EINVAL != caps.errno())
                {
                    throw new IllegalStateException("caps_sys_reply: errno " + caps.errno());
                }
                if (0 == ++requestCount % requestsPerGeneration)
                {
                    caps.setgen(port, ++generation);
                    System.out.println("generation " + generation + ", the last request was from pid " + cred.pid);
                }
            }
        }
        // EINTR: Ctrl-C.
        if (CapsSys.EINTR != caps.errno())
        {
            throw new IllegalStateException("caps_sys_wait: errno " + caps.errno());
        }
        caps.close(port);
    }
}
