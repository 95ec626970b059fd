/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.layout;

/**
 * Counters of a link's client, in the link. {@link #REPLIES}, {@link #CLOSED}, {@link #DIED}, {@link #ABORTED},
 * {@link #UNREACHABLE} and {@link #REFUSED} add up to the requests whose one outcome was taken (B1). The rest of
 * {@link #PUTS} is in progress.
 */
public enum ClientCounter implements LinkCounter
{
    /** Requests that were put. */
    PUTS(101, LinkDescriptor.CLIENT_PUTS_OFFSET, "puts", "requests put"),
    /** Bytes of payload of the requests that were put. */
    PUT_BYTES(102, LinkDescriptor.CLIENT_PUT_BYTES_OFFSET, "put-bytes", "bytes of payload put"),
    /** Replies that were taken, by calls as well. */
    REPLIES(103, LinkDescriptor.CLIENT_REPLIES_OFFSET, "replies", "replies taken"),
    /** Bytes of payload of the replies that were taken. */
    REPLY_BYTES(104, LinkDescriptor.CLIENT_REPLY_BYTES_OFFSET, "reply-bytes", "bytes of payload of replies taken"),
    /** Outcomes {@code SERVICE_CLOSED} that were taken. */
    CLOSED(105, LinkDescriptor.CLIENT_CLOSED_OFFSET, "closed", "requests returned as the service had closed"),
    /** Outcomes {@code SERVICE_DIED} that were taken. */
    DIED(106, LinkDescriptor.CLIENT_DIED_OFFSET, "died", "requests returned as the service had died"),
    /** Outcomes {@code ABORTED} that were taken, also by calls that timed out or were interrupted. */
    ABORTED(107, LinkDescriptor.CLIENT_ABORTED_OFFSET, "aborted", "requests returned as they were aborted"),
    /** Aborts that took a message back at once, by the caller or by a call that timed out or was interrupted. */
    ABORTS(108, LinkDescriptor.CLIENT_ABORTS_OFFSET, "aborts", "aborts that took a message back"),
    /** Claims and puts that reached the limit of messages in progress (R14). */
    NO_BUFFERS(109, LinkDescriptor.CLIENT_NO_BUFFERS_OFFSET, "no-buffers", "puts refused for too many in progress"),
    /** System calls that were made to wake the service. */
    WAKE_UPS(110, LinkDescriptor.CLIENT_WAKE_UPS_OFFSET, "wake-ups", "system calls made to wake the service"),
    /** Outcomes {@code UNREACHABLE} that were taken. */
    UNREACHABLE(111, LinkDescriptor.CLIENT_UNREACHABLE_OFFSET, "unreachable",
        "requests returned because the connection to the service's host was lost"),
    /** Outcomes {@code REFUSED} that were taken. */
    REFUSED(112, LinkDescriptor.CLIENT_REFUSED_OFFSET, "refused",
        "requests returned as the service did not admit the client");

    private final int id;
    private final int offset;
    private final String label;
    private final String description;

    ClientCounter(final int id, final int offset, final String label, final String description)
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
