/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.PortOptions;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A client as a process: region, count. It puts so many requests, prints {@code put}, and takes no reply. It ends
 * with its input.
 */
final class ClientPeer
{
    private ClientPeer()
    {
    }

    public static void main(final String[] args) throws IOException
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[Long.BYTES]);
        try (Attachment attachment = Caps.attach(new RegionConfig().path(Path.of(args[0])));
            ClientPort client = attachment.client(TwoHosts.NAME, new PortOptions().waitForService()))
        {
            for (int i = Integer.parseInt(args[1]); i > 0; i--)
            {
                bytes.putLong(0, -i);
                client.put(bytes, 0, Long.BYTES);
            }
            System.out.println("put");
            System.in.read();
        }
    }
}
