/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.portofc;

import io.jcaps.shm.RegionConfig;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.charset.StandardCharsets;

/**
 * Sends requests repeatedly, reports a changed generation, and connects again when the server has gone.
 */
public final class GoodClient
{
    private static final int CLIENT_FLAGS = CapsSys.CAPF_USER | CapsSys.CAPF_WAITSVC;

    private final UnsafeBuffer request = new UnsafeBuffer("hello".getBytes(StandardCharsets.US_ASCII));
    private final UnsafeBuffer reply = new UnsafeBuffer(new byte[256]);
    private final CapsMsgId msgid = new CapsMsgId();
    private final CapsSys caps;
    private long generation = -1;
    private long goodCount;

    private GoodClient(final CapsSys caps)
    {
        this.caps = caps;
    }

    /**
     * Asks.
     *
     * @param args number of replies after which it ends (3000000).
     */
    public static void main(final String[] args)
    {
        final long count = args.length > 0 ? Long.parseLong(args[0]) : 3_000_000;
        try (CapsSys caps = CapsSys.open(new RegionConfig().path()))
        {
            final GoodClient client = new GoodClient(caps);
            while (client.goodCount < count)
            {
                client.connectAndAsk(count);
            }
            System.out.println(client.goodCount + " good");
        }
    }

    private void connectAndAsk(final long count)
    {
        // Waits until there is a server.
        final int port = caps.client(GoodServer.NAME, Self.euid(), -1, 0, CLIENT_FLAGS);
        if (-1 == port)
        {
            throw new IllegalStateException("caps_sys_client: errno " + caps.errno());
        }
        System.out.println("connected");
        while (goodCount < count && ask(port))
        {
            final long now = caps.getgen(port);
            if (generation != now)
            {
                System.out.println("generation " + now);
                generation = now;
            }
        }
        caps.close(port);
    }

    /** Returns false if the server is gone. */
    private boolean ask(final int port)
    {
        final long id = caps.put(port, request, request.capacity());
        if (-1 == id)
        {
            return isGone("caps_sys_put");
        }
        final int length = caps.wait(port, reply, reply.capacity(), msgid, null);
        if (-1 == length)
        {
            return isGone("caps_sys_wait");
        }
        // In the original, an automatic reply of the kernel looks like an empty one; here msgid.outcome distinguishes
        // them.
        if (id != msgid.id || 0 == msgid.outcome && !"good".equals(reply.getStringWithoutLengthAscii(0, length)))
        {
            throw new IllegalStateException("unexpected reply of " + length + " bytes: " + msgid);
        }
        if (0 == msgid.outcome)
        {
            goodCount++;
        }
        return true;
    }

    private boolean isGone(final String call)
    {
        if (CapsSys.ENOTCONN != caps.errno())
        {
            throw new IllegalStateException(call + ": errno " + caps.errno());
        }
        System.out.println("server gone after " + goodCount + " good");
        return false;
    }
}
