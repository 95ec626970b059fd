/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.death;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.ParentLife;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The JVM that is killed: a service that receives one request, reports it, and never replies.
 */
public final class DeathService
{
    /** The line that it prints when it has received the request. */
    static final String RECEIVED = "RECEIVED";

    private static final int MEBIBYTE = 1 << 20;

    private DeathService()
    {
    }

    /**
     * @param args region, name of the service, mebibytes of heap to touch.
     */
    public static void main(final String[] args)
    {
        final ParentLife parent = ParentLife.watch();
        final byte[][] heap = touch(Integer.parseInt(args[2]));
        try (Attachment attachment = ChildJvm.started(
            () -> Caps.attach(new RegionConfig().path(Path.of(args[0])).createIfMissing(false)));
            ServicePort service = attachment.service(args[1], new PortOptions().flags(PortFlags.USER)))
        {
            parent.onEnd(service::close);
            System.out.println(ChildJvm.READY);
            final Message request = new Message();
            service.await(request, Long.MAX_VALUE);
            System.out.println(RECEIVED);
            // Waits until it is killed, or its parent exits.
            service.await(request, Long.MAX_VALUE);
        }
        Reference.reachabilityFence(heap);
    }

    private static byte[][] touch(final int mebibyteCount)
    {
        final byte[][] heap = new byte[mebibyteCount][MEBIBYTE];
        for (final byte[] block : heap)
        {
            Arrays.fill(block, (byte)1);
        }
        return heap;
    }
}
