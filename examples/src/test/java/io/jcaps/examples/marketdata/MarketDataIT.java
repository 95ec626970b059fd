/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.marketdata;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A publisher and several readers, each in a JVM of its own.
 */
@Timeout(600)
class MarketDataIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Readers get the snapshot of 64 KiB first, then what has changed, also from another publisher")
    void shouldGiveEachReaderTheSnapshotAndTheChanges()
    {
        try (ExampleJvm publisher = ExampleJvm.start(directory, Publisher.class, 5);
            ExampleJvm patient = ExampleJvm.start(directory, Reader.class, Integer.MAX_VALUE);
            ExampleJvm other = ExampleJvm.start(directory, Reader.class, 50))
        {
            // That its prices are the publisher's, a reader checks itself at each update.
            final List<String> lines = other.linesToEnd();
            assertThat(lines).hasSize(51).last().isEqualTo("50 updates, each with the publisher's checksum");
            assertThat(lines.get(0)).endsWith(": 1023 changed, 65536 bytes");
            assertThat(lines.subList(1, 50))
                .allMatch(line -> line.matches("sequence \\d+: \\d{1,3} changed, \\d+ bytes"));

            patient.awaitLine("sequence ");
            publisher.kill();
            patient.awaitLine("publisher gone");
            try (ExampleJvm next = ExampleJvm.start(directory, Publisher.class, 5))
            {
                next.awaitLine("publishing");
                assertThat(patient.awaitLine("sequence ")).endsWith(": 1023 changed, 65536 bytes");
                patient.awaitLine(line -> line.startsWith("sequence ") && !line.contains("1023 changed"));
            }
        }
    }
}
