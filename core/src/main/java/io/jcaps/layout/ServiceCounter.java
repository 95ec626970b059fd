/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * Counters of a link's service, in the link.
 */
public enum ServiceCounter implements LinkCounter
{
    /**
     * Requests that were received. One that is too long for its receiver counts when it is retrieved or replied to, or
     * when its client goes.
     */
    GETS(201, LinkDescriptor.SERVICE_GETS_OFFSET, "gets", "requests received"),
    /** Bytes of payload of the requests that were retrieved. */
    GET_BYTES(202, LinkDescriptor.SERVICE_GET_BYTES_OFFSET, "get-bytes", "bytes of payload received"),
    /** Replies that were sent, also to messages that their client had already aborted. */
    REPLIES(203, LinkDescriptor.SERVICE_REPLIES_OFFSET, "replies", "replies sent"),
    /** Bytes of payload of the replies that were sent. */
    REPLY_BYTES(204, LinkDescriptor.SERVICE_REPLY_BYTES_OFFSET, "reply-bytes", "bytes of payload of replies sent"),
    /** Disposals that were found; each is then delivered once. */
    DISPOSALS(205, LinkDescriptor.SERVICE_DISPOSALS_OFFSET, "disposals", "messages that the client is done with"),
    /** Requests that were found aborted, and so not received. If the slot is in use again, they are not counted. */
    SKIPS(206, LinkDescriptor.SERVICE_SKIPS_OFFSET, "skips", "requests met aborted and not received"),
    /** System calls that were made to wake the client. */
    WAKE_UPS(207, LinkDescriptor.SERVICE_WAKE_UPS_OFFSET, "wake-ups", "system calls made to wake the client"),
    /** The part of {@link #REPLIES} that ended a request with an outcome instead of a reply (B7). */
    ENDS(208, LinkDescriptor.SERVICE_ENDS_OFFSET, "ends", "requests ended with an outcome instead of a reply");

    private final int id;
    private final int offset;
    private final String label;
    private final String description;

    ServiceCounter(final int id, final int offset, final String label, final String description)
    {
        this.id = id;
        this.offset = offset;
        this.label = label;
        this.description = description;
    }

    @Override
    public int id()
    {
        return id;
    }

    @Override
    public String label()
    {
        return label;
    }

    @Override
    public String description()
    {
        return description;
    }

    @Override
    public int offset()
    {
        return offset;
    }
}
