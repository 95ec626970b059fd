/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.ParentLife;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.contender.Contenders;
import org.agrona.IoUtil;

import java.nio.file.Path;

/**
 * The JVM of the server: serves until its parent ends it, then prints its counters.
 */
public final class CellServer
{
    private static final int BATCH_COUNT = 1_000;
    /** Batches of a server that sleeps, which serves fewer requests in the same time. */
    private static final int BLOCKING_BATCH_COUNT = 20;
    private static final int SERVE_LIMIT = 16;

    private final EchoServer server;
    private final FloorProbe.Server probe;
    private final Waiting waiting;
    /**
     * Batches between two checks. A server that sleeps returns after each request: the client may ask for a probe after
     * any.
     */
    private final int batchCount;
    private final int serveLimit;
    private final CpuTrace cpu = new CpuTrace();
    private long servedCount;

    private CellServer(final Cell cell, final EchoServer server, final FloorProbe.Server probe)
    {
        this.server = server;
        this.probe = probe;
        waiting = cell.waiting();
        final boolean isOneAtATime = Waiting.BLOCK == waiting && null != probe;
        batchCount = isOneAtATime ? 1 : Waiting.BLOCK == waiting ? BLOCKING_BATCH_COUNT : BATCH_COUNT;
        serveLimit = isOneAtATime ? 1 : SERVE_LIMIT;
    }

    /**
     * @param args a cell as JSON, and a directory.
     */
    public static void main(final String[] args)
    {
        final Cell cell = Cell.fromJson(args[0]);
        final Path directory = Path.of(args[1]);
        final ParentLife parent = ParentLife.watch();
        Pinning.SERVER.apply(cell.tuning());
        try (EchoServer server = ChildJvm.started(
                () -> Contenders.byName(cell.contender()).serve(cell, directory));
            FloorProbe.Server probe = ChildJvm.started(() -> FloorProbe.Server.open(cell, directory)))
        {
            parent.onEnd(() ->
            {
                server.wake();
                if (null != probe)
                {
                    probe.wake();
                }
            });
            System.out.println(ChildJvm.READY);
            System.out.println(new CellServer(cell, server, probe).serve(parent).toJson());
        }
        finally
        {
            // The parent deletes the directory, too; but if it ended this JVM while that started, it has done so too
            // early.
            IoUtil.delete(directory.toFile(), true);
        }
    }

    private ServerResult serve(final ParentLife parent)
    {
        try
        {
            final AllocationTrace trace = new AllocationTrace();
            while (parent.isPresent())
            {
                serveBatch();
                trace.sample(servedCount);
                if (null != probe && probe.isAsked(servedCount))
                {
                    cpu.beforeProbe();
                    probe.answer(parent::isPresent);
                    cpu.afterProbe();
                }
            }
            final double allocated = trace.bytesPerOperationOfSecondHalf();
            return new ServerResult(server.end(), allocated, cpu.parts(), null);
        }
        catch (final RuntimeException ex)
        {
            // Reports the failure and exits, so that the parent need not wait for a client that gets no more replies.
            return ServerResult.failed(ex);
        }
    }

    private void serveBatch()
    {
        int count = 0;
        for (int i = 0; i < batchCount; i++)
        {
            final int served = server.serve(serveLimit);
            count += served;
            if (0 == served)
            {
                if (Waiting.BLOCK == waiting || null != probe && probe.isAsked(servedCount + count))
                {
                    // Its wait has ended without a request: checks whether the parent is still there.
                    break;
                }
                if (Waiting.YIELD == waiting)
                {
                    Thread.yield();
                }
            }
        }
        servedCount += count;
    }
}
