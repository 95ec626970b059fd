/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Counter;
import io.jcaps.layout.PortDescriptor;

/**
 * Counters of rare events at a port. The numbers are in the port's entry, and only the port's owner writes them.
 * Another process can read them, also after the owner's death, until the entry is freed. A counter's place is its
 * ordinal: new ones come last, up to {@link PortDescriptor#COUNTER_COUNT}.
 */
public enum PortCounter implements Counter
{
    /** Clients that a service refused because R6 does not admit them. */
    REFUSED(1, "refused", "clients refused for lack of permission"),
    /**
     * Clients that a service refused because the process that holds their entry's lock is not the one that the entry
     * names.
     */
    FORGED(2, "forged", "clients refused because another process holds their entry's lock"),
    /** Links that the port gave up because the other side wrote an invalid value. */
    CORRUPT(3, "corrupt", "links given up because the other side wrote an invalid value"),
    /** Clients that a service admitted. */
    ACCEPTED(4, "accepted", "clients admitted"),
    /** Clients of a service that died. One whose entries another process has freed first counts as closed, not here. */
    DEATHS(5, "deaths", "clients that died"),
    /** Claims, puts and replies that found no memory in the region. */
    NO_SPACE(6, "no-space", "claims, puts and replies that found no memory"),
    /** Exceptions and errors that a handler threw at the port's agent. */
    HANDLER_ERRORS(7, "handler-errors", "exceptions thrown by the handler"),
    /** Attempts to accept or drop a client that failed for a cause that may pass; each is repeated. */
    RETRIES(8, "retries", "attempts to accept or drop a client that failed and are repeated");

    private final int id;
    private final String label;
    private final String description;

    PortCounter(final int id, final String label, final String description)
    {
        this.id = id;
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
}
