/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sched;

/**
 * What a schedule runs: some operations, each in a thread of its own, on one set of processes. Made for one schedule.
 */
public interface Scenario
{
    /**
     * One of the operations; in its thread.
     *
     * @param index of the operation.
     */
    void run(int index);

    /**
     * All threads that are left sleep. Throws if one of them should have been woken; otherwise wakes at least one.
     */
    void rescue();

    /** All threads are back: throws if anything is not as it must be, and gives everything back. */
    void check();
}
