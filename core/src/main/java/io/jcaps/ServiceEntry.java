/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.wait.Doorbell;
import org.agrona.concurrent.AtomicBuffer;

/**
 * The entry of a service's port, as a client of it uses the entry. It stays the service's as long as the client holds
 * its link (R28). After that it may be another port's, to which one more event does no harm. Any thread may call.
 */
final class ServiceEntry
{
    final int portIndex;
    final long incarnation;
    final Doorbell doorbell;
    final boolean spins;
    final boolean isImported;
    final boolean cannotWake;
    private final AtomicBuffer tables;
    private final int eventsOffset;
    private final int generationOffset;

    ServiceEntry(final PortContext context, final LinkEntry link)
    {
        tables = context.host.tables();
        incarnation = link.servicePortIncarnation();
        portIndex = link.servicePortIndex();
        final PortEntry entry = new PortEntry(tables, context.host.header().geometry()).wrap(portIndex);
        doorbell = new Doorbell(context.host, entry);
        eventsOffset = entry.eventsOffset();
        generationOffset = entry.generationOffset();
        final int flags = entry.flags();
        spins = (flags & PortFlags.SPINS) != 0;
        isImported = (flags & PortFlags.IMPORTED) != 0;
        cannotWake = (flags & PortFlags.CANNOT_WAKE) != 0;
    }

    /** Announces that the link has changed: the service looks at its links when it polls next. */
    void raiseEvent()
    {
        // [events] atomic add, after the change of the link: pairs with the acquire in Acceptor.isDue().
        tables.getAndAddInt(eventsOffset, 1);
    }

    long generation()
    {
        // [generation] acquire: pairs with the release in Port.generation(long).
        return tables.getLongAcquire(generationOffset);
    }
}
