/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Attachment;
import io.jcaps.bridge.BridgeEvent;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What both ends of a session share: the reader of frames, the writer of headers, and the calls that may block. Used by
 * one thread.
 * <p>
 * What is received is input: a frame that breaks the protocol ends the session, and nothing else.
 */
public abstract class Session
{
    /** Longest body in bytes of a frame that is no message. */
    static final int MAX_CONTROL_LENGTH = 256;
    /** Interval between two looks for clients and services that have gone. */
    static final long LOOK_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    final Attachment attachment;
    final SharedKey key;
    final NanoClock clock;
    final SessionCounters counters;
    final SessionListener listener;
    final FrameFlyweight frame = new FrameFlyweight();
    final UnsafeBuffer body = new UnsafeBuffer(new byte[MAX_CONTROL_LENGTH]);
    final byte[] ownNonce = SharedKey.nonce();
    final long begunNs;
    long lostAfterNs;
    long lastLookNs;
    long retryNs;
    int pendingCalls;
    boolean isByeDue;
    /** Receiver of the message that is being received; null if there is none, or it is dropped. */
    Receiver receiver;
    private final UnsafeBuffer header = new UnsafeBuffer(new byte[FrameDescriptor.HEADER_LENGTH]);
    private final Calls calls;
    private final Wire wire;
    private int turn;
    // Bytes still to come of the body of the frame that is being received.
    private int remaining;
    private int received;
    private boolean isInMessage;

    Session(
        final SessionContext context, final SessionCounters counters, final Wire wire, final SessionListener listener)
    {
        attachment = context.attachment();
        key = context.key();
        lostAfterNs = context.lostAfterNs();
        calls = context.calls();
        clock = context.clock();
        begunNs = clock.nanoTime();
        retryNs = begunNs;
        this.counters = counters;
        this.wire = wire;
        this.listener = listener;
    }

    // ---- to the other end

    final boolean send(final int type, final int flags, final int link, final long id, final int length)
    {
        return send(type, flags, link, id, body, length);
    }

    final boolean send(
        final int type, final int flags, final int link, final long id, final DirectBuffer source, final int length)
    {
        FrameFlyweight.put(header, type, flags, link, id, length);
        if (wire.send(header, source, length))
        {
            return true;
        }
        counters.count(SessionCounter.BACK_PRESSURE);
        return false;
    }

    /** Sends what is due, each link in its turn, until the wire takes no more. */
    final int sendInTurn(final int linkCount)
    {
        int work = 0;
        for (int i = 0; i < linkCount; i++)
        {
            final int index = (turn + i) % linkCount;
            final int sent = sendLink(index);
            if (sent < 0)
            {
                // This link is the first again, once there is room.
                turn = index;
                return work;
            }
            work += sent;
        }
        turn = 0 == linkCount ? 0 : (turn + 1) % linkCount;
        return work;
    }

    // ---- from the other end

    /**
     * Takes a fragment of a frame. The fragments of one frame come one after the other.
     *
     * @param buffer  that holds it.
     * @param offset  of its first byte.
     * @param length  in bytes.
     * @param isFirst whether the frame begins with it.
     * @param isLast  whether the frame ends with it.
     */
    public final void onFragment(
        final DirectBuffer buffer, final int offset, final int length, final boolean isFirst, final boolean isLast)
    {
        if (!isListening())
        {
            return;
        }
        if (isFirst)
        {
            begin(buffer, offset, length, isLast);
        }
        else if (!isInMessage || length > remaining || isLast != (length == remaining))
        {
            violation("a fragment of no frame");
        }
        else
        {
            append(buffer, offset, length);
        }
    }

    private void begin(final DirectBuffer buffer, final int offset, final int length, final boolean isLast)
    {
        if (isInMessage || length < FrameDescriptor.HEADER_LENGTH)
        {
            violation("a frame within a frame, or shorter than its header: length=" + length);
            return;
        }
        frame.wrap(buffer, offset, length);
        final int type = frame.type();
        if (FrameDescriptor.CURRENT_VERSION != frame.version())
        {
            otherVersion(type, frame.version(), frame.flags());
            return;
        }
        final int bodyLength = frame.length();
        final int here = length - FrameDescriptor.HEADER_LENGTH;
        final boolean isMessage = FrameDescriptor.REQUEST == type || FrameDescriptor.REPLY == type;
        if (bodyLength < here || bodyLength > (isMessage ? attachment.messageLimit() : MAX_CONTROL_LENGTH) ||
            isLast != (bodyLength == here) || !isMessage && !isLast)
        {
            violation("a frame of type " + type + " with a length that it cannot have: LENGTH=" + bodyLength);
        }
        else if (isMessage)
        {
            remaining = bodyLength;
            received = 0;
            isInMessage = true;
            receiver = beginMessage(type, frame.link(), frame.id(), bodyLength);
            append(buffer, offset + FrameDescriptor.HEADER_LENGTH, here);
        }
        else
        {
            onControl(type, frame.flags(), frame.link(), frame.id(), bodyLength);
        }
    }

    private void append(final DirectBuffer buffer, final int offset, final int length)
    {
        if (null != receiver && length > 0)
        {
            receiver.append(received, buffer, offset, length);
        }
        received += length;
        remaining -= length;
        if (0 == remaining)
        {
            final Receiver ended = receiver;
            receiver = null;
            isInMessage = false;
            if (null != ended)
            {
                ended.end();
            }
        }
    }

    final void violation(final String what)
    {
        counters.count(SessionCounter.VIOLATIONS);
        fail("the other end broke the protocol: " + what);
    }

    // ---- what may block

    final <T> void call(final Callable<T> call, final Consumer<T> done, final Consumer<Exception> failed)
    {
        pendingCalls++;
        calls.run(call, (result) ->
        {
            pendingCalls--;
            done.accept(result);
        }, (ex) ->
        {
            pendingCalls--;
            failed.accept(ex);
        });
    }

    /** Closes a port on the other thread. */
    final void closePort(final AutoCloseable port, final Runnable closed)
    {
        call(() ->
        {
            port.close();
            return port;
        }, (result) -> closed.run(), (ex) ->
        {
            listener.on(BridgeEvent.Kind.TROUBLE, "a port did not close: " + ex);
            closed.run();
        });
    }

    /** Whether frames are still taken. */
    abstract boolean isListening();

    abstract void otherVersion(int type, int version, int flags);

    /** Handles a frame that is no message; {@link #frame} has its body. */
    abstract void onControl(int type, int flags, int link, long id, int length);

    /** Returns the receiver of the message; null if the message is to be dropped. */
    abstract Receiver beginMessage(int type, int link, long id, int length);

    /** Sends what is due for a link; negative if the wire takes no more. */
    abstract int sendLink(int index);

    /**
     * Ends the session because the other end is lost or broke the protocol.
     *
     * @param reason for the listener.
     */
    public abstract void fail(String reason);

    /**
     * Makes the progress that is possible now.
     *
     * @return how much was done; 0 if the caller may idle.
     */
    public abstract int doWork();

    /**
     * @return whether the session has ended and holds nothing any more.
     */
    public abstract boolean isOver();

    /**
     * @return whether the service can be reached.
     */
    public abstract boolean isServiceUp();

    /**
     * @return clients that are connected.
     */
    public abstract int linkCount();
}
