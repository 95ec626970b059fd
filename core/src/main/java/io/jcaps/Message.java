/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.link.Delivery;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A message that a port received, shown in place. Create one and reuse it.
 * <p>
 * At a client it holds the reply until {@link #release}: only then may the service use the reply's memory again, and
 * only then does the message stop counting as in progress (R14). At a service it shows the request until the request is
 * replied to, or this object is released or used again. A released request still waits for its reply, which needs only
 * the {@link #id()}.
 * <p>
 * Not thread safe. It may be handed to another thread, which then continues with it.
 */
public final class Message
{
    private final Delivery delivery = new Delivery();
    private Port port;
    // Of replyBuffer(): its memory, made at the first call, and the status that reply(length) returns if it had none.
    private Claim replyClaim;
    private int refusal = Status.OK;

    /**
     * Makes a message that shows nothing yet.
     */
    public Message()
    {
    }

    /**
     * The payload in place, from index 0.
     *
     * @return a read-only view that is valid until the message is released or replied to; the same object each time.
     * @throws IllegalStateException if there is no payload in view: the view was released, the port was closed, the
     *                               message was longer than its receiver wanted, or its {@link #outcome()} is not
     *                               {@link Outcome#REPLIED}.
     */
    public DirectBuffer buffer()
    {
        checkView();
        port.checkOpen();
        return delivery.view();
    }

    private void checkView()
    {
        if (!delivery.isView())
        {
            throw new IllegalStateException(
                "view of message " + id() + " is used after its release or reply, or was never given");
        }
        if (Outcome.REPLIED != outcome())
        {
            throw new IllegalStateException(Outcome.text(outcome()) + " has no payload: check outcome() of message " +
                id() + " before its buffer()");
        }
    }

    /**
     * Copies the payload. A close of the port by another thread waits for the copy, but not for reads through
     * {@link #buffer()}: such a read may see the bytes of another client, to which the memory belongs after the close.
     *
     * @param target to copy to.
     * @param index  in the target of the first byte.
     * @return {@link Status#OK}; {@link Port#endStatus} if the port was closed, and nothing was copied.
     * @throws IllegalStateException as {@link #buffer()} does, but not if the port was closed.
     */
    public int copyTo(final MutableDirectBuffer target, final int index)
    {
        checkView();
        final int endStatus = port.enterCopy();
        if (Status.OK != endStatus)
        {
            return endStatus;
        }
        try
        {
            target.putBytes(index, delivery.view(), 0, length());
            return Status.OK;
        }
        finally
        {
            port.exitCopy();
        }
    }

    /**
     * @return length of the payload in bytes, also if the payload is not in view.
     */
    public int length()
    {
        return delivery.length();
    }

    /**
     * @return the message id (R12).
     */
    public long id()
    {
        return delivery.id();
    }

    /**
     * At a client, the number with which it put the message, by {@link Claim#put(int, long)} or
     * {@link ClientPort#put(DirectBuffer, int, int, long)}, whatever the outcome. So the caller needs no map from
     * message ids to requests.
     *
     * @return the number; 0 if the message was put without one, and at a service.
     */
    public long cookie()
    {
        return delivery.cookie();
    }

    /**
     * The connection that the message belongs to: a number that no other connection of the region ever has. At both
     * sides it is the incarnation of the client's port ({@link Port#incarnation}).
     *
     * @return a positive number; 0 if nothing was shown yet.
     */
    public long linkId()
    {
        return delivery.linkId();
    }

    /**
     * @return one of {@link MessageState}'s constants.
     */
    public int state()
    {
        return delivery.state();
    }

    /**
     * How the message ended, at a client (B1): one of {@link Outcome}'s kinds, with {@link Outcome#RECEIVED} set or
     * not. There is a payload only with {@link Outcome#REPLIED}.
     *
     * @return the outcome; {@link Outcome#REPLIED} for a request or a disposal.
     */
    public int outcome()
    {
        return delivery.outcome();
    }

    /**
     * @return the sender's identity, as the operating system reports it (R22).
     */
    public Credentials credentials()
    {
        return delivery.credentials();
    }

    /**
     * @return whether the message is in view, and so must be released at a client.
     */
    public boolean isView()
    {
        return delivery.isView();
    }

    /**
     * Releases the view. At a client this disposes of the reply (R21). The buffer of a reply that was begun by
     * {@link #replyBuffer} and not sent becomes void. A second call does nothing.
     */
    public void release()
    {
        dropReplyBuffer();
        if (isView())
        {
            port.release(delivery);
        }
    }

    /**
     * Replies to this request with a copy of some bytes: see {@link ServicePort#reply(long, DirectBuffer, int, int)}.
     * The view is released, unless the result is {@link Status#NO_SPACE}.
     *
     * @param source of the bytes.
     * @param index  of the first one.
     * @param length in bytes.
     * @return as {@link ServicePort#reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalStateException    if this is no request.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int reply(final DirectBuffer source, final int index, final int length)
    {
        dropReplyBuffer();
        final int result = service().reply(delivery.link(), id(), source, index, length);
        if (Status.NO_SPACE != result)
        {
            release();
        }
        return result;
    }

    /**
     * Replies to this request with 0 bytes: only confirms that the request was handled. The view is released.
     *
     * @return as {@link ServicePort#reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalStateException if this is no request.
     */
    public int reply()
    {
        return reply(Claim.NONE, 0, 0);
    }

    /**
     * Ends this request with an outcome instead of a reply: see {@link ServicePort#end(long, int)}. The view is
     * released.
     *
     * @param outcome as {@link ServicePort#end(long, int)} takes it.
     * @return as {@link ServicePort#end(long, int)} does.
     * @throws IllegalStateException    if this is no request.
     * @throws IllegalArgumentException if no service may end a request with that outcome.
     */
    public int end(final int outcome)
    {
        dropReplyBuffer();
        final int result = service().end(delivery.link(), id(), outcome);
        release();
        return result;
    }

    /**
     * Claims memory for the reply to this request: see {@link ServicePort#claim(long, int, Claim)}. The request stays
     * in view in the meantime.
     *
     * @param length in bytes.
     * @param claim  to fill.
     * @return as {@link ServicePort#claim(long, int, Claim)} does.
     * @throws IllegalStateException    if this is no request, or the claim is not spent.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int claimReply(final int length, final Claim claim)
    {
        return service().claim(delivery.link(), id(), length, claim);
    }

    /**
     * Claims memory for the reply to this request, to be written in place and sent by {@link #reply(int)}: a
     * {@link Claim} without the object. A second call releases the first buffer.
     *
     * @param length in bytes, 0 to the region's limit.
     * @return a buffer whose content is undefined, the same object each time, valid until the reply is sent or the
     * message is released; null if there is no memory: {@link #reply(int)} then returns the reason.
     * @throws IllegalArgumentException if the length is out of its range.
     * @throws IllegalStateException    if this is no request.
     */
    public MutableDirectBuffer replyBuffer(final int length)
    {
        final ServicePort service = service();
        dropReplyBuffer();
        if (null == replyClaim)
        {
            replyClaim = new Claim();
        }
        refusal = service.claim(delivery.link(), id(), length, replyClaim);
        return Status.OK == refusal ? replyClaim.buffer() : null;
    }

    /**
     * Sends the reply that was written into {@link #replyBuffer}. The view is released, unless {@link #replyBuffer}
     * returned no buffer.
     *
     * @param length in bytes of what was written, from the buffer's beginning; at most the length that
     *               {@link #replyBuffer} was called with.
     * @return as {@link ServicePort#reply(long, DirectBuffer, int, int)} does.
     * @throws IllegalStateException    if {@link #replyBuffer} was not called before.
     * @throws IllegalArgumentException if the length is out of its range.
     */
    public int reply(final int length)
    {
        if (hasReplyBuffer())
        {
            final int result = replyClaim.reply(length);
            if (Status.OK != result)
            {
                // As in reply(source, index, length): no reply to this request is possible any more.
                release();
            }
            return result;
        }
        final int result = refusal;
        if (Status.OK == result)
        {
            throw new IllegalStateException("replyBuffer() must be called before reply(length): message " + id());
        }
        refusal = Status.OK;
        return result;
    }

    private boolean hasReplyBuffer()
    {
        return null != replyClaim && replyClaim.isFilled();
    }

    /** Drops a reply that was begun and not sent: its buffer becomes void. */
    void dropReplyBuffer()
    {
        if (hasReplyBuffer())
        {
            replyClaim.cancel();
        }
        if (Status.OK != refusal)
        {
            refusal = Status.OK;
        }
    }

    /** For logs: state, id, length and, at a client, outcome, but no byte of the payload. Allocates. */
    @Override
    public String toString()
    {
        return "Message{" + (null == port ? "nothing" :
            MessageState.text(state()) + ", id=" + id() + ", length=" + length() +
            (MessageState.REPLY == state() ? ", outcome=" + Outcome.text(outcome()) : "") +
            (isView() ? "" : ", released")) +
            '}';
    }

    /** Called before this object shows another message: ends a service's view; throws if a client's would be lost. */
    void reuse(final Port nextPort)
    {
        dropReplyBuffer();
        if (delivery.isView())
        {
            if (port instanceof ClientPort && !port.isClosed())
            {
                throw new IllegalStateException(
                    "message " + id() + " is still in view: release it before it is used again");
            }
            release();
        }
        if (port != nextPort)
        {
            port = nextPort;
        }
    }

    /** The part that the link fills in. */
    Delivery delivery()
    {
        return delivery;
    }

    private ServicePort service()
    {
        if (MessageState.REQUEST != state() || !(port instanceof ServicePort))
        {
            throw new IllegalStateException("only a request can be replied to: message " + id() + " is a " +
                MessageState.text(state()));
        }
        return (ServicePort)port;
    }
}
