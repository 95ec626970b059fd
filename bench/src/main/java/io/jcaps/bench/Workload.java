/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

/**
 * The order of requests and replies.
 */
public enum Workload
{
    /** One request in flight: the next is sent after the reply is verified. Each round trip is timed. */
    ROUND_TRIP,
    /** As many requests in flight as the window allows. Replies are counted. */
    PIPELINED,
    /**
     * Requests at a fixed rate, independent of the replies. Each is timed from its intended time, so that a stall
     * counts for all requests that it delays.
     */
    OPEN_LOOP,
    /** An open loop at a part of the contender's capacity, which the cell measures first. */
    LOAD,
    /**
     * Messages in one direction. Each 64th is answered, so that the sender knows which have arrived; a transport in
     * which each message has a reply sends empty ones.
     */
    STREAM,
    /** Many clients, each in a thread of its own, each with one request in flight. Each one's replies are counted. */
    CROWD
}
