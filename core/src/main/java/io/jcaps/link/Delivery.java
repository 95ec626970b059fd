/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.link;

import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.host.Credentials;
import io.jcaps.layout.SlotTable;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A message that a link hands out: one request, reply or disposal, with a view of its payload. Made once and filled
 * many times; used by one thread at a time. {@code io.jcaps.Message} shows it to the program.
 */
public final class Delivery
{
    private static final byte[] NO_BYTES = new byte[0];

    private final UnsafeBuffer view = new UnsafeBuffer(NO_BYTES);
    private ServiceLink link;
    private Credentials credentials = Credentials.UNKNOWN;
    private long id;
    private long linkId;
    private long cookie;
    private int slot;
    private int length;
    private int state;
    private int outcome;
    private boolean isView;

    /**
     * Makes an empty delivery.
     */
    public Delivery()
    {
    }

    /** Fills in all but the view. {@code link} is null at a client. */
    void show(
        final ServiceLink link,
        final long linkId,
        final Credentials credentials,
        final int state,
        final int outcome,
        final long id,
        final int slot,
        final int length)
    {
        // References are stored only if they change, which is rare: each such store costs the garbage collector work.
        if (this.link != link)
        {
            this.link = link;
        }
        if (this.credentials != credentials)
        {
            this.credentials = credentials;
        }
        this.linkId = linkId;
        cookie = 0;
        this.state = state;
        this.outcome = outcome;
        this.id = id;
        this.slot = slot;
        this.length = length;
    }

    /** Puts a payload in view, from {@code payloadOffset} in the link; {@link SlotTable#NOWHERE} if there is none. */
    void view(final UnsafeBuffer linkBuffer, final int payloadOffset)
    {
        if (SlotTable.NOWHERE != payloadOffset)
        {
            view.wrap(linkBuffer, payloadOffset, length);
        }
        else
        {
            view.wrap(view, 0, 0);
        }
        isView = true;
    }

    /** Ends the view: a buffer that the caller kept becomes empty. */
    public void endView()
    {
        isView = false;
        view.wrap(view, 0, 0);
    }

    /** Sets the number that the client's program gave with the message; after {@link #show}. */
    void cookie(final long cookie)
    {
        this.cookie = cookie;
    }

    /** Forgets the last message, so that none of its values is reported for a call that failed. */
    public void clear()
    {
        state = MessageState.REPLY;
        outcome = Outcome.REPLIED;
        id = 0;
        linkId = 0;
        cookie = 0;
        length = 0;
    }

    /**
     * @return the payload, from index 0; the same object each time.
     */
    public DirectBuffer view()
    {
        return view;
    }

    /**
     * @return whether the message is in view and was not released.
     */
    public boolean isView()
    {
        return isView;
    }

    /**
     * @return the service's link to which the message belongs; null at a client.
     */
    public ServiceLink link()
    {
        return link;
    }

    /**
     * @return incarnation of the link.
     */
    public long linkId()
    {
        return linkId;
    }

    /**
     * @return number that the client's program gave with the message; 0 if it gave none, and at a service.
     */
    public long cookie()
    {
        return cookie;
    }

    /**
     * @return sender, as the operating system reported it (R22).
     */
    public Credentials credentials()
    {
        return credentials;
    }

    /**
     * @return message id.
     */
    public long id()
    {
        return id;
    }

    /**
     * @return index of the message's slot.
     */
    public int slot()
    {
        return slot;
    }

    /**
     * @return length of the payload in bytes, whether it is in view or not.
     */
    public int length()
    {
        return length;
    }

    /**
     * @return one of {@link MessageState}'s constants.
     */
    public int state()
    {
        return state;
    }

    /**
     * @return outcome at a client; {@link Outcome#REPLIED} otherwise.
     */
    public int outcome()
    {
        return outcome;
    }
}
