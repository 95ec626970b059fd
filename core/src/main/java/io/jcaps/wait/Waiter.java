/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.MessageState;
import io.jcaps.Status;
import io.jcaps.host.Events;
import io.jcaps.host.Host;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.IdleStrategy;

/**
 * Makes the threads of one port or wait set wait: they poll for a while, then sleep, or spin. Any thread may call.
 *
 * @param <T> type of the object that a look fills.
 */
public final class Waiter<T>
{
    private static final int INTERRUPT_CHECK_MASK = 0x3FF;
    // The first polls make no pause, because a pause takes longer than a poll, and an answer could come during it.
    private static final int UNPAUSED_COUNT = 64;
    // A shorter sleep costs more time to begin and to end than it lasts.
    private static final long SHORT_SLEEP_NS = 100_000;

    private final Awaited<T> awaited;
    private final AtomicBuffer tables;
    private final Sleepers sleepers;
    private final Events events;
    private final String name;
    private final int wakeOffset;
    private final int minSpinCount;
    private final int maxSpinCount;
    private final boolean spinOnly;
    // Polls before a sleep. Threads share it without ordering, because any thread's value will do.
    private int spinCount;

    /**
     * @param awaited      condition that ends a wait.
     * @param host         of the region.
     * @param sleepers     of the attachment.
     * @param wakeOffset   of the word to sleep on.
     * @param events       notified of each sleep.
     * @param name         of the port, for the events.
     * @param minSpinCount fewest polls before a sleep.
     * @param maxSpinCount most polls before a sleep.
     * @param spinOnly     whether to spin instead of sleeping.
     */
    public Waiter(
        final Awaited<T> awaited,
        final Host host,
        final Sleepers sleepers,
        final int wakeOffset,
        final Events events,
        final String name,
        final int minSpinCount,
        final int maxSpinCount,
        final boolean spinOnly)
    {
        this.awaited = awaited;
        this.sleepers = sleepers;
        this.wakeOffset = wakeOffset;
        this.events = events;
        this.name = name;
        this.minSpinCount = minSpinCount;
        this.maxSpinCount = maxSpinCount;
        this.spinOnly = spinOnly;
        tables = host.tables();
        spinCount = Math.max(minSpinCount, maxSpinCount / 2);
    }

    /**
     * @param timeoutNs longest wait in nanoseconds, 0 or more; {@link Long#MAX_VALUE} for no limit.
     * @return end of the wait, by {@link System#nanoTime}; 0 if the wait is not {@link #isTimed timed}.
     */
    public static long deadline(final long timeoutNs)
    {
        if (timeoutNs < 0)
        {
            throw new IllegalArgumentException("timeoutNs must not be negative: timeoutNs=" + timeoutNs);
        }
        return Long.MAX_VALUE == timeoutNs ? 0 : System.nanoTime() + timeoutNs;
    }

    /**
     * @param timeoutNs as {@link #deadline} takes it.
     * @return whether there is a deadline.
     */
    public static boolean isTimed(final long timeoutNs)
    {
        return Long.MAX_VALUE != timeoutNs;
    }

    /**
     * Polls for a while, then sleeps, or spins. The time limit counts from the end of the polls.
     *
     * @param target      to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @param callId      of the one message that is waited for, 0 for the next one.
     * @param timeoutNs   as {@link #deadline} takes it.
     * @return result of the last look; {@link Status#TIMED_OUT} or {@link Status#INTERRUPTED}; {@link Status#CLOSED} if
     * no thread may sleep any more.
     */
    public int await(final T target, final int lengthLimit, final long callId, final long timeoutNs)
    {
        final int result = poll(target, lengthLimit, callId);
        if (Status.WOULD_BLOCK != result)
        {
            return result;
        }
        return spinOnly ?
            spin(target, lengthLimit, callId, timeoutNs) :
            sleep(target, lengthLimit, callId, deadline(timeoutNs), isTimed(timeoutNs));
    }

    /**
     * Polls, and calls the caller's idle strategy between polls.
     *
     * @param target       to fill.
     * @param lengthLimit  longest payload in bytes that is put in view.
     * @param callId       of the one message that is waited for, 0 for the next one.
     * @param idleStrategy called between polls.
     * @param timeoutNs    as {@link #deadline} takes it.
     * @return as {@link #await(Object, int, long, long)} does.
     */
    public int await(
        final T target,
        final int lengthLimit,
        final long callId,
        final IdleStrategy idleStrategy,
        final long timeoutNs)
    {
        final long deadlineNs = deadline(timeoutNs);
        idleStrategy.reset();
        while (true)
        {
            int result = awaited.look(target, lengthLimit, callId);
            if (Status.WOULD_BLOCK == result)
            {
                result = giveUp(deadlineNs, isTimed(timeoutNs));
            }
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            idleStrategy.idle();
        }
    }

