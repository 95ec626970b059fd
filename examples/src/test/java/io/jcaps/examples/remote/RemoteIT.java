/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.remote;

import io.jcaps.bridge.BridgeDirectory;
import io.jcaps.examples.ExampleJvm;
import io.jcaps.testkit.Extent;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The gateway and the engine, each with a region of its own, and a cut between them.
 */
@Timeout(600)
class RemoteIT
{
    private static final int LOST_AFTER_MS = 2_000;

    @TempDir
    private Path engineHost;

    @TempDir
    private Path gatewayHost;

    private static int freePort() throws Exception
    {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
        {
            return socket.getLocalPort() & ~1;
        }
    }

    @Test
    @DisplayName("B7: after a cut the gateway asks which orders were executed, and no order is executed twice")
    void shouldSettleAfterCut() throws Exception
    {
        final String endpoint = "127.0.0.1:" + freePort();
        try (ExampleJvm engine = ExampleJvm.start(engineHost, RemoteEngine.class, endpoint, LOST_AFTER_MS);
            ExampleJvm gateway = ExampleJvm.start(
                gatewayHost, RemoteGateway.class, endpoint, LOST_AFTER_MS, Integer.MAX_VALUE))
        {
            engine.awaitLine("the engine serves");
            for (int round = 0; round < Extent.of(1, 2); round++)
            {
                gateway.awaitLine("trading, from order ");
                engine.signal("STOP");
                gateway.awaitLine("may have been executed (UNREACHABLE|RECEIVED): will ask");
                engine.signal("CONT");
                gateway.awaitLine((line) -> line.contains(" was executed") || line.contains(" was not executed"));
            }
            for (final ExampleJvm each : List.of(gateway, engine))
            {
                // Ctrl-C, or a service manager: the bridge within is closed, and leaves no directory in memory.
                each.signal("TERM");
                each.linesToExit(128 + 15);
                assertThat(BridgeDirectory.parent().resolve("caps-bridge-" + each.pid() + "-0")).doesNotExist();
            }
        }
    }
}
