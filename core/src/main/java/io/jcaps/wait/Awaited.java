/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.Status;

/**
 * The condition for which threads wait at one port or wait set; a {@link Waiter} checks it. Made once, so that a wait
 * allocates nothing.
 *
 * @param <T> type of the object that a look fills.
 */
public interface Awaited<T>
{
    /**
     * Checks the condition, and fills the target if it holds.
     *
     * @param target      to fill.
     * @param lengthLimit of {@link Waiter#await}.
     * @param callId      of {@link Waiter#await}.
     * @return {@link Status#WOULD_BLOCK} if it does not hold; any other value ends the wait.
     */
    int look(T target, int lengthLimit, long callId);

    /**
     * Announces that the calling thread is about to sleep: a thread that publishes something after this wakes it. This
     * makes a full fence, and the caller looks again after it.
     */
    void announce();

    /** Retracts {@link #announce}: the calling thread does not sleep any more. */
    void retract();

    /**
     * @return longest sleep in nanoseconds before a look without being woken.
     */
    long sleepLimitNs();

    /**
     * Wakes another thread, because the calling thread leaves without a message: the wake-up that ended its sleep may
     * have been meant for one.
     */
    void passWakeUpOn();
}
