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
 * The JVM that answers: until its parent lets it end, then prints what it counted.
 */
public final class CellServer
{
    private static final int BATCH_COUNT = 1_000;
    /** One that sleeps serves less in the same time. */
    private static final int BLOCKING_BATCH_COUNT = 20;
    private static final int SERVE_LIMIT = 16;

    private CellServer()
    {
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
            () -> Contenders.byName(cell.contender()).serve(cell, directory)))
        {
            parent.onEnd(server::wake);
            System.out.println(ChildJvm.READY);
            System.out.println(serve(cell, server, parent).toJson());
        }
        finally
        {
            // Its owner does it, too; but one that was ended while this JVM started has done so too early.
            IoUtil.delete(directory.toFile(), true);
        }
    }

    private static ServerResult serve(final Cell cell, final EchoServer server, final ParentLife parent)
    {
        try
        {
            final AllocationTrace trace = new AllocationTrace();
            long servedCount = 0;
            while (parent.isPresent())
            {
                servedCount += serveBatch(server, cell.waiting());
                trace.sample(servedCount);
            }
            final double allocated = trace.bytesPerOperationOfSecondHalf();
            return new ServerResult(server.end(), allocated, null);
        }
        catch (final RuntimeException ex)
        {
            // Told, and the JVM ends: its parent need not wait for a client that will hear no more.
            return ServerResult.failed(ex);
        }
    }

    private static int serveBatch(final EchoServer server, final Waiting waiting)
    {
        final int batchCount = Waiting.BLOCK == waiting ? BLOCKING_BATCH_COUNT : BATCH_COUNT;
        int count = 0;
        for (int i = 0; i < batchCount; i++)
        {
            final int served = server.serve(SERVE_LIMIT);
            count += served;
            if (0 == served && Waiting.SPIN != waiting)
            {
                if (Waiting.BLOCK == waiting)
                {
                    // It has waited long enough to ask whether anybody is there.
                    break;
                }
                Thread.yield();
            }
        }
        return count;
    }
}
