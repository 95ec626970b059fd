/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * The counters of a server.
 *
 * @param requestCount  requests received.
 * @param corruptCount  requests with a wrong payload.
 * @param disposalCount disposals received: as many as requests if the transport notifies a server that its reply may be
 *                      reused, otherwise {@link #NO_DISPOSALS}.
 */
public record Tally(long requestCount, long corruptCount, long disposalCount)
{
    /** The transport has no disposals. */
    public static final long NO_DISPOSALS = -1;
}
