/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.jcaps.bridge.session.Calls;

import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * The bridge's second thread, for calls that may block. Their results are delivered by {@link #doWork()}, on the
 * bridge's first thread.
 */
final class BlockingCalls implements Calls, AutoCloseable
{
    private final ConcurrentLinkedQueue<Runnable> results = new ConcurrentLinkedQueue<>();
    private final ExecutorService executor = Executors.newSingleThreadExecutor(BlockingCalls::daemon);

    static Thread daemon(final Runnable runnable)
    {
        final Thread thread = new Thread(runnable, "caps-bridge-calls");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public <T> void run(final Callable<T> call, final Consumer<T> done, final Consumer<Exception> failed)
    {
        executor.execute(() ->
        {
            try
            {
                final T result = call.call();
                results.add(() -> done.accept(result));
            }
            catch (final Exception ex)
            {
                results.add(() -> failed.accept(ex));
            }
        });
    }

    int doWork()
    {
        int work = 0;
        for (Runnable result = results.poll(); null != result; result = results.poll())
        {
            result.run();
            work++;
        }
        return work;
    }

    @Override
    public void close()
    {
        executor.shutdownNow();
    }
}
