/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.workers;

import io.jcaps.examples.ExampleJvm;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The pool and its client, each in a JVM of its own.
 */
@Timeout(600)
class WorkersIT
{
    @TempDir
    private Path directory;

    @Test
    @DisplayName("Every request is answered, some out of order; Ctrl-C completes those in progress")
    void shouldAnswerOutOfOrder()
    {
        try (ExampleJvm pool = ExampleJvm.start(directory, WorkerPool.class, 4);
            ExampleJvm client = ExampleJvm.start(directory, WorkersClient.class, 500))
        {
            assertThat(client.linesToEnd()).singleElement().asString()
                .matches("500 answered, [1-9]\\d* of them overtaken by a later one");

            pool.signal("TERM");
            assertThat(pool.linesToExit(143)).isEmpty();
        }
    }
}
