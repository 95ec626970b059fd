/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.upcall;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The two services and the client that waits on both, in JVMs of their own.
 */
@Timeout(600)
class UpcallIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Both handlers answer, one that throws leaves the others' answers alone, and Ctrl-C closes the agents")
    void shouldAnswerFromBothServices()
    {
        try (ExampleJvm service = ExampleJvm.start(directory, UpcallService.class);
            ExampleJvm client = ExampleJvm.start(directory, UpcallClient.class))
        {
            assertThat(client.linesToEnd())
                .contains("instrument 40: up to 500 at 1280", "instrument 100: no price")
                .last().isEqualTo("100 instruments have a price and a limit");

            service.signal("TERM");
            assertThat(service.linesToExit(143)).containsExactly("serving", "handler failed: no such instrument: 100");
        }
    }
}
