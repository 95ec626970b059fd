/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * What a server has counted.
 *
 * @param requestCount  requests received.
 * @param corruptCount  requests whose payload was not what it should have been.
 * @param disposalCount disposals received: as many as requests, where a transport tells a server that its reply may be
 *                      reused, {@link #NO_DISPOSALS} where it does not.
 */
public record Tally(long requestCount, long corruptCount, long disposalCount)
{
    /** The transport knows no disposals. */
    public static final long NO_DISPOSALS = -1;
}
