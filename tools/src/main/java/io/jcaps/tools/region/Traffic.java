/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.region;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.shm.inspect.LinkView;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What went over a link, or over several. Immutable.
 *
 * @param puts      requests put.
 * @param gets      requests received.
 * @param replies   replies sent.
 * @param disposals disposals that reached the service.
 * @param closed    automatic replies taken, as the service had closed.
 * @param died      automatic replies taken, as the service had died.
 * @param aborted   automatic replies taken, as the message was aborted.
 * @param aborts    messages taken back.
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
        final Map<ClientCounter, Long> client = link.clientCounters();
        final Map<ServiceCounter, Long> service = link.serviceCounters();
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

    /** So much in each second, if this came within some nanoseconds. */
    Traffic perSecond(final long ns)
    {
        final double factor = 1e9 / Math.max(1, ns);
        return new Traffic(
            Math.round(puts * factor),
            Math.round(gets * factor),
            Math.round(replies * factor),
            Math.round(disposals * factor),
            Math.round(closed * factor),
            Math.round(died * factor),
            Math.round(aborted * factor),
            Math.round(aborts * factor),
            Math.round(noBuffers * factor),
            Math.round(wakeUps * factor),
            Math.round(bytes * factor));
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
