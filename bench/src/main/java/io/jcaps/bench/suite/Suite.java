/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.contender.Contenders;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs a plan. One thread runs it; any other may stop it, and see how far it has come.
 */
public final class Suite
{
    /** Ctrl-C reaches the JVMs that measure, too, and they may be faster: their end is no failure then. */
    private static final long STOP_GRACE_MS = 500;

    private final Plan plan;
    private final Listener listener;
    private final Runner runner;
    private final List<CellResult> results = new ArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * @param plan         to run.
     * @param jvmArguments for each JVM that measures, beside what the suite and the contenders give it.
     * @param listener     that follows.
     */
    public Suite(final Plan plan, final List<String> jvmArguments, final Listener listener)
    {
        this(plan, listener, (cell, round) -> CellRunner.run(cell, round, jvmArguments));
    }

    Suite(final Plan plan, final Listener listener, final Runner runner)
    {
        this.plan = plan;
        this.listener = listener;
        this.runner = runner;
        results.addAll(plan.refusals());
    }

    /**
     * Measures all cells, or as many as it can until it is stopped.
     */
    public void run()
    {
        final long startNs = System.nanoTime();
        final long totalNs = plan.estimateNs();
        long doneNs = 0;
        int index = 0;
        for (final List<Cell> point : plan.points())
        {
            for (int round = 1; round <= plan.roundCount(); round++)
            {
                for (final Cell cell : point)
                {
                    if (isStopped())
                    {
                        return;
                    }
                    listener.onStart(new Progress(cell, round, ++index, plan.cellCount(),
                        (double)doneNs / totalNs, leftNs(System.nanoTime() - startNs, doneNs, totalNs)));
                    final CellResult result = runner.run(cell, round);
                    if (add(result))
                    {
                        listener.onResult(result);
                    }
                    doneNs += Plan.estimateNs(cell);
                }
            }
        }
    }

    /**
     * Lets {@link #run} return after the cell that it is at, whose result is dropped.
     */
    public void stop()
    {
        synchronized (results)
        {
            stopped.countDown();
        }
    }

    /**
     * @return whether it was stopped.
     */
    public boolean isStopped()
    {
        return 0 == stopped.getCount();
    }

    /**
     * @return results so far, with the refusals.
     */
    public List<CellResult> results()
    {
        synchronized (results)
        {
            return List.copyOf(results);
        }
    }

    /**
     * @return who takes part, as the results name them.
     */
    public List<Results.ContenderInfo> contenders()
    {
        final List<Results.ContenderInfo> infos = new ArrayList<>();
        for (final Contender contender : Contenders.all())
        {
            final String name = contender.name();
            if (plan.refusals().stream().anyMatch((refusal) -> refusal.cell().contender().equals(name)) ||
                plan.points().stream().flatMap(List::stream).anyMatch((cell) -> cell.contender().equals(name)))
            {
                infos.add(new Results.ContenderInfo(
                    name, contender.title(), contender.configuration(), contender.jvmArguments()));
            }
        }
        return infos;
    }

    private boolean add(final CellResult result)
    {
        if (null != result.failure())
        {
            awaitStop();
        }
        synchronized (results)
        {
            return !isStopped() && results.add(result);
        }
    }

    private void awaitStop()
    {
        try
        {
            stopped.await(STOP_GRACE_MS, TimeUnit.MILLISECONDS);
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            stop();
        }
    }

    /** By the estimate first, and by what was seen the more of it there is. */
    private static long leftNs(final long elapsedNs, final long doneNs, final long totalNs)
    {
        final double done = (double)doneNs / totalNs;
        final double pace = 0 == doneNs ? 1 : (double)elapsedNs / doneNs;
        return (long)((totalNs - doneNs) * (pace * Math.min(1, 10 * done) + Math.max(0, 1 - 10 * done)));
    }

    /**
     * Follows a run. Called by the thread that runs it.
     */
    public interface Listener
    {
        /**
         * @param progress of the run: a cell begins.
         */
        void onStart(Progress progress);

        /**
         * @param result of a cell.
         */
        void onResult(CellResult result);
    }

    /**
     * How far a run is.
     *
     * @param cell      that begins.
     * @param round     in which round, from 1.
     * @param index     of the cell among all, from 1.
     * @param cellCount of the whole run.
     * @param done      part of the run that is done, from 0 to 1.
     * @param leftNs    nanoseconds that the rest takes, about.
     */
    public record Progress(Cell cell, int round, int index, int cellCount, double done, long leftNs)
    {
    }

    /** Measures a cell. */
    interface Runner
    {
        CellResult run(Cell cell, int round);
    }
}
