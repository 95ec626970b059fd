/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a port received: a view of the message where it lies, made once and used again and again.
 * <p>
 * At a client it holds the reply until {@link #release}: only then may the service use its memory again, and only then
 * does the message stop counting as in progress (R14). At a service it shows the request until it is replied to or
 * released, or until the view is used for another one; the request itself waits for its reply all the same, by its
 * {@link #id()} if need be.
 * <p>
 * Not thread safe. It may be handed to another thread, which then goes on with it.
 */
public final class Message
{
    private final UnsafeBuffer buffer = new UnsafeBuffer(Claim.NO_BYTES);
    private Port port;
    private ServiceLink link;
    private long id;
    private int length;
    private int slotIndex;
    private int state;
    private int outcome;
    private boolean isView;
    private Credentials credentials = Credentials.UNKNOWN;

    /**
     * Makes a message that shows nothing yet.
     */
    public Message()
    {
    }

    /**
     * The payload where it lies, from index 0.
     *
     * @return a read-only view that is valid until the message is released or replied to; the same object each time.
     * @throws IllegalStateException if there is no payload to see: the view was released, or the message was longer
     *                               than its receiver wanted.
     */
    public DirectBuffer buffer()
    {
        if (!isView)
        {
            throw new IllegalStateException("view of message " + id + " is used after its release, or was never given");
        }
        port.checkOpen();
        return buffer;
    }

    /**
     * @return length of the payload in bytes, also if it is not shown.
     */
    public int length()
    {
        return length;
    }

    /**
     * @return the message id (R12).
     */
    public long id()
    {
        return id;
    }

    /**
     * @return one of {@link MessageState}'s constants.
     */
    public int state()
    {
        return state;
    }

    /**
     * How the message ended, at a client: one of {@link Outcome}'s kinds, with {@link Outcome#RECEIVED} beside it. Any
     * but {@link Outcome#REPLIED} is an automatic reply without payload.
     *
     * @return the outcome; {@link Outcome#REPLIED} for a request or a disposal.
     */
    public int outcome()
    {
        return outcome;
    }

    /**
     * @return who sent it, by the word of the operating system (R22).
     */
    public Credentials credentials()
    {
        return credentials;
    }

    /**
     * @return whether the message still shows its payload, and so must be released at a client.
     */
    public boolean isView()
    {
        return isView;
    }

    /**
     * Lets go of the view. At a client this is the disposal of the reply (R21). A second call does nothing.
     */
    public void release()
    {
        if (isView)
        {
            port.release(this);
        }
    }

    /**
     * Replies to this request with a copy of some bytes: see {@link ServicePort#reply(long, DirectBuffer, int, int)}.
     * The view is released.
     *
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes.
     * @return as {@link ServicePort#reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalStateException if this is no request.
     */
    public int reply(final DirectBuffer source, final int index, final int length)
    {
        return service().reply(this, source, index, length);
    }

    /**
     * Claims memory for the reply to this request: see {@link ServicePort#claim(long, int, Claim)}. The request stays
     * in view meanwhile.
     *
     * @param length in bytes.
     * @param claim  to fill.
     * @return as {@link ServicePort#claim(long, int, Claim)} does.
     * @throws IllegalStateException if this is no request.
     */
    public int claimReply(final int length, final Claim claim)
    {
        return service().claim(this, length, claim);
    }

    /** Before the message is used for another one: a service's view just ends, a client's would be lost. */
    void reuse()
    {
        if (isView)
        {
            if (port instanceof ClientPort && !port.isClosed())
            {
                throw new IllegalStateException(
                    "message " + id + " is still in view: release it before it is used again");
            }
            release();
        }
    }

    void show(
        final Port port,
        final ServiceLink link,
        final int state,
        final int outcome,
        final long id,
        final int slotIndex,
        final int length,
        final Credentials credentials)
    {
        // References only if they change: to a collector each store of one is work, and here they hardly ever do.
        if (this.port != port)
        {
            this.port = port;
        }
        if (this.link != link)
        {
            this.link = link;
        }
        if (this.credentials != credentials)
        {
            this.credentials = credentials;
        }
        this.state = state;
        this.outcome = outcome;
        this.id = id;
        this.slotIndex = slotIndex;
        this.length = length;
    }

    void view(final DirectBuffer linkBuffer, final int payloadOffset)
    {
        buffer.wrap(linkBuffer, payloadOffset, length);
        isView = true;
    }

    void viewNothing()
    {
        isView = true;
    }

    void endView()
    {
        isView = false;
        // Whoever kept the buffer finds it empty.
        buffer.wrap(buffer, 0, 0);
    }

    Port port()
    {
        return port;
    }

    ServiceLink link()
    {
        return link;
    }

    int slotIndex()
    {
        return slotIndex;
    }

    private ServicePort service()
    {
        if (MessageState.REQUEST != state || !(port instanceof ServicePort))
        {
            throw new IllegalStateException("only a request can be replied to: message " + id + " has state " + state);
        }
        return (ServicePort)port;
    }
}
