/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.first;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The README's first program, each side in a JVM of its own.
 */
@Timeout(600)
class FirstProgramIT
{
    @TempDir
    private Path directory;

    @Test
    void shouldDoubleNumbersInAnotherProcess()
    {
        // The client first: it waits for the service.
        try (ExampleJvm client = ExampleJvm.start(directory, DoublingClient.class);
            ExampleJvm service = ExampleJvm.start(directory, DoublingService.class))
        {
            assertThat(client.linesToEnd()).containsExactly(
                "3 doubled is 6", "2 doubled is 4", "1 doubled is 2", "0 doubled is 0");
            assertThat(service.linesToEnd()).isEmpty();
        }
    }
}
