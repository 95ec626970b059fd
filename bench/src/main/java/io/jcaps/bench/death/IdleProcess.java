/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.death;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.ParentLife;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;

/**
 * An idle JVM: a client that sleeps until its parent ends it. Then it prints the share of a core that its watch has
 * used.
 */
public final class IdleProcess
{
    private static final String WATCH_NAME = "jcaps-watch";

    private IdleProcess()
    {
    }

    /**
     * @param args region, name of the service.
     */
    public static void main(final String[] args)
    {
        final ParentLife parent = ParentLife.watch();
        try (Attachment attachment = ChildJvm.started(
            () -> Caps.attach(new RegionConfig().path(Path.of(args[0])).createIfMissing(false)));
            ClientPort client = attachment.client(args[1], new PortOptions().flags(PortFlags.USER)))
        {
            parent.onEnd(client::close);
            final long beginNs = System.nanoTime();
            final long beginCpuNs = watchCpuNs();
            System.out.println(ChildJvm.READY);
            client.await(new Message(), Long.MAX_VALUE);
            System.out.println((watchCpuNs() - beginCpuNs) + " " + (System.nanoTime() - beginNs));
        }
    }

    private static long watchCpuNs()
    {
        final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (final long threadId : threads.getAllThreadIds())
        {
            if (WATCH_NAME.equals(threads.getThreadInfo(threadId).getThreadName()))
            {
                return threads.getThreadCpuTime(threadId);
            }
        }
        throw new IllegalStateException("no thread is called " + WATCH_NAME);
    }
}
