/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.Attachment;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.ParentLife;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.Endpoint;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A bridge in this process, or as a process of its own that exits with its input.
 */
final class BridgeProcess
{
    /** A machine on which a beat is late is too busy to measure on, which the floor shows. The bridge has no fault. */
    private static final Duration LOST_AFTER = Duration.ofSeconds(30);

    private BridgeProcess()
    {
    }

    /**
     * @param args a region, whether to export, and a port.
     * @throws InterruptedException never.
     */
    public static void main(final String[] args) throws InterruptedException
    {
        final CountDownLatch ended = new CountDownLatch(1);
        ParentLife.watch().onEnd(ended::countDown);
        try (Attachment attachment = ChildJvm.started(
                () -> Caps.attach(new RegionConfig().path(Path.of(args[0])).createIfMissing(false)));
            Bridge bridge = ChildJvm.started(
                () -> launch(attachment, Boolean.parseBoolean(args[1]), Integer.parseInt(args[2]))))
        {
            System.out.println(ChildJvm.READY);
            ended.await();
        }
    }

    static Bridge launch(final Attachment attachment, final boolean isExporting, final int port)
    {
        final Endpoint endpoint = new Endpoint(RemotePort.HOST, port);
        final BridgeConfig config = new BridgeConfig().lostAfter(LOST_AFTER);
        if (isExporting)
        {
            config.exportService(CapsContender.SERVICE_NAME).bind(endpoint);
        }
        else
        {
            config.importService(CapsContender.SERVICE_NAME, endpoint);
        }
        // A failure shows in the outcomes: each other than REPLIED fails the cell.
        return Bridge.launch(attachment, config, (event) -> Thread.onSpinWait());
    }

    static ChildJvm start(final Path region, final boolean isExporting, final int port)
    {
        return ChildJvm.start(BridgeProcess.class, List.of(),
            List.of(region.toString(), Boolean.toString(isExporting), Integer.toString(port)));
    }
}
