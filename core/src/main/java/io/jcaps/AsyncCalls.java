/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/**
 * Calls of one client port as futures: any thread puts a request and gets an {@link AsyncCall}, a CompletableFuture,
 * which one other thread completes. This suits programs that do not busy-loop, and virtual threads. Each call
 * allocates, and costs a hand-over between threads; {@link ClientPort#call}, {@code put} and {@code get} allocate
 * nothing.
 * <p>
 * One thread serves the calls, in one of three ways: {@link #run()} on a thread of its own, which sleeps while there is
 * no reply; {@link #doWork()} as a duty cycle under Agrona's {@code AgentRunner} or {@code AgentInvoker}; or
 * {@link #doWork()} whenever a {@link WaitSet} that has the port returns it.
 * <p>
 * Each future completes exactly once (B1). It completes normally with any outcome: check {@link AsyncReply#outcome}. It
 * fails with a {@link CapsException} if nothing was put, for example because no slot is free
 * ({@link Status#NO_BUFFERS}) or the service has gone ({@link Status#NOT_CONNECTED}). It is cancelled if its message
 * was aborted, by {@link AsyncCall#cancel} or by {@link ClientPort#abort}, or if the port is closed.
 * <p>
 * The port's replies belong to this object: no other thread may {@code get} or {@code await} there, or put with a
 * cookie. {@link ClientPort#call} may still be used.
 */
public final class AsyncCalls implements Agent, Runnable, AutoCloseable
{
    private static final int MESSAGE_LIMIT = 64;

    private final ClientPort port;
    private final ConcurrentHashMap<Long, AsyncCall<?>> calls = new ConcurrentHashMap<>();
    private final AtomicLong lastCookie = new AtomicLong();
    private final Message message = new Message();

    /**
     * @param port to call on; {@link #close()} closes it.
     * @throws IllegalArgumentException if the port was opened with {@link PortOptions#singleThreaded}.
     */
    public AsyncCalls(final ClientPort port)
    {
        if (!port.gate.isShared())
        {
            throw new IllegalArgumentException("port was opened for a single thread: name=" + port.name());
        }
        this.port = port;
    }

    /**
     * @return the port, for example to add it to a {@link WaitSet}.
     */
    public ClientPort port()
    {
        return port;
    }

    /**
     * @return calls whose outcome was not taken yet; cancelled and failed ones are among them until their slot is free.
     */
    public int pendingCount()
    {
        return calls.size();
    }

    // ---- calling, on any thread

    /**
     * Puts a copy of some bytes; the future completes with a copy of the reply.
     *
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @return the future; failed if nothing was put.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public AsyncCall<AsyncReply> callAsync(final DirectBuffer source, final int index, final int length)
    {
        return callAsync(source, index, length, AsyncReply::of);
    }

    /**
     * Puts a copy of some bytes; the future completes with the value that a function reads from the reply in place.
     *
     * @param <T>    type of the value.
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes, 0 to the region's limit.
     * @param reader of the reply, or of another outcome: it must check {@link Message#outcome()} first. It is called on
     *               the thread that serves the calls, and must neither keep nor release the message. If it throws, the
     *               future fails with that exception.
     * @return the future; failed if nothing was put.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public <T> AsyncCall<T> callAsync(
        final DirectBuffer source,
        final int index,
        final int length,
        final Function<? super Message, ? extends T> reader)
    {
        return call(reader, (cookie) -> port.put(source, index, length, cookie));
    }

    /**
     * Puts a claim; the future completes with the value that a function reads from the reply in place.
     *
     * @param <T>    type of the value.
     * @param claim  of this port, filled. After {@link Status#NO_BUFFERS} it is still filled.
     * @param length in bytes of what was written.
     * @param reader as in {@link #callAsync(DirectBuffer, int, int, Function)}.
     * @return the future; failed if nothing was put.
     * @throws IllegalStateException    if the claim is spent.
     * @throws IllegalArgumentException if it was not made by this port, or the length is out of its range.
     */
    public <T> AsyncCall<T> callAsync(
        final Claim claim, final int length, final Function<? super Message, ? extends T> reader)
    {
        port.checkClaim(claim, length);
        return call(reader, (cookie) -> claim.put(length, cookie));
    }

    private <T> AsyncCall<T> call(
        final Function<? super Message, ? extends T> reader, final LongUnaryOperator putWithCookie)
    {
        final AsyncCall<T> call = new AsyncCall<>(port, Objects.requireNonNull(reader, "reader"));
        final Long cookie = lastCookie.incrementAndGet();
        // Before the put: the reply may come before the put returns.
        calls.put(cookie, call);
        long id = 0;
        try
        {
            id = putWithCookie.applyAsLong(cookie);
        }
        finally
        {
            if (id <= 0)
            {
                calls.remove(cookie);
            }
        }
        if (id > 0)
        {
            call.putAs(id);
            return call;
        }
        // Another one: a close may have cancelled the first, as if it had been put.
        final AsyncCall<T> refused = new AsyncCall<>(port, reader);
        refused.completeExceptionally(new CapsException((int)id, "nothing was put: port=" + port.name()));
        return refused;
    }

    // ---- completing, on one thread at a time

    /**
     * Completes the calls whose outcomes are there, up to 64.
     *
     * @return outcomes taken, those of cancelled calls included.
     */
    @Override
    public int doWork()
    {
        int count = 0;
        while (count < MESSAGE_LIMIT && port.get(message) >= 0)
        {
            count++;
            complete();
        }
        if (port.isClosed())
        {
            endAll();
        }
        return count;
    }

    /**
     * Completes calls until the service has gone and each outcome was delivered, or the port is closed. Sleeps while
     * there is no reply. If the thread is interrupted, or this method throws, it calls {@link #close()} first.
     */
    @Override
    public void run()
    {
        int result = Status.INTERRUPTED;
        try
        {
            do
            {
                result = port.await(message, Long.MAX_VALUE);
                if (result >= 0)
                {
                    complete();
                }
            }
            while (result >= 0);
        }
        finally
        {
            // Once its service has gone and nothing more is due, an open port has no call in flight.
            if (port.isClosed() || Status.NOT_CONNECTED != result && Status.ACCESS_DENIED != result)
            {
                close();
            }
        }
    }

    private void complete()
    {
        try
        {
            final AsyncCall<?> call = calls.remove(message.cookie());
            if (null != call)
            {
                call.receive(message);
            }
        }
        finally
        {
            message.release();
        }
    }

    /** Closes the port. Calls in flight are cancelled; the service may have received them. */
    @Override
    public void close()
    {
        try
        {
            port.close();
        }
        finally
        {
            // Also if the close failed half-way: this side is closed, and the watch completes the close.
            if (port.isClosed())
            {
                endAll();
            }
        }
    }

    /**
     * Cancels all calls of a closed port. No further outcome arrives, and no call is missed: one that is added later is
     * refused.
     */
    private void endAll()
    {
        for (final Long cookie : calls.keySet())
        {
            final AsyncCall<?> call = calls.remove(cookie);
            if (null != call && AsyncCall.PENDING == call.outcome())
            {
                call.cancelWith(Outcome.ABORTED | Outcome.RECEIVED);
            }
        }
    }

    /** Called by an agent's runner: {@link #close()}. */
    @Override
    public void onClose()
    {
        close();
    }

    /**
     * @return {@code jcaps-} and the port's name.
     */
    @Override
    public String roleName()
    {
        return "jcaps-" + port.name();
    }
}
