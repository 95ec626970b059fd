/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sched;

import java.util.IdentityHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The threads of one schedule pass a baton: one runs at a time, and only between two steps another one can. A step is
 * an access to shared memory, to a volatile field or a variable handle, a call into the host, or the entry into a
 * monitor or a lock. {@link SteppedLoader} puts the calls of the static methods into the classes under test. They do
 * nothing in a thread that is not one of a schedule's.
 */
public final class Baton
{
    private static final int MAX_STEPS = 50_000;
    private static final int SPIN_COUNT = 200;

    final Actor[] actors;
    private final Scenario scenario;
    private final Chooser chooser;
    private final IdentityHashMap<Object, Monitor> monitors = new IdentityHashMap<>();
    private final Thread controller = Thread.currentThread();
    private volatile int current = -1;
    private volatile boolean isAborted;
    private volatile boolean isOver;
    private volatile Throwable failure;
    private boolean isRescuing;
    private int stepCount;
    private int lastSpinner;

    /** Chooses which thread runs next. */
    interface Chooser
    {
        /**
         * @param baton   whose threads they are.
         * @param step    number of the step.
         * @param running index of the thread that makes it.
         * @return index of the thread that goes on.
         */
        int atStep(Baton baton, int step, int running);

        /**
         * The running thread cannot go on.
         *
         * @param baton whose threads they are.
         * @return index of a thread that can.
         */
        int atBlock(Baton baton);
    }

    /** Ends the threads of a schedule that failed. */
    static final class Abort extends Error
    {
        private static final long serialVersionUID = 1L;

        Abort()
        {
            super("aborted", null, false, false);
        }
    }

    private static final class Monitor
    {
        Actor owner;
        int count;
        // Changes with each notifyAll().
        int notifyCount;
    }

    /** A thread that runs one operation after another, each in its schedule. */
    static final class Actor extends Thread
    {
        private final int index;
        private volatile Baton baton;
        // What it waits for, null if it does not; and whether it goes on all the same when no other thread can.
        private BooleanSupplier ready;
        private boolean isTimed;
        private boolean isSpinning;
        private volatile boolean isDone = true;

        Actor(final int index)
        {
            super("actor-" + index);
            this.index = index;
            setDaemon(true);
        }

        @Override
        public void run()
        {
            while (true)
            {
                // In this order: a baton is handed out before the thread is asked to run.
                final boolean isIdle = isDone;
                final Baton baton = this.baton;
                if (isIdle)
                {
                    LockSupport.park(this);
                    continue;
                }
                try
                {
                    baton.awaitTurn(this);
                    baton.scenario.run(index);
                }
                catch (final Abort ignore)
                {
                    // Another thread has failed.
                }
                catch (final Throwable ex)
                {
                    baton.fail(ex);
                }
                baton.finish(this);
            }
        }
    }

    Baton(final Scenario scenario, final Actor[] actors, final Chooser chooser)
    {
        this.scenario = scenario;
        this.actors = actors;
        this.chooser = chooser;
    }

    /** Runs the scenario to its end; throws what went wrong. */
    void run(final int first)
    {
        for (final Actor actor : actors)
        {
            actor.ready = null;
            actor.isSpinning = false;
            actor.baton = this;
            actor.isDone = false;
        }
        current = first;
        for (final Actor actor : actors)
        {
            LockSupport.unpark(actor);
        }
        for (int i = 0; !isOver; i++)
        {
            pause(i);
        }
        if (null != failure)
        {
            throw new AssertionError(failure.toString(), failure);
        }
        scenario.check();
    }

    int stepCount()
    {
        return stepCount;
    }

    // ---- the hooks

    /** A step of the calling thread: here another one may go on. */
    public static void step()
    {
        final Actor actor = actor();
        if (null != actor)
        {
            actor.baton.step(actor);
        }
    }

    /** The calling thread can do nothing of use before another one has made a step. */
    public static void spin()
    {
        final Actor actor = actor();
        if (null != actor)
        {
            actor.isSpinning = true;
            actor.baton.block(actor);
            actor.isSpinning = false;
        }
    }

    /**
     * In place of {@code LockSupport.parkNanos}.
     *
     * @param ns is of no matter.
     */
    public static void park(final long ns)
    {
        spin();
    }

    /**
     * The calling thread sleeps.
     *
     * @param ready   what ends it.
     * @param isTimed whether it ends when no other thread can go on.
     */
    public static void sleep(final BooleanSupplier ready, final boolean isTimed)
    {
        final Actor actor = actor();
        if (null != actor)
        {
            actor.ready = ready;
            actor.isTimed = isTimed;
            actor.baton.block(actor);
            actor.ready = null;
        }
        else if (!isTimed && !ready.getAsBoolean())
        {
            throw new AssertionError("sleeps, and no thread is left to wake it");
        }
    }

    /**
     * In place of the entry into a monitor or a lock.
     *
     * @param object whose monitor, or which lock, it is.
     */
    public static void enter(final Object object)
    {
        final Actor actor = actor();
        if (null != actor)
        {
            actor.baton.step(actor);
            actor.baton.enter(actor, actor.baton.monitor(object), 1);
        }
    }

    /**
     * In place of {@code ReentrantLock.tryLock}.
     *
     * @param object which lock it is.
     * @return false if another thread has it.
     */
    public static boolean tryEnter(final Object object)
    {
        final Actor actor = actor();
        if (null == actor)
        {
            return true;
        }
        actor.baton.step(actor);
        final Monitor monitor = actor.baton.monitor(object);
        final boolean isFree = null == monitor.owner || actor == monitor.owner;
        if (isFree)
        {
            actor.baton.enter(actor, monitor, 1);
        }
        return isFree;
    }

