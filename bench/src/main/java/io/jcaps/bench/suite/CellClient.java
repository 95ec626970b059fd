/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.ParentLife;
import io.jcaps.bench.Workload;
import io.jcaps.bench.contender.Contenders;
import org.agrona.CloseHelper;

import java.nio.file.Path;
import java.util.List;

/**
 * The JVM of the client, which measures: it prints its result, and exits.
 */
public final class CellClient
{
    private CellClient()
    {
    }

    /**
     * @param args a cell as JSON, and a directory.
     */
    public static void main(final String[] args)
    {
        final Cell cell = Cell.fromJson(args[0]);
        ParentLife.watch();
        Pinning.CLIENT.apply(cell.tuning());
        final List<EchoClient> clients = ChildJvm.started(
            () -> Contenders.byName(cell.contender()).connect(cell, Path.of(args[1])));
        final FloorProbe.Client probe = ChildJvm.started(() -> FloorProbe.Client.open(cell, Path.of(args[1])));
        System.out.println(ChildJvm.READY);
        final ClientResult result = measure(cell, clients, probe);
        CloseHelper.quietCloseAll(clients);
        CloseHelper.quietClose(probe);
        System.out.println(result.toJson());
    }

    private static ClientResult measure(
        final Cell cell, final List<EchoClient> clients, final FloorProbe.Client probe)
    {
        try
        {
            return Workload.CROWD == cell.workload() ?
                Crowd.measure(cell, clients, probe) : new SoloMeasurement(cell, clients.get(0), probe).measure();
        }
        catch (final Exception ex)
        {
            // The failure goes into the report: printed here, it would mix with the display of progress.
            return ClientResult.failed(ex);
        }
    }
}
