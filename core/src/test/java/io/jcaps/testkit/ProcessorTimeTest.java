/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** What counts as work, for the watchdog. */
class ProcessorTimeTest
{
    /** The inner shell computes and ends, the outer one waits. */
    private static final String COMMAND =
        "sh -c 'i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done'; echo; read line";

    @Test
    @DisplayName("the time of a grandchild that lived between two samples counts as the child's")
    void shouldCountWhatHasEnded() throws IOException, InterruptedException
    {
        final Process process = new ProcessBuilder("sh", "-c", COMMAND).start();
        final long withChildNs;
        try
        {
            assertThat(process.getInputStream().read()).isEqualTo('\n');
            withChildNs = new ProcessorTime().totalNs();
        }
        finally
        {
            process.destroyForcibly().waitFor();
        }
        final long aloneNs = new ProcessorTime().totalNs();
        assertThat(withChildNs - aloneNs).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(20));
    }
}
