/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.tools.child.ChildFailure;

import java.util.Map;

/**
 * One run of a demonstration. One thread runs it; any may close it.
 */
interface Performance extends AutoCloseable
{
    /**
     * Runs it.
     *
     * @throws ChildFailure         if a check failed.
     * @throws InterruptedException if it was closed, or the thread interrupted.
     */
    void run() throws InterruptedException;

    /**
     * @return the results so far, by name.
     */
    Map<String, Object> summary();

    /**
     * @return whether it was closed.
     */
    boolean isClosed();

    /** Ends all processes and removes the directory. A second call does nothing. */
    @Override
    void close();
}
