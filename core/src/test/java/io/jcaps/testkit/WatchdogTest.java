/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The watchdog fails a test that is stuck, reports where, and leaves others alone.
 */
class WatchdogTest
{
    private static final long LIMIT_NS = TimeUnit.MILLISECONDS.toNanos(150);
    private static final Geometry GEOMETRY = new Geometry(2, 2, 2, 1, 64);

    private final UnsafeBuffer tables = new UnsafeBuffer(ByteBuffer.allocateDirect(GEOMETRY.tablesLength()));
    private final RegionProbe probe = RegionProbe.of("of the test", GEOMETRY, tables, (index) -> tables);
    private final Set<RegionProbe> watched = Collections.synchronizedSet(new HashSet<>());
    private final AtomicLong processorTimeNs = new AtomicLong();
    private final AtomicLong sampleCount = new AtomicLong();
    private final PrintStream standardError = System.err;

    /** A watchdog that sees this much more processor time at each sample, whatever is really used. */
    private Watchdog watchdog(final long usedNsPerSample)
    {
        return new Watchdog(LIMIT_NS, () -> work(() -> processorTimeNs.addAndGet(usedNsPerSample), () -> 0), watched);
    }

    @AfterEach
    void restore()
    {
        System.setErr(standardError);
    }

    @Test
    @DisplayName("every test is guarded, without naming the watchdog")
    void shouldGuardEveryTest()
    {
        assertThat(Watchdog.isGuarded(Thread.currentThread())).isTrue();
    }

    @Test
    @DisplayName("a thread that waits for ever fails, with its stack and the region's tables")
    void shouldFailWhenNothingCanHappen()
    {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        watched.add(probe);
        assertThatThrownBy(() -> watchdog(0).guard(this::awaitForEver, "the name"))
            .isInstanceOf(AssertionError.class)
            .hasMessageContaining("stuck: nothing ran")
            .hasMessageContaining("the name")
            .hasCauseInstanceOf(InterruptedException.class);
        assertThat(bytes.toString(StandardCharsets.UTF_8))
            .contains("awaitForEver", "CountDownLatch", "region of the test");
    }

    @Test
    @DisplayName("a thread that spins on a region in which nothing happens fails")
    void shouldFailWhenThreadSpinsInVain()
    {
        System.setErr(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
        watched.add(probe);
        // It has changed since the test began, but then it does not any more.
        final Watchdog watchdog = new Watchdog(LIMIT_NS, () -> work(() ->
        {
            tables.putLong(0, 1);
            return processorTimeNs.addAndGet(LIMIT_NS);
        }, () -> 0), watched);
        assertThatThrownBy(() -> watchdog.guard(WatchdogTest::spinUntilInterrupted, "spins"))
            .isInstanceOf(AssertionError.class)
            .hasMessageContaining("stuck: no region changed");
    }

    @Test
    @DisplayName("a thread that computes beside a left region, and one that sees changes, continue")
    void shouldLeaveAloneRunningThreads() throws Throwable
    {
        watched.add(probe);
        watchdog(LIMIT_NS).guard(this::awaitManySamples, "computes");
        // Nothing is computed, but each sample finds the region changed.
        new Watchdog(LIMIT_NS, () -> work(() ->
        {
            tables.putLong(0, sampleCount.incrementAndGet());
            return 0;
        }, () -> 0), watched).guard(this::awaitManySamples, "changes");
    }

    @Test
    @DisplayName("a thread that gets no processor on a busy machine, or a tenth of what it asks for, is left alone")
    void shouldLeaveAloneThreadsThatWaitForProcessor() throws Throwable
    {
        final AtomicLong waitedNs = new AtomicLong();
        watched.add(probe);
        new Watchdog(LIMIT_NS, () -> work(() -> 0, () -> waitedNs.addAndGet(LIMIT_NS)), watched)
            .guard(this::awaitManySamples, "runs not at all");
        final AtomicLong rest = new AtomicLong();
        new Watchdog(LIMIT_NS, () -> work(() ->
        {
            tables.putLong(0, 1);
            return processorTimeNs.addAndGet(LIMIT_NS);
        }, () -> rest.addAndGet(9 * LIMIT_NS)), watched).guard(this::awaitManySamples, "runs a tenth of the time");
    }

    private static Work work(final LongSupplier used, final LongSupplier waited)
    {
        return new Work()
        {
            @Override
            public long usedNs()
            {
                return used.getAsLong();
            }

            @Override
            public long waitedNs()
            {
                return waited.getAsLong();
            }
        };
    }

    /** Waits for many times as many samples as the watchdog needs to find a stuck test. */
    private Void awaitManySamples() throws InterruptedException
    {
        final long beginNs = System.nanoTime();
        while (System.nanoTime() - beginNs < 6 * LIMIT_NS)
        {
            Thread.sleep(1);
        }
        return null;
    }

    private Void awaitForEver() throws InterruptedException
    {
        new CountDownLatch(1).await();
        return null;
    }

    private static Void spinUntilInterrupted()
    {
        while (!Thread.currentThread().isInterrupted())
        {
            Thread.onSpinWait();
        }
        return null;
    }
}
