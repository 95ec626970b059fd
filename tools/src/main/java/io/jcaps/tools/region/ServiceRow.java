/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.PortFlags;
import io.jcaps.shm.Life;
import io.jcaps.shm.LinkView;
import io.jcaps.shm.PortView;
import io.jcaps.shm.RegionSnapshot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A service and what goes over its links. Immutable.
 *
 * @param name     of the service, or what its clients call it if it is gone.
 * @param port     of the service; null if its entry is gone.
 * @param links    to it.
 * @param inFlight messages on them.
 * @param backlog  requests among those that the service has not received.
 * @param traffic  of the links that there are.
 */
record ServiceRow(String name, PortView port, List<LinkView> links, int inFlight, int backlog, Traffic traffic)
{
    /** The services of a region, and below them those that are gone and still have clients. */
    static List<ServiceRow> of(final RegionSnapshot snapshot)
    {
        final Map<Long, List<LinkView>> linksByService = new LinkedHashMap<>();
        for (final PortView port : snapshot.ports())
        {
            if (PortView.Kind.SERVICE == port.kind())
            {
                linksByService.put(port.incarnation(), new ArrayList<>());
            }
        }
        for (final LinkView link : snapshot.links())
        {
            linksByService.computeIfAbsent(link.servicePortIncarnation(), (key) -> new ArrayList<>()).add(link);
        }
        final List<ServiceRow> rows = new ArrayList<>();
        linksByService.forEach((incarnation, links) -> rows.add(of(snapshot, incarnation, links)));
        return rows;
    }

    private static ServiceRow of(final RegionSnapshot snapshot, final long incarnation, final List<LinkView> links)
    {
        PortView service = null;
        for (final PortView port : snapshot.ports())
        {
            if (port.incarnation() == incarnation && PortView.Kind.SERVICE == port.kind())
            {
                service = port;
            }
        }
        int inFlight = 0;
        int backlog = 0;
        Traffic traffic = Traffic.NONE;
        String name = null == service ? "?" : service.name();
        for (final LinkView link : links)
        {
            inFlight += link.inFlight();
            backlog += link.backlog();
            traffic = traffic.plus(Traffic.of(link));
            final PortView client = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
            if (null == service && null != client)
            {
                name = client.name();
            }
        }
        return new ServiceRow(name, service, List.copyOf(links), inFlight, backlog, traffic);
    }

    ServiceRow withTraffic(final Traffic other)
    {
        return new ServiceRow(name, port, links, inFlight, backlog, other);
    }

    int pid()
    {
        return null == port ? 0 : port.pid();
    }

    long ageMs()
    {
        return null == port ? 0 : System.currentTimeMillis() - port.openedAtMs();
    }

    String state()
    {
        return state(port);
    }

    static String state(final PortView port)
    {
        if (null == port)
        {
            return "gone";
        }
        if (Life.ALIVE != port.life())
        {
            return Life.DEAD == port.life() ? "DEAD" : "?";
        }
        return port.isOpen() ? "open" : "closed";
    }

    /** Flags as letters: user, group, world, exclusive, nofork, waits. */
    static String flags(final int flags)
    {
        final String letters = "ugwxnq";
        final int[] bits = {
            PortFlags.USER, PortFlags.GROUP, PortFlags.WORLD, PortFlags.EXCL, PortFlags.NOFORK, PortFlags.WAITSVC};
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < bits.length; i++)
        {
            if (0 != (flags & bits[i]))
            {
                text.append(letters.charAt(i));
            }
        }
        return 0 == text.length() ? "-" : text.toString();
    }
}
