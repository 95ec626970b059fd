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
 * calls. The methods with {@code Async} in their names use other threads. A derived stage, for example that of
 * {@code thenApply}, is a plain future: its {@code cancel} aborts no message. {@code orTimeout} aborts none either:
 * this future then fails with a TimeoutException, and the message stays in progress. {@link #cancel} after it has no
 * effect, and {@link #outcome} reports later how the message ended.
 *
 * @param <T> type of the value that is read from the reply.
 */
public final class AsyncCall<T> extends CompletableFuture<T>
{
    /** The message's outcome has not arrived yet. */
    public static final int PENDING = -1;

    private final ClientPort port;
    private final Function<? super Message, ? extends T> reader;
    // Written by the thread that put the message, before the program has this call; 0 if it was not put. The thread
    // that serves the calls may complete this one before, and does not read it.
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
     * @return one of {@link Outcome}'s kinds, with {@link Outcome#RECEIVED} set or not; {@link #PENDING} until it
     * arrives, and for ever if the message was not put.
     */
    public int outcome()
    {
        return outcome;
    }

    /**
     * Aborts the message (R29). This future is cancelled if the service had not received the message, or if
     * {@code mayInterruptIfRunning} is set and the reply is not there yet. {@link #outcome} is then
     * {@link Outcome#ABORTED}, with {@link Outcome#RECEIVED} if the service may have received the message. Otherwise
     * the future completes later with the reply or other outcome.
     *
     * @param mayInterruptIfRunning whether the message is taken back even if the service has received it: a reply that
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

    /** Notes that the message was put; before the program has this call. */
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

    /** Takes the outcome, and reads the reply that is in view. */
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
            // The reader's failure fails this call only: the thread that serves all calls continues.
            completeExceptionally(ex);
        }
    }
}
