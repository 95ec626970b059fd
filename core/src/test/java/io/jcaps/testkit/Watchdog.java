/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

import java.lang.reflect.Method;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Fails a test soon after it is stuck, and prints the reason: the stacks of this JVM and of those that it started, and
 * the tables of the regions that the test uses. JUnit finds it as a service, so it guards each test of each module that
 * has the test kit on its class path.
 * <p>
 * A test is stuck when for {@code caps.test.watchdog.seconds} (15) this process and its children together used less
 * than 5 % of one processor and no watched region changed; or when for three times as long no watched region changed,
 * though one did before, however much was computed: threads that spin on a region in which nothing happens. Threads
 * that wait for a processor count as running, and on a machine that gives them only a part of the time that they ask
 * for, the second limit is longer by as much: a busy machine is slow, not stuck. 0 seconds switches it off. A test that
 * waits longer on purpose needs a larger value.
 * <p>
 * A stuck test is interrupted. If it does not end within 5 s of that, the JVM is halted with exit code
 * {@value #EXIT_CODE}: a thread that ignores its interruption would hold up the build.
 */
public final class Watchdog implements InvocationInterceptor
{
    /** Exit code of a JVM in which a stuck test cannot be interrupted. */
    static final int EXIT_CODE = 86;

    private static final long DEFAULT_LIMIT_SECONDS = 15;
    private static final int SAMPLES_PER_LIMIT = 15;
    private static final int SPIN_FACTOR = 3;
    private static final int BUSY_PERCENT = 5;
    private static final long GRACE_NS = TimeUnit.SECONDS.toNanos(5);

    private static final ScheduledExecutorService EXECUTOR = executor();
    /** Weak: a test that forgets to close its region does not keep the region's memory. */
    private static final Set<RegionProbe> PROBES =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    private static final AtomicLong PROBE_CHANGES = new AtomicLong();
    private static final Set<Thread> GUARDED = ConcurrentHashMap.newKeySet();

    private final long limitNs;
    private final Supplier<Work> works;
    // Its own monitor guards it.
    private final Set<RegionProbe> watched;

    /** With the limit that the system property sets; for JUnit. */
    public Watchdog()
    {
        this(TimeUnit.SECONDS.toNanos(Long.getLong("caps.test.watchdog.seconds", DEFAULT_LIMIT_SECONDS)));
    }

    private Watchdog(final long limitNs)
    {
        this(limitNs, ProcessorTime::new, PROBES);
    }

    /** For its own tests, to which other tests of this JVM and other work of the machine mean nothing. */
    Watchdog(final long limitNs, final Supplier<Work> works, final Set<RegionProbe> watched)
    {
        this.watched = watched;
        this.limitNs = limitNs;
        this.works = works;
    }

    /**
     * From now on a change in the region counts as progress, and its tables are printed when a test is stuck.
     *
     * @param probe of the region.
     */
    public static void watch(final RegionProbe probe)
    {
        PROBES.add(probe);
        PROBE_CHANGES.incrementAndGet();
    }

    /**
     * @param probe given to {@link #watch}; any other is ignored.
     */
    public static void forget(final RegionProbe probe)
    {
        PROBES.remove(probe);
        PROBE_CHANGES.incrementAndGet();
    }

    static boolean isGuarded(final Thread thread)
    {
        return GUARDED.contains(thread);
    }

    @Override
    public void interceptTestMethod(
        final Invocation<Void> invocation,
        final ReflectiveInvocationContext<Method> method,
        final ExtensionContext context) throws Throwable
    {
        guard(invocation, context.getDisplayName());
    }

    @Override
    public void interceptTestTemplateMethod(
        final Invocation<Void> invocation,
        final ReflectiveInvocationContext<Method> method,
        final ExtensionContext context) throws Throwable
    {
        guard(invocation, context.getDisplayName());
    }

    @Override
    public void interceptBeforeEachMethod(
        final Invocation<Void> invocation,
        final ReflectiveInvocationContext<Method> method,
        final ExtensionContext context) throws Throwable
    {
        guard(invocation, "before " + context.getDisplayName());
    }

    @Override
    public void interceptAfterEachMethod(
        final Invocation<Void> invocation,
        final ReflectiveInvocationContext<Method> method,
        final ExtensionContext context) throws Throwable
    {
        guard(invocation, "after " + context.getDisplayName());
    }

    /**
     * @param invocation to run on this thread.
     * @param name       of it, for people.
     * @throws Throwable what the invocation throws, or an {@link AssertionError} if it was stuck.
     */
    void guard(final Invocation<?> invocation, final String name) throws Throwable
    {
        if (0 == limitNs)
        {
            invocation.proceed();
            return;
        }
        final Guard guard = new Guard(name, Thread.currentThread());
        GUARDED.add(guard.thread);
        final long intervalNs = limitNs / SAMPLES_PER_LIMIT;
        final ScheduledFuture<?> future =
            EXECUTOR.scheduleWithFixedDelay(guard::sample, intervalNs, intervalNs, TimeUnit.NANOSECONDS);
        Throwable failure = null;
        try
        {
            invocation.proceed();
        }
        catch (final Throwable ex)
        {
            failure = ex;
        }
        finally
        {
            GUARDED.remove(guard.thread);
            future.cancel(false);
        }
        final String verdict = guard.end();
        if (null != verdict)
        {
            Thread.interrupted();
            throw new AssertionError(verdict, failure);
        }
        if (null != failure)
        {
            throw failure;
        }
    }

    private static ScheduledExecutorService executor()
    {
        final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, (task) ->
        {
            final Thread thread = new Thread(task, "watchdog");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    private long fingerprint()
    {
        long result = PROBE_CHANGES.get();
        for (final RegionProbe probe : probes())
        {
            result = result * 31 + probe.fingerprint();
        }
        return result;
    }

    private List<RegionProbe> probes()
    {
        synchronized (watched)
        {
            return List.copyOf(watched);
        }
    }

    /** One invocation. Sampled by the executor's thread only; ended by the thread that it guards. */
    private final class Guard
    {
        private final String name;
        private final Thread thread;
        private final Work work = works.get();
        private long fingerprint = fingerprint();
        // A region that another test has left, and that does not change, proves nothing about this test.
        private boolean isRegionUsed;
        private long changedAtNs = System.nanoTime();
        private long busyAtNs = changedAtNs;
        // Processor time used or waited for when the test was last busy; then both, when a region last changed.
        private long askedNs;
        private long usedAtChangeNs;
        private long waitedAtChangeNs;
        private long usedNs;
        private long waitedNs;
        private long firedAtNs;
        private String verdict;
        private boolean isOver;

        Guard(final String name, final Thread thread)
        {
            this.name = name;
            this.thread = thread;
        }

        synchronized String end()
        {
            isOver = true;
            return verdict;
        }

        synchronized void sample()
        {
            if (isOver)
            {
                return;
            }
            final long nowNs = System.nanoTime();
            if (null != verdict)
            {
                if (nowNs - firedAtNs > GRACE_NS)
                {
                    System.err.println("watchdog: the test ignores its interruption: this virtual machine is halted");
                    Runtime.getRuntime().halt(EXIT_CODE);
                }
                return;
            }
            observe(nowNs);
            final long quietNs = nowNs - Math.max(busyAtNs, changedAtNs);
            final long unchangedNs = isRegionUsed ? (long)((nowNs - changedAtNs) * shareSinceChange()) : 0;
            if (quietNs >= limitNs)
            {
                fire(nowNs, "nothing ran", quietNs);
            }
            else if (unchangedNs >= SPIN_FACTOR * limitNs)
            {
                fire(nowNs, "no region changed", unchangedNs);
            }
        }

        private void observe(final long nowNs)
        {
            usedNs = work.usedNs();
            waitedNs = work.waitedNs();
            final long seen = fingerprint();
            if (seen != fingerprint)
            {
                fingerprint = seen;
                changedAtNs = nowNs;
                usedAtChangeNs = usedNs;
                waitedAtChangeNs = waitedNs;
                isRegionUsed |= !watched.isEmpty();
            }
            // The budget is for one limit, not for one sample: small amounts add up.
            if ((usedNs + waitedNs - askedNs) * 100 > limitNs * BUSY_PERCENT)
            {
                askedNs = usedNs + waitedNs;
                busyAtNs = nowNs;
            }
        }

        /** Part of the processor time asked for that was given. */
        private double shareSinceChange()
        {
            final long givenNs = Math.max(0, usedNs - usedAtChangeNs);
            final long askedForNs = givenNs + Math.max(0, waitedNs - waitedAtChangeNs);
            return 0 == askedForNs ? 1 : (double)givenNs / askedForNs;
        }

        private void fire(final long nowNs, final String what, final long durationNs)
        {
            firedAtNs = nowNs;
            verdict = String.format("stuck: %s for %.1f s in: %s; stacks and tables are on the standard error stream",
                what, durationNs / 1e9, name);
            final StringBuilder report = new StringBuilder("watchdog: ").append(verdict).append('\n');
            probes().forEach((probe) -> report.append(probe.tables()));
            Stacks.append(report, thread);
            System.err.println(report);
            thread.interrupt();
        }
    }
}
