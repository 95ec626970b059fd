/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The time that counts as work for the watchdog. */
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
            withChildNs = new ProcessorTime().usedNs();
        }
        finally
        {
            process.destroyForcibly().waitFor();
        }
        final long aloneNs = new ProcessorTime().usedNs();
        assertThat(withChildNs - aloneNs).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(20));
    }

    @Test
    @DisplayName("what threads wait for a processor that others use is counted, where the kernel counts it")
    void shouldCountWaits() throws InterruptedException
    {
        assumeTrue(Files.exists(Path.of("/proc/self/schedstat")), "no account of waits here");
        final ProcessorTime time = new ProcessorTime();
        final long beforeNs = time.waitedNs();
        final AtomicBoolean isOver = new AtomicBoolean();
        final List<Thread> threads = new ArrayList<>();
        // One more than there are processors: one of them always waits.
        for (int i = 0; i <= Runtime.getRuntime().availableProcessors(); i++)
        {
            final Thread thread = new Thread(() ->
            {
                while (!isOver.get())
                {
                    Thread.onSpinWait();
                }
            });
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        while (time.waitedNs() - beforeNs < TimeUnit.MILLISECONDS.toNanos(100))
        {
            Thread.sleep(1);
        }
        isOver.set(true);
        for (final Thread thread : threads)
        {
            thread.join();
        }
    }
}
