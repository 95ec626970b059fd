/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.PortCounter;
import io.jcaps.PortFlags;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionSnapshot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A service with its links and their traffic. Immutable.
 *
 * @param name     of the service; if that is gone, the name that its clients looked up.
 * @param port     of the service; null if its entry is gone.
 * @param links    to it.
 * @param inFlight messages on them.
 * @param backlog  requests among those that the service has not received.
 * @param traffic  of its present links, and of links whose clients have gone.
 */
record ServiceRow(String name, PortView port, List<LinkView> links, int inFlight, int backlog, Traffic traffic)
{
    /** The services of a region, and after them those that are gone and still have clients. */
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
        Traffic traffic = null == service ? Traffic.NONE : Traffic.ofGone(service);
        final boolean isServing = null != service && service.isOpen() && Life.DEAD != service.life();
        String name = null == service ? "?" : service.name();
        for (final LinkView link : links)
        {
            inFlight += link.inFlight();
            backlog += link.backlog();
            traffic = link.isBesideTotals(isServing) ? traffic.plus(Traffic.of(link)) : traffic;
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

    /** Accepted clients that have closed or died; 0 if the service's entry is gone. */
    long goneCount()
    {
        if (null == port)
        {
            return 0;
        }
        final long there = links.stream().filter((link) -> Life.DEAD != link.clientLife() &&
            LinkEntryDescriptor.SERVICE_HOLDS == (link.flags() &
                (LinkEntryDescriptor.SERVICE_HOLDS | LinkEntryDescriptor.CLIENT_CLOSED))).count();
        // The counters are read one after the other: a client can have been accepted in between.
        return Math.max(0, count(PortCounter.ACCEPTED) - there);
    }

    /** Clients of the service that died before they closed; 0 if its entry is gone. */
    long diedCount()
    {
        return null == port ? 0 : count(PortCounter.DEATHS);
    }

    private long count(final PortCounter counter)
    {
        return port.counters().getOrDefault(counter, 0L);
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

    /** Flags as letters: user, group, world, exclusive, nofork, waits, imported. */
    static String flags(final int flags)
    {
        final String letters = "ugwxnqi";
        final int[] bits = {
            PortFlags.USER, PortFlags.GROUP, PortFlags.WORLD, PortFlags.EXCL, PortFlags.NOFORK, PortFlags.WAITSVC,
            PortFlags.IMPORTED};
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
