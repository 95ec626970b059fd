/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Runs calls that may block, such as registering and connecting, on another thread, and delivers their results to the
 * session's thread.
 */
public interface Calls
{
    /**
     * Makes a call. Calls of one session are made in their order.
     *
     * @param <T>    what the call returns.
     * @param call   to make, on the other thread.
     * @param done   called with its result, on the session's thread.
     * @param failed called with what it threw instead, on the session's thread.
     */
    <T> void run(Callable<T> call, Consumer<T> done, Consumer<Exception> failed);
}
