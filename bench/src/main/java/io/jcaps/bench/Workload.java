/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * In which order requests are sent and replies awaited.
 */
public enum Workload
{
    /** One request in flight: the next is sent when the reply was verified. Each round trip is timed. */
    ROUND_TRIP,
    /** As many requests in flight as the window allows. Replies are counted. */
    PIPELINED,
    /**
     * Requests at a fixed rate, whatever the replies do. Each is timed from when it should have been sent: a stall
     * counts for all that it delays.
     */
    OPEN_LOOP,
    /** An open loop at a part of what the contender can do, which the cell measures first. */
    LOAD,
    /**
     * Messages in one direction. Every 64th is answered, so that the sender knows what has arrived; a transport whose
     * messages all have replies sends empty ones.
     */
    STREAM,
    /** Many clients, each in a thread of its own, each with one request in flight. Each one's replies are counted. */
    CROWD
}
