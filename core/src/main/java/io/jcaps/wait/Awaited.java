/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.wait;

import io.jcaps.Status;

/**
 * What threads wait for at one port or wait set: a {@link Waiter} looks for it. Made once, so that a wait allocates
 * nothing.
 *
 * @param <T> what a look fills in.
 */
public interface Awaited<T>
{
    /**
     * Takes what is there for the caller.
     *
     * @param target      to fill.
     * @param lengthLimit of {@link Waiter#await}.
     * @param callId      of {@link Waiter#await}.
     * @return {@link Status#WOULD_BLOCK} if there is nothing; anything else ends the wait.
     */
    int look(T target, int lengthLimit, long callId);

    /**
     * The calling thread is about to sleep: a thread that publishes something after this wakes it. It looks again after
     * this, and a full fence comes before that look.
     */
    void announce();

    /** The calling thread does not sleep any more. */
    void retract();

    /**
     * @return longest sleep before a look without being woken.
     */
    long sleepLimitNs();

    /**
     * The calling thread leaves without what others may sleep for; the wake-up that ended its sleep may have been meant
     * for that.
     */
    void passWakeUpOn();
}
