/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.contender.Contenders;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs a plan. One thread runs it; any other may stop it and read its progress.
 */
public final class Suite
{
    /** Ctrl-C reaches the measuring JVMs, too, and they may exit first: within this time, that is no failure. */
    private static final long STOP_GRACE_MS = 500;

    /** Attempts to measure a cell in one state of the machine. */
    private static final int TRY_COUNT = 3;

    private final Plan plan;
    private final long seed;
    private final Listener listener;
    private final Runner runner;
    private final List<CellResult> results = new ArrayList<>();
    private final Set<List<Object>> done = new HashSet<>();
    private long endNs = Long.MAX_VALUE;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * @param plan         to run.
     * @param seed         of the order of cells within a round; the same seed gives the same order.
     * @param jvmArguments for each measuring JVM, in addition to those of the suite and the contenders.
     * @param listener     that follows.
     */
    public Suite(final Plan plan, final long seed, final List<String> jvmArguments, final Listener listener)
    {
        this(plan, seed, listener, (cell, round) -> CellRunner.run(cell, round, jvmArguments));
    }

    Suite(final Plan plan, final long seed, final Listener listener, final Runner runner)
    {
        this.plan = plan;
        this.seed = seed;
        this.listener = listener;
        this.runner = runner;
        results.addAll(plan.refusals());
    }

    /**
     * Continues a run.
     *
     * @param earlier results of the same plan, whose cells are not measured again. Refusals among them are dropped.
     * @return this.
     */
    public Suite resume(final List<CellResult> earlier)
    {
        for (final CellResult result : earlier)
        {
            final boolean isPlanned = plan.points().stream().anyMatch((point) -> point.contains(result.cell()));
            if (isPlanned && done.add(List.of(result.cell(), result.round())))
            {
                results.add(result);
            }
        }
        return this;
    }

    /**
     * Makes {@link #run} return before a cell that would not end in time.
     *
     * @param longestNs nanoseconds from now.
     * @return this.
     */
    public Suite endWithin(final long longestNs)
    {
        endNs = System.nanoTime() + longestNs;
        return this;
    }

    /**
     * @return whether each cell of the plan was measured in each round.
     */
    public boolean isComplete()
    {
        return results().size() - plan.refusals().size() >= plan.cellCount();
    }

    /**
     * Measures all cells, or those until it is stopped.
     */
    public void run()
    {
        final long startNs = System.nanoTime();
        final long totalNs = plan.estimateNs();
        long doneNs = 0;
        int index = 0;
        // Mixed: the first numbers of a Random hardly differ for small seeds.
        final Random random = new Random(new SplittableRandom(seed).nextLong());
        for (final List<Cell> point : plan.points())
        {
            for (int round = 1; round <= plan.roundCount(); round++)
            {
                // No contender always follows the same one.
                final List<Cell> cells = new ArrayList<>(point);
                Collections.shuffle(cells, random);
                for (final Cell cell : cells)
                {
                    if (done.contains(List.of(cell, round)))
                    {
                        index++;
                        doneNs += Plan.estimateNs(cell);
                        continue;
                    }
                    if (isStopped() || Long.MAX_VALUE != endNs && isTooLate(cell))
                    {
                        return;
                    }
                    listener.onStart(new Progress(cell, round, ++index, plan.cellCount(),
                        (double)doneNs / totalNs, leftNs(System.nanoTime() - startNs, doneNs, totalNs)));
                    final CellResult result = runSteadily(cell, round);
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
     * Makes {@link #run} return after the current cell, whose result is dropped.
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
     * @return the contenders of the plan, for the results.
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

    /**
     * Measures again if the machine changed its state within the cell; of three unsteady results, returns the least
     * unsteady.
     */
    private CellResult runSteadily(final Cell cell, final int round)
    {
        CellResult best = null;
        for (int i = 1; i <= TRY_COUNT && !isStopped(); i++)
        {
            final CellResult result = runner.run(cell, round).tryCount(i);
            if (null != result.failure() || result.isSteady())
            {
                return result;
            }
            // A missing probe has no ratio, and ranks worse than any ratio.
            if (null == best || result.probeRatio() < best.probeRatio() || Double.isNaN(best.probeRatio()))
            {
                best = result;
            }
        }
        return null == best ? CellResult.failed(cell, round, "stopped") : best.tryCount(TRY_COUNT);
    }

    private boolean isTooLate(final Cell cell)
    {
        return System.nanoTime() + Plan.estimateNs(cell) - endNs > 0;
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

    /** Remaining nanoseconds: first by the estimate, later more by the elapsed time. */
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
     * The progress of a run.
     *
     * @param cell      that begins.
     * @param round     in which round, from 1.
     * @param index     of the cell among all, from 1.
     * @param cellCount of the whole run.
     * @param done      part of the run that is done, from 0 to 1.
     * @param leftNs    estimated remaining nanoseconds.
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
