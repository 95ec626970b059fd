/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.PortView;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The traffic of one or more links. Immutable.
 *
 * @param puts      requests put.
 * @param gets      requests received.
 * @param replies   replies sent.
 * @param disposals disposals that reached the service.
 * @param closed    automatic replies taken, as the service had closed.
 * @param died      automatic replies taken, as the service had died.
 * @param aborted   automatic replies taken, as the message was aborted.
 * @param aborts    messages aborted.
 * @param noBuffers puts that got NO_BUFFERS.
 * @param wakeUps   system calls to wake the other side, of both.
 * @param bytes     of requests and replies sent.
 */
record Traffic(
    long puts,
    long gets,
    long replies,
    long disposals,
    long closed,
    long died,
    long aborted,
    long aborts,
    long noBuffers,
    long wakeUps,
    long bytes)
{
    static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    static Traffic of(final LinkView link)
    {
        return of(link.clientCounters(), link.serviceCounters());
    }

    /** Traffic of the links of a service whose clients have gone. */
    static Traffic ofGone(final PortView service)
    {
        return of(service.goneClients(), service.goneService());
    }

    private static Traffic of(final Map<ClientCounter, Long> client, final Map<ServiceCounter, Long> service)
    {
        return new Traffic(
            client.get(ClientCounter.PUTS),
            service.get(ServiceCounter.GETS),
            service.get(ServiceCounter.REPLIES),
            service.get(ServiceCounter.DISPOSALS),
            client.get(ClientCounter.CLOSED),
            client.get(ClientCounter.DIED),
            client.get(ClientCounter.ABORTED),
            client.get(ClientCounter.ABORTS),
            client.get(ClientCounter.NO_BUFFERS),
            client.get(ClientCounter.WAKE_UPS) + service.get(ServiceCounter.WAKE_UPS),
            client.get(ClientCounter.PUT_BYTES) + service.get(ServiceCounter.REPLY_BYTES));
    }

    Traffic plus(final Traffic other)
    {
        return combined(other, 1);
    }

    Traffic minus(final Traffic other)
    {
        return combined(other, -1);
    }

    /**
     * Rates per second of traffic within {@code ns} nanoseconds. Never negative, although the numbers of a client that
     * closed before its service accepted it are in no total.
     */
    Traffic perSecond(final long ns)
    {
        final double factor = 1e9 / Math.max(1, ns);
        return new Traffic(
            rate(puts, factor),
            rate(gets, factor),
            rate(replies, factor),
            rate(disposals, factor),
            rate(closed, factor),
            rate(died, factor),
            rate(aborted, factor),
            rate(aborts, factor),
            rate(noBuffers, factor),
            rate(wakeUps, factor),
            rate(bytes, factor));
    }

    private static long rate(final long count, final double factor)
    {
        return Math.round(Math.max(0, count) * factor);
    }

    /** Automatic replies of all kinds. */
    long automatic()
    {
        return closed + died + aborted;
    }

    Map<String, Object> members()
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("puts", puts);
        members.put("gets", gets);
        members.put("replies", replies);
        members.put("disposals", disposals);
        members.put("serviceClosed", closed);
        members.put("serviceDied", died);
        members.put("aborted", aborted);
        members.put("aborts", aborts);
        members.put("noBuffers", noBuffers);
        members.put("wakeUps", wakeUps);
        members.put("bytes", bytes);
        return members;
    }

    private Traffic combined(final Traffic other, final int sign)
    {
        return new Traffic(
            puts + sign * other.puts,
            gets + sign * other.gets,
            replies + sign * other.replies,
            disposals + sign * other.disposals,
            closed + sign * other.closed,
            died + sign * other.died,
            aborted + sign * other.aborted,
            aborts + sign * other.aborts,
            noBuffers + sign * other.noBuffers,
            wakeUps + sign * other.wakeUps,
            bytes + sign * other.bytes);
    }
}
