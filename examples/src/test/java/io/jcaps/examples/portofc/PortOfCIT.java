/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.portofc;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The original's test pair, each side in a JVM of its own.
 */
@Timeout(600)
class PortOfCIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("The client sees the generation change, and connects to the next server after a kill")
    void shouldSeeGenerationsAndConnectAgain()
    {
        try (ExampleJvm client = ExampleJvm.start(directory, GoodClient.class, Long.MAX_VALUE))
        {
            try (ExampleJvm server = ExampleJvm.start(directory, GoodServer.class, 1000))
            {
                client.awaitLine("connected");
                client.awaitLine("generation 2");
                client.awaitLine("generation 3");
                server.awaitLine("generation 3");
                server.kill();
            }
            client.awaitLine("server gone after ");
            try (ExampleJvm server = ExampleJvm.start(directory, GoodServer.class, 1000))
            {
                client.awaitLine("connected");
                client.awaitLine("generation 2");
                server.signal("TERM");
                client.awaitLine("server gone after ");
                assertThat(server.linesToExit(143)).first().isEqualTo("serving on port 1");
            }
        }
    }

    @Test
    @DisplayName("The client ends when it has had so many good replies")
    void shouldEndAfterItsCount()
    {
        try (ExampleJvm server = ExampleJvm.start(directory, GoodServer.class);
            ExampleJvm client = ExampleJvm.start(directory, GoodClient.class, 5000))
        {
            server.awaitLine("serving on port");
            assertThat(client.linesToEnd()).containsExactly("connected", "generation 1", "5000 good");
        }
    }
}
