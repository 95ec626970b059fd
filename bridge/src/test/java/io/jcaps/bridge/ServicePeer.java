/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A service as a process. It writes the number of each request that it receives, before it replies with the request. It
 * ends with its input.
 */
final class ServicePeer
{
    private ServicePeer()
    {
    }

    public static void main(final String[] args) throws IOException
    {
        final Thread ender = new Thread(ServicePeer::awaitEnd);
        ender.setDaemon(true);
        ender.start();
        final Message request = new Message();
        try (Attachment attachment = Caps.attach(new RegionConfig().path(Path.of(args[0])));
            ServicePort service = attachment.service(TwoHosts.NAME))
        {
            for (int state = 0; state >= 0;)
            {
                state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state)
                {
                    System.out.println(request.buffer().getLong(0));
                    request.reply(request.buffer(), 0, request.length());
                }
            }
        }
    }

    private static void awaitEnd()
    {
        try
        {
            while (System.in.read() >= 0)
            {
                Thread.onSpinWait();
            }
        }
        catch (final IOException ignore)
        {
            // As its end.
        }
        Runtime.getRuntime().halt(0);
    }
}
