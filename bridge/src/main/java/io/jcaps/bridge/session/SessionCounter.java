/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

/**
 * The counters of a session.
 */
public enum SessionCounter
{
    /** Requests sent, at the importer; handed to the service, at the exporter. */
    REQUESTS,
    /** Replies handed to the client, at the importer; sent, at the exporter. */
    REPLIES,
    /** Outcomes other than a reply, received or sent. */
    OUTCOMES,
    /** Requests that this end has ended as UNREACHABLE. */
    UNREACHABLE,
    /** Frames that had been received before, and were dropped. */
    DUPLICATES,
    /** Frames that break the protocol: each ends its session. */
    VIOLATIONS,
    /** Frames that could not be sent at once. */
    BACK_PRESSURE,
    /** Sessions that one end has refused; at the exporter, also streams that it does not answer. */
    REFUSED
}
