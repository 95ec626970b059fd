/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What a program does that is deployed, used and removed: attaches to a region, makes a call, closes.
 */
public final class DeployedPeer implements Function<String, String>
{
    /**
     * Made by a class loader of its own.
     */
    public DeployedPeer()
    {
    }

    /**
     * @param path of the region.
     * @return how threads sleep there.
     */
    @Override
    public String apply(final String path)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
        final Message message = new Message();
        try (Attachment caps = Caps.attach(new RegionConfig().path(Path.of(path)));
            ServicePort service = caps.service("deployed");
            ClientPort client = caps.client("deployed"))
        {
            client.put(bytes, 0, 100);
            check(MessageState.REQUEST == service.await(message, Long.MAX_VALUE));
            check(Status.OK == message.reply(bytes, 0, 100));
            check(MessageState.REPLY == client.await(message, Long.MAX_VALUE));
            message.release();
            check(Status.TIMED_OUT == client.await(message, TimeUnit.MILLISECONDS.toNanos(1)));
            return caps.sleepMode();
        }
    }

    private static void check(final boolean condition)
    {
        if (!condition)
        {
            throw new IllegalStateException();
        }
    }
}
