/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.ping;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The smallest pair, each side in a JVM of its own.
 */
@Timeout(600)
class PingIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Each ping is answered by the service's process, and Ctrl-C ends the service in order")
    void shouldAnswerEachPing()
    {
        try (ExampleJvm service = ExampleJvm.start(directory, PingService.class);
            ExampleJvm client = ExampleJvm.start(directory, PingClient.class, 20, 0))
        {
            final List<String> lines = client.linesToEnd();
            assertThat(lines).hasSize(21).last().isEqualTo("20 of 20 answered");
            assertThat(lines.subList(0, 20))
                .allMatch(line -> line.matches("32 bytes from pid \\d+: seq=\\d+ time=.* us"));

            service.signal("TERM");
            assertThat(service.linesToExit(143)).hasSize(1);
        }
    }

    @Test
    @DisplayName("A client whose service is killed ends, and reports that")
    void shouldEndWhenTheServiceIsKilled()
    {
        try (ExampleJvm service = ExampleJvm.start(directory, PingService.class);
            ExampleJvm client = ExampleJvm.start(directory, PingClient.class, 1_000_000, 1))
        {
            client.awaitLine("seq=3 ");
            service.kill();
            assertThat(client.linesToEnd()).last().asString().matches("\\d+ of 1000000 answered");
        }
    }
}
