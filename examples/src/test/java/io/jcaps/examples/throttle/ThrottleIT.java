/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.throttle;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The slow server and the fast client, each in a JVM of its own.
 */
@Timeout(600)
class ThrottleIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("A client faster than its server gets NO_BUFFERS at 128 in progress, and loses no message")
    void shouldRefuseAndLoseNothing()
    {
        try (ExampleJvm server = ExampleJvm.start(directory, ThrottleServer.class, 20);
            ExampleJvm client = ExampleJvm.start(directory, ThrottleClient.class, 1000))
        {
            server.awaitLine("serving");
            // That each reply is the next one, the client checks itself.
            assertThat(client.linesToEnd()).singleElement().asString()
                .matches("1000 put, 1000 replied, NO_BUFFERS met [1-9]\\d* times, at most 128 in progress");
        }
    }
}
