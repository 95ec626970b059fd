/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * The future of one message that an {@link AsyncCalls} has put. Any thread may call.
 * <p>
 * Dependent stages run on the thread that serves the {@link AsyncCalls}, and must not wait there for another of its
 * calls; the methods with {@code Async} in their names take other threads. A stage derived from it, for example by
 * {@code thenApply}, is a plain future: its {@code cancel} aborts no message. Neither does {@code orTimeout}: this
 * future then fails with a TimeoutException, and the message stays in progress; {@link #cancel} after it has no effect,
 * and {@link #outcome} reports later how the message ended.
 *
 * @param <T> type of what the reply is read as.
 */
public final class AsyncCall<T> extends CompletableFuture<T>
{
    /** The message's outcome has not arrived yet. */
    public static final int PENDING = -1;

    private final ClientPort port;
    private final Function<? super Message, ? extends T> reader;
    // Written by the thread that put the message, before any other thread has this call; 0 if it was not put.
    private long id;
    private volatile int outcome = PENDING;

    AsyncCall(final ClientPort port, final Function<? super Message, ? extends T> reader)
    {
        this.port = port;
        this.reader = reader;
    }

    /**
     * @return message id; 0 if the message was not put, and this future failed with the reason.
     */
    public long id()
    {
        return id;
    }

    /**
     * How the message ended (B1), also if this future was cancelled or failed: {@link Outcome#wasReceived} then reports
     * whether the service may have acted on it.
     *
     * @return one of {@link Outcome}'s kinds, with {@link Outcome#RECEIVED} set or not; {@link #PENDING} until it has
     * arrived, and if the message was not put.
     */
    public int outcome()
    {
        return outcome;
    }

    /**
     * Aborts the message (R29). If that succeeds this future is cancelled, and {@link #outcome} is
     * {@link Outcome#ABORTED}, with {@link Outcome#RECEIVED} if the service had received the message. If not, because
     * the reply is there already, the future completes with it.
     *
     * @param mayInterruptIfRunning whether the message is aborted even if the service has received it: a reply that
     *                              the service still sends is disposed of.
     * @return whether this future is cancelled.
     */
    @Override
    public boolean cancel(final boolean mayInterruptIfRunning)
    {
        if (!isDone())
        {
            final int result = port.abort(id, mayInterruptIfRunning);
            if (AbortResult.BEFORE_SERVER == result)
            {
                cancelWith(Outcome.ABORTED);
            }
            else if (AbortResult.AT_SERVER == result && mayInterruptIfRunning)
            {
                cancelWith(Outcome.ABORTED | Outcome.RECEIVED);
            }
        }
        return isCancelled();
    }

    /** The message was put: before any other thread has this call. */
    void putAs(final long id)
    {
        this.id = id;
    }

    /** The message was aborted; its outcome is final, though the port delivers it later. */
    void cancelWith(final int outcome)
    {
        this.outcome = outcome;
        super.cancel(true);
    }

    /** The outcome came: reads what is in view. */
    void receive(final Message message)
    {
        outcome = message.outcome();
        if (Outcome.ABORTED == Outcome.kind(outcome))
        {
            super.cancel(true);
        }
        else if (!isDone())
        {
            read(message);
        }
    }

    private void read(final Message message)
    {
        try
        {
            complete(reader.apply(message));
        }
        catch (final Throwable ex)
        {
            // The reader's failure is this call's, and not that of the thread which serves them all.
            completeExceptionally(ex);
        }
    }
}