    /**
     * In place of the exit from a monitor or a lock.
     *
     * @param object whose monitor, or which lock, it is.
     */
    public static void exit(final Object object)
    {
        final Actor actor = actor();
        if (null != actor && !actor.baton.isAborted)
        {
            final Monitor monitor = actor.baton.monitor(object);
            if (--monitor.count == 0)
            {
                monitor.owner = null;
            }
        }
    }

    /**
     * In place of {@code Object.wait}.
     *
     * @param object    whose monitor is held.
     * @param timeoutMs 0 for no limit.
     */
    public static void await(final Object object, final long timeoutMs)
    {
        final Actor actor = actor();
        if (null == actor)
        {
            throw new AssertionError("waits, and no thread is left to notify it");
        }
        final Monitor monitor = actor.baton.monitor(object);
        final int count = monitor.count;
        final int notifyCount = monitor.notifyCount;
        monitor.count = 0;
        monitor.owner = null;
        sleep(() -> monitor.notifyCount != notifyCount, timeoutMs > 0);
        actor.baton.enter(actor, monitor, count);
    }

    /**
     * In place of {@code Object.wait}.
     *
     * @param object whose monitor is held.
     */
    public static void await(final Object object)
    {
        await(object, 0);
    }

    /**
     * In place of {@code Object.notifyAll}.
     *
     * @param object whose monitor is held.
     */
    public static void notifyAll(final Object object)
    {
        final Actor actor = actor();
        if (null != actor)
        {
            actor.baton.monitor(object).notifyCount++;
        }
    }

    private static Actor actor()
    {
        return Thread.currentThread() instanceof Actor actor && !actor.baton.isRescuing ? actor : null;
    }

    // ---- passing on

    private void step(final Actor actor)
    {
        checkAborted();
        if (++stepCount > MAX_STEPS)
        {
            abort(new AssertionError("no end after " + MAX_STEPS + " steps"));
        }
        final int next = chooser.atStep(this, stepCount, actor.index);
        if (next != actor.index)
        {
            pass(next);
            awaitTurn(actor);
        }
    }

    private void enter(final Actor actor, final Monitor monitor, final int count)
    {
        while (null != monitor.owner && actor != monitor.owner)
        {
            sleep(() -> null == monitor.owner, false);
        }
        monitor.owner = actor;
        monitor.count += count;
    }

    private Monitor monitor(final Object object)
    {
        return monitors.computeIfAbsent(object, (key) -> new Monitor());
    }

    private void block(final Actor actor)
    {
        checkAborted();
        if (++stepCount > MAX_STEPS)
        {
            abort(new AssertionError("no end after " + MAX_STEPS + " steps"));
        }
        final int next = next();
        if (next != actor.index)
        {
            pass(next);
            awaitTurn(actor);
        }
    }

    /** A thread that can go on: one that is ready, else one that spins or whose time is over. */
    private int next()
    {
        final int chosen = chooser.atBlock(this);
        if (chosen >= 0)
        {
            return chosen;
        }
        for (int attempt = 0; attempt < 2; attempt++)
        {
            for (int i = 1; i <= actors.length; i++)
            {
                final int index = (lastSpinner + i) % actors.length;
                final Actor actor = actors[index];
                if (isReady(index) || !actor.isDone && (actor.isSpinning || null != actor.ready && actor.isTimed))
                {
                    lastSpinner = index;
                    return index;
                }
            }
            rescue();
        }
        abort(new AssertionError("all threads sleep"));
        return -1;
    }

    private void rescue()
    {
        isRescuing = true;
        try
        {
            scenario.rescue();
        }
        catch (final Throwable ex)
        {
            abort(ex);
        }
        finally
        {
            isRescuing = false;
        }
    }

    /** Whether a thread has something to do. */
    boolean isReady(final int index)
    {
        final Actor actor = actors[index];
        return !actor.isDone && !actor.isSpinning && (null == actor.ready || actor.ready.getAsBoolean());
    }

    /** Whether a thread could make a step. */
    boolean canRun(final int index)
    {
        final Actor actor = actors[index];
        return !actor.isDone && (null == actor.ready || actor.ready.getAsBoolean());
    }

    private void pass(final int next)
    {
        current = next;
        LockSupport.unpark(actors[next]);
    }

    private void awaitTurn(final Actor actor)
    {
        for (int i = 0; current != actor.index && !isAborted; i++)
        {
            pause(i);
        }
        checkAborted();
    }

    private static void pause(final int count)
    {
        if (count < SPIN_COUNT)
        {
            Thread.onSpinWait();
        }
        else
        {
            LockSupport.park();
        }
    }

    private void finish(final Actor actor)
    {
        actor.isDone = true;
        boolean isLast = true;
        for (final Actor other : actors)
        {
            isLast &= other.isDone;
        }
        if (isLast)
        {
            isOver = true;
            LockSupport.unpark(controller);
        }
        else if (!isAborted)
        {
            try
            {
                pass(next());
            }
            catch (final Abort ignore)
            {
                // The others are notified.
            }
        }
    }

    private void checkAborted()
    {
        if (isAborted)
        {
            throw new Abort();
        }
    }

    private void fail(final Throwable ex)
    {
        if (null == failure)
        {
            failure = ex;
        }
        isAborted = true;
        for (final Actor actor : actors)
        {
            LockSupport.unpark(actor);
        }
    }

    private void abort(final Throwable ex)
    {
        fail(ex);
        throw new Abort();
    }
}
