/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sched;

import java.lang.reflect.Constructor;
import java.util.BitSet;
import java.util.Map;
import java.util.Random;

/**
 * Makes the schedules of one version of the library.
 */
final class Explorer
{
    private static final int NEVER = -1;
    /** About as many steps as a schedule of three operations has. */
    private static final int STEP_COUNT = 400;

    private final Constructor<?> constructor;
    private Baton.Actor[] actors = new Baton.Actor[0];

    /**
     * @param changed classes that are not as they are in the library, by name.
     */
    Explorer(final Map<String, byte[]> changed) throws ReflectiveOperationException
    {
        constructor = new SteppedLoader(changed).loadClass("io.jcaps.EdgeScene").getConstructor(String[].class);
    }

    /** Switches to the other one of two threads at up to two steps. */
    private static final class Preempting implements Baton.Chooser
    {
        private final int first;
        private final int second;
        // Steps after the preemptions at which the other thread could go on.
        private final BitSet further = new BitSet();

        Preempting(final int first, final int second)
        {
            this.first = first;
            this.second = second;
        }

        @Override
        public int atStep(final Baton baton, final int step, final int running)
        {
            final int other = 1 - running;
            if (step == first || step == second)
            {
                return baton.canRun(other) ? other : running;
            }
            if (step > Math.max(first, second) && baton.canRun(other))
            {
                further.set(step);
            }
            return running;
        }

        @Override
        public int atBlock(final Baton baton)
        {
            return baton.isReady(0) ? 0 : baton.isReady(1) ? 1 : NEVER;
        }
    }

    /** Always the thread with the highest priority; at some steps the one that runs gets the lowest. */
    private static final class Prioritising implements Baton.Chooser
    {
        private final int[] priorities;
        private final int[] changes;
        private int lowest;

        Prioritising(final Random random, final int threadCount, final int changeCount, final int stepCount)
        {
            priorities = new int[threadCount];
            for (int i = 0; i < threadCount; i++)
            {
                final int other = random.nextInt(i + 1);
                priorities[i] = priorities[other];
                priorities[other] = i + 1;
            }
            changes = random.ints(changeCount, 1, stepCount + 1).toArray();
        }

        @Override
        public int atStep(final Baton baton, final int step, final int running)
        {
            for (final int change : changes)
            {
                if (change == step)
                {
                    priorities[running] = --lowest;
                }
            }
            final int highest = atBlock(baton);
            return highest < 0 ? running : highest;
        }

        @Override
        public int atBlock(final Baton baton)
        {
            int result = NEVER;
            for (int i = 0; i < priorities.length; i++)
            {
                if (baton.isReady(i) && (result < 0 || priorities[i] > priorities[result]))
                {
                    result = i;
                }
            }
            return result;
        }
    }

    /** Runs one schedule; the number of its steps. */
    private int run(final String[] operations, final int first, final Baton.Chooser chooser)
    {
        if (actors.length != operations.length)
        {
            actors = new Baton.Actor[operations.length];
            for (int i = 0; i < actors.length; i++)
            {
                actors[i] = new Baton.Actor(i);
                actors[i].start();
            }
        }
        final Scenario scenario;
        try
        {
            scenario = (Scenario)constructor.newInstance((Object)operations);
        }
        catch (final ReflectiveOperationException ex)
        {
            throw new AssertionError(ex);
        }
        final Baton baton = new Baton(scenario, actors, chooser);
        baton.run(first);
        return baton.stepCount();
    }

    /**
     * Schedules of two operations with one preemption, and with two; how many there were.
     *
     * @param firstStride  every so many-th place of the first preemption; 1 for all.
     * @param secondStride every so many-th place of the second preemption; 0 for none.
     */
    long explorePairs(final String one, final String other, final int firstStride, final int secondStride)
    {
        long count = 0;
        for (int beginner = 0; beginner < 2; beginner++)
        {
            final BitSet firsts = explore(one, other, beginner, NEVER, NEVER);
            count++;
            int skipped = beginner * firstStride / 2;
            for (int first = firsts.nextSetBit(0); first >= 0; first = firsts.nextSetBit(first + 1))
            {
                if (++skipped % firstStride == 0)
                {
                    final BitSet seconds = explore(one, other, beginner, first, NEVER);
                    count += 1 + exploreSeconds(one, other, beginner, first, seconds, secondStride);
                }
            }
        }
        return count;
    }

    private long exploreSeconds(
        final String one,
        final String other,
        final int beginner,
        final int first,
        final BitSet seconds,
        final int stride)
    {
        long count = 0;
        // Another offset for each first one.
        int skipped = 0 == stride ? 0 : first % stride;
        for (int second = seconds.nextSetBit(0); second >= 0 && stride > 0; second = seconds.nextSetBit(second + 1))
        {
            if (++skipped % stride == 0)
            {
                explore(one, other, beginner, first, second);
                count++;
            }
        }
        return count;
    }

    private BitSet explore(
        final String one, final String other, final int beginner, final int first, final int second)
    {
        final Preempting chooser = new Preempting(first, second);
        try
        {
            run(new String[]{one, other}, beginner, chooser);
        }
        catch (final Throwable ex)
        {
            throw new AssertionError("schedule of " + one + " and " + other + ", " + (0 == beginner ? one : other) +
                " first, preemptions at steps " + first + " and " + second + ": " + ex.getMessage(), ex);
        }
        return chooser.further;
    }

    /** A random schedule of some operations. */
    void exploreRandom(final long seed, final String... operations)
    {
        final Random random = new Random(seed);
        try
        {
            run(operations, random.nextInt(operations.length),
                new Prioritising(random, operations.length, 1 + random.nextInt(operations.length), STEP_COUNT));
        }
        catch (final Throwable ex)
        {
            throw new AssertionError("schedule of " + String.join(", ", operations) + ", seed " + seed + ": " +
                ex.getMessage(), ex);
        }
    }
}
