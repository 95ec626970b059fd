/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Counter;
import io.jcaps.layout.PortDescriptor;

/**
 * What a port counts of that which seldom happens, or never should. The numbers lie in the port's entry, written by the
 * port's owner alone, so that they can be read from another process, too, and after the owner's death. Their places are
 * their ordinals: new ones come last, up to {@link PortDescriptor#COUNTER_COUNT}.
 */
public enum PortCounter implements Counter
{
    /** Clients that a service turned away because R6 does not let them in. */
    REFUSED(1, "refused", "clients turned away for want of permission"),
    /** Clients that a service refused because another process than their entry says holds the entry's lock. */
    FORGED(2, "forged", "clients refused as another process than their entry says holds its lock"),
    /** Links that the port gave up because what the other side had written cannot be. */
    CORRUPT(3, "corrupt", "links given up as the other side wrote what cannot be"),
    /** Clients that a service let in. */
    ACCEPTED(4, "accepted", "clients let in"),
    /** Clients of a service that died; one that another process has tidied up after first counts as closed. */
    DEATHS(5, "deaths", "clients that died"),
    /** Claims, puts and replies that found no memory in the region. */
    NO_SPACE(6, "no-space", "claims, puts and replies that found no memory"),
    /** Exceptions and errors that a handler threw at the port's agent. */
    HANDLER_ERRORS(7, "handler-errors", "exceptions thrown by the handler"),
    /** Tries to accept a client or to drop one that failed for a cause that may pass; each is made again. */
    RETRIES(8, "retries", "tries to accept or drop a client that failed and are made again");

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
