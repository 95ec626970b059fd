/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.link.ClaimToken;
import io.jcaps.link.ServiceLink;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Memory of the region into which a message is written in place: a request after {@link ClientPort#claim}, a reply
 * after {@link ServicePort#claim}. Create a claim once and reuse it. {@link #put}, {@link #reply} and {@link #cancel}
 * spend it, and only a spent claim can be filled again. Keep the claim or its buffer reachable while you write: a
 * buffer that wraps this one is not enough.
 * <p>
 * Not thread safe. It may be handed to another thread, which then spends it.
 */
public final class Claim
{
    static final DirectBuffer NONE = new UnsafeBuffer(new byte[0]);

    private final UnsafeBuffer buffer = new UnsafeBuffer(NONE);
    private final ClaimToken token = new ClaimToken(this, buffer);
    private ClientPort client;
    private ServicePort service;
    private ServiceLink link;
    private boolean isFilled;
    private int slotIndex;
    private int flags;
    private long id;

    /**
     * Makes a claim that is not filled.
     */
    public Claim()
    {
    }

    /**
     * The claimed memory. Its capacity is the claimed length, and its content is undefined.
     *
     * @return a buffer that is valid until the claim is spent; the same object each time.
     * @throws IllegalStateException if the claim is spent, or its port is closed.
     */
    public MutableDirectBuffer buffer()
    {
        checkFilled();
        (null != client ? client : service).checkOpen();
        return buffer;
    }

    /** The memory of a filled claim, also if its port was closed in the meantime. */
    MutableDirectBuffer memory()
    {
        return buffer;
    }

    /**
     * @return length in bytes that was claimed.
     * @throws IllegalStateException if the claim is spent.
     */
    public int length()
    {
        checkFilled();
        return buffer.capacity();
    }

    /**
     * @return whether the claim was filled and is not yet spent.
     */
    public boolean isFilled()
    {
        return isFilled;
    }

    /**
     * Puts the request with its whole length: see {@link #put(int)}.
     *
     * @return as {@link #put(int)} does.
     */
    public long put()
    {
        return put(length());
    }

    /**
     * Puts the request (R12).
     *
     * @param length in bytes of what was written, from the buffer's beginning; at most what was claimed.
     * @return a message id, positive; {@link Status#NOT_CONNECTED}, {@link Status#ACCESS_DENIED} or
     * {@link Status#CLOSED}, which also spend the claim; {@link Status#NO_BUFFERS} if the ring is full of aborted
     * messages that the service has not passed yet: the claim stays filled.
     * @throws IllegalStateException    if the claim is spent, or was made for a reply.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws CapsException            with {@link Status#NO_BUFFERS} if the region has no message ids left; the claim
     *                                  stays filled.
     */
    public long put(final int length)
    {
        return put(length, 0);
    }

    /**
     * Puts the request (R12) with a number of the caller's, which comes back with its reply or other outcome: see
     * {@link Message#cookie()}. The number takes no memory of the region, and the service does not see it. Exceptions
     * are those of {@link #put(int)}.
     *
     * @param length as {@link #put(int)} takes it.
     * @param cookie any number, such as an index into the caller's table of open orders.
     * @return as {@link #put(int)} does.
     */
    public long put(final int length, final long cookie)
    {
        checkFilled();
        if (null == client)
        {
            throw new IllegalStateException("claim was made for a reply: use reply()");
        }
        checkLength(length);
        return client.put(this, length, cookie, false);
    }

    /**
     * Sends the reply with its whole length: see {@link #reply(int)}.
     *
     * @return as {@link #reply(int)} does.
     */
    public int reply()
    {
        return reply(length());
    }

    /**
     * Sends the reply (R20). The claim is spent, whatever the result.
     *
     * @param length in bytes of what was written, from the buffer's beginning; at most what was claimed.
     * @return {@link Status#OK}; {@link Status#INVALID} if no reply to the message is possible any more, for example
     * because its client has gone; {@link Status#CLOSED}.
     * @throws IllegalStateException    if the claim is spent, or was made for a request.
     * @throws IllegalArgumentException if the length is out of its range; the claim stays filled.
     */
    public int reply(final int length)
    {
        checkFilled();
        if (null == service)
        {
            throw new IllegalStateException("claim was made for a request: use put()");
        }
        checkLength(length);
        return service.reply(this, length);
    }

    /**
     * Releases the memory unused. Does nothing if the claim is spent.
     */
    public void cancel()
    {
        if (isFilled)
        {
            if (null != client)
            {
                client.cancel(this);
            }
            else
            {
                service.cancel(this);
            }
        }
    }

    /** For logs: the use and the length of the claim. Allocates. */
    @Override
    public String toString()
    {
        return "Claim{" + (!isFilled ? "not filled" :
            (null != client ? "request" : "reply to " + id) + ", length=" + buffer.capacity()) + '}';
    }

    void fill(
        final ClientPort port,
        final UnsafeBuffer linkBuffer,
        final int slotIndex,
        final int flags,
        final int payloadOffset,
        final int length)
    {
        if (client != port)
        {
            // References are stored only if they change, because each such store costs the garbage collector work.
            client = port;
            service = null;
            link = null;
        }
        isFilled = true;
        this.slotIndex = slotIndex;
        this.flags = flags;
        buffer.wrap(linkBuffer, payloadOffset, length);
    }

    void fill(
        final ServicePort port,
        final ServiceLink link,
        final long id,
        final int slotIndex,
        final int flags,
        final int payloadOffset,
        final int length)
    {
        if (service != port || this.link != link)
        {
            client = null;
            service = port;
            this.link = link;
        }
        isFilled = true;
        this.id = id;
        this.slotIndex = slotIndex;
        this.flags = flags;
        buffer.wrap(link.buffer(), payloadOffset, length);
    }

    ClaimToken token()
    {
        return token;
    }

    void checkSpent()
    {
        if (isFilled())
        {
            throw new IllegalStateException("claim of " + buffer.capacity() + " bytes is still filled: put, reply or" +
                " cancel it before it is used again");
        }
    }

    void spend()
    {
        isFilled = false;
        // A buffer that the caller kept becomes empty.
        buffer.wrap(buffer, 0, 0);
    }

    int slotIndex()
    {
        return slotIndex;
    }

    int flags()
    {
        return flags;
    }

    long id()
    {
        return id;
    }

    ServiceLink link()
    {
        return link;
    }

    ClientPort client()
    {
        return client;
    }

    void checkFilled()
    {
        if (!isFilled())
        {
            throw new IllegalStateException("claim is spent: it was put, replied or cancelled, or never filled");
        }
    }

    void checkLength(final int length)
    {
        if (length < 0 || length > buffer.capacity())
        {
            throw new IllegalArgumentException(
                "length must be from 0 to the " + buffer.capacity() + " bytes claimed: length=" + length);
        }
    }
}
