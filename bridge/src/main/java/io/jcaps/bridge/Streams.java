/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.ChannelUriStringBuilder;
import io.aeron.CommonContext;

/**
 * The channels of both streams of a session. Requests go to the exporter's endpoint; replies come by a response channel
 * from the port after it, so that the importer needs no address that can be reached.
 */
final class Streams
{
    static final int STREAM_ID = 7_001;
    /** An eighth of it is the longest message, which with its header does not fit an eighth of 1 MiB. */
    static final int TERM_LENGTH = 2 * 1024 * 1024;

    private Streams()
    {
    }

    static String requests(final Endpoint bind)
    {
        return channel().endpoint(bind.toString()).rejoin(false).build();
    }

    static String requestsTo(final Endpoint exporter, final long repliesId)
    {
        return channel().endpoint(exporter.toString()).responseCorrelationId(repliesId).termLength(TERM_LENGTH)
            .sparse(true).build();
    }

    static String repliesFrom(final Endpoint exporter)
    {
        return channel().controlMode(CommonContext.CONTROL_MODE_RESPONSE)
            .controlEndpoint(exporter.replies()).rejoin(false).build();
    }

    static String replies(final Endpoint bind, final long requestsId)
    {
        return channel().controlMode(CommonContext.CONTROL_MODE_RESPONSE)
            .controlEndpoint(bind.replies()).responseCorrelationId(requestsId).termLength(TERM_LENGTH)
            .sparse(true).build();
    }

    private static ChannelUriStringBuilder channel()
    {
        return new ChannelUriStringBuilder().media(CommonContext.UDP_MEDIA);
    }
}
