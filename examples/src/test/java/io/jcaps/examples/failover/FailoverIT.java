/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.failover;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Servers that come and go under one client, each in a JVM of its own.
 */
@Timeout(600)
class FailoverIT
{
    private static final int COUNT = 1_000_000;

    @TempDir
    private Path directory;

    @Test
    @DisplayName("The client finds the newest server, continues with the older one after a kill, then with a newer one")
    void shouldGoOnWithTheOtherServer()
    {
        try (ExampleJvm a = server("A", 1);
            ExampleJvm b = server("B", 2);
            ExampleJvm client = ExampleJvm.start(directory, FailoverClient.class, COUNT, 1))
        {
            client.awaitLine("connected to generation 2");
            client.awaitLine("answered by B");
            b.kill();
            client.awaitLine("connected to generation 1");
            client.awaitLine("answered by A");
            try (ExampleJvm c = server("C", 3))
            {
                // Ctrl-C, for a change: the server closes its port.
                a.signal("TERM");
                client.awaitLine("connected to generation 3");
                client.awaitLine("answered by C");
                assertThat(a.linesToExit(143)).containsExactly("A serves");
                c.kill();
            }
            // No server is left: it waits for the next one.
            try (ExampleJvm d = server("D", 4))
            {
                client.awaitLine("connected to generation 4");
                final String answered = client.awaitLine("answered by D");
                client.kill();

                final List<Integer> numbers = client.linesToExit(137).stream()
                    .filter(line -> line.contains(" answered by "))
                    .map(line -> Integer.valueOf(line.substring(0, line.indexOf(' '))))
                    .toList();
                assertThat(numbers).startsWith(1).isEqualTo(IntStream.rangeClosed(1, numbers.size()).boxed().toList());
                assertThat(answered).isNotNull();
                d.kill();
            }
        }
    }

    private ExampleJvm server(final String label, final int generation)
    {
        final ExampleJvm server = ExampleJvm.start(directory, FailoverServer.class, label, generation);
        server.awaitLine(label + " serves");
        return server;
    }
}