    /**
     * Polls as often as the last sleeps have shown to pay.
     *
     * @param target      to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @param callId      of the one message that is waited for, 0 for the next one.
     * @return result of the last look.
     */
    public int poll(final T target, final int lengthLimit, final long callId)
    {
        for (int i = 0, limit = spinCount; i <= limit; i++)
        {
            final int result = awaited.look(target, lengthLimit, callId);
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            if (i >= UNPAUSED_COUNT)
            {
                Thread.onSpinWait();
            }
        }
        return Status.WOULD_BLOCK;
    }

    private int spin(final T target, final int lengthLimit, final long callId, final long timeoutNs)
    {
        final long deadlineNs = deadline(timeoutNs);
        for (int i = 0;; i++)
        {
            int result = awaited.look(target, lengthLimit, callId);
            if (Status.WOULD_BLOCK == result && (i & INTERRUPT_CHECK_MASK) == 0)
            {
                result = giveUp(deadlineNs, isTimed(timeoutNs));
            }
            if (Status.WOULD_BLOCK != result)
            {
                return result;
            }
            Thread.onSpinWait();
        }
    }

    /** Reason to end a wait although nothing was found; WOULD_BLOCK if there is none. */
    private static int giveUp(final long deadlineNs, final boolean isTimed)
    {
        if (Thread.currentThread().isInterrupted())
        {
            return Status.INTERRUPTED;
        }
        return isTimed && System.nanoTime() - deadlineNs >= 0 ? Status.TIMED_OUT : Status.WOULD_BLOCK;
    }

    /**
     * Sleeps until a look finds something.
     *
     * @param target      to fill.
     * @param lengthLimit longest payload in bytes that is put in view.
     * @param callId      of the one message that is waited for, 0 for the next one.
     * @param deadlineNs  of {@link #deadline}.
     * @param isTimed     of {@link #isTimed}.
     * @return as {@link #await(Object, int, long, long)} does.
     */
    public int sleep(
        final T target, final int lengthLimit, final long callId, final long deadlineNs, final boolean isTimed)
    {
        final Object begun = events.waitBegins();
        if (null == begun)
        {
            return sleepAndLook(target, lengthLimit, callId, deadlineNs, isTimed);
        }
        int result = Status.CLOSED;
        try
        {
            result = sleepAndLook(target, lengthLimit, callId, deadlineNs, isTimed);
            return result;
        }
        finally
        {
            events.waitEnds(begun, name, result);
        }
    }

    private int sleepAndLook(
        final T target, final int lengthLimit, final long callId, final long deadlineNs, final boolean isTimed)
    {
        final long startNs = System.nanoTime();
        int result;
        do
        {
            boolean isThrown = true;
            // [wake] volatile read, before the last look: a wake-up after it has changed the word, and the sleep does
            // not begin. Pairs with the atomic add in Doorbell.wakeWord(). Also [set-close], see WaitSet.
            final int wakeSequence = tables.getIntVolatile(wakeOffset);
            awaited.announce();
            try
            {
                result = awaited.look(target, lengthLimit, callId);
                if (Status.WOULD_BLOCK == result &&
                    !sleepers.sleep(wakeOffset, wakeSequence, deadlineNs, isTimed, awaited.sleepLimitNs()))
                {
                    result = awaited.look(target, lengthLimit, callId);
                    if (Status.WOULD_BLOCK == result)
                    {
                        // CLOSED although the port is not: its own close has failed, and is tried again.
                        result = Thread.currentThread().isInterrupted() ? Status.INTERRUPTED :
                            sleepers.isClosed() ? Status.CLOSED : Status.TIMED_OUT;
                    }
                }
                isThrown = false;
            }
            finally
            {
                awaited.retract();
                if (isThrown)
                {
                    awaited.passWakeUpOn();
                }
            }
        }
        while (Status.WOULD_BLOCK == result);
        adapt(System.nanoTime() - startNs);
        if (result < 0 || MessageState.DISPOSE == result)
        {
            // No thread is woken for a disposal: the wake-up was meant for a message.
            awaited.passWakeUpOn();
        }
        return result;
    }

    /**
     * Makes the next polling longer after a short sleep, and shorter after a long one. With a fixed time, two sides
     * that have slept once could sleep each time, because each answer would come after the other side has stopped
     * polling.
     */
    private void adapt(final long sleptNs)
    {
        spinCount = sleptNs < SHORT_SLEEP_NS ?
            Math.min(maxSpinCount, 2 * spinCount + 1) : Math.max(minSpinCount, spinCount / 2);
    }
}
