/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.sbe;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Orders from one JVM to another.
 */
@Timeout(600)
class SbeIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Each order is acknowledged and filled, and Ctrl-C ends the exchange in order")
    void shouldFillEachOrder()
    {
        try (ExampleJvm exchange = ExampleJvm.start(directory, SbeExchange.class);
            ExampleJvm trader = ExampleJvm.start(directory, SbeTrader.class, 500))
        {
            assertThat(trader.linesToEnd()).containsExactly("500 orders accepted, 5000 pieces filled");
            exchange.signal("TERM");
            assertThat(exchange.linesToExit(143)).containsExactly("open", "500 trades");
        }
    }
}
