/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.Attachment;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A bridge as a process: region, {@code export} or {@code import}, endpoint, lost-after in ms,
 * networks to allow. It ends with its input.
 */
final class BridgePeer
{
    private BridgePeer()
    {
    }

    public static void main(final String[] args) throws IOException
    {
        final Endpoint endpoint = Endpoint.parse(args[2]);
        final BridgeConfig config = new BridgeConfig().lostAfter(Duration.ofMillis(Long.parseLong(args[3])));
        for (int i = 4; i < args.length; i++)
        {
            config.allow(Network.parse(args[i]));
        }
        try (Attachment attachment = Caps.attach(new RegionConfig().path(Path.of(args[0])));
            Bridge bridge = Bridge.launch(attachment, "export".equals(args[1]) ?
                config.exportService(TwoHosts.NAME).bind(endpoint) : config.importService(TwoHosts.NAME, endpoint),
                System.out::println))
        {
            while (System.in.read() >= 0)
            {
                System.out.println("links=" + bridge.linkCount());
            }
        }
    }
}
