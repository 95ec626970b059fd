/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.shm.inspect.Life;
import io.jcaps.shm.inspect.LinkView;
import io.jcaps.shm.inspect.MessageView;
import io.jcaps.shm.inspect.PortView;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.terminal.Units;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Finds live programs that keep nearly all slots of a link: a client by claims and views of replies, a service by
 * requests that it has received and not replied to. A program that is only busy keeps other messages at the second
 * look.
 */
final class KeptSlots
{
    static final String CHECK = "claims and views";
    private static final long BETWEEN_MS = 500;
    private static final int MAX_SHOWN = 5;

    private KeptSlots()
    {
    }

    /** Looks at a region, and again after half a second if the first look found something. */
    static Finding finding(final RegionView view)
    {
        final int slotCount = view.header().geometry().slotCount();
        final RegionSnapshot first = view.look(0);
        List<String> keepers = keepers(first, first, slotCount);
        if (!keepers.isEmpty())
        {
            final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BETWEEN_MS);
            for (long ns = endNs - System.nanoTime(); ns > 0 && !Thread.currentThread().isInterrupted();
                ns = endNs - System.nanoTime())
            {
                LockSupport.parkNanos(ns);
            }
            keepers = keepers(first, view.look(0), slotCount);
        }
        return keepers.isEmpty() ? Finding.ok(CHECK, "no program keeps most slots of a link in " + view.path()) :
            Finding.warn(CHECK, text(keepers),
                "the client's next claim or put returns NO_BUFFERS",
                "in a client: put or cancel each claim, release each reply; in a service: reply to each request; " +
                    "caps stat shows both as CLMD and HELD, caps inflight shows each message");
    }

    /**
     * @param first     look.
     * @param second    look, later.
     * @param slotCount of each link.
     * @return a text for each program that kept at least three quarters of a link's slots at both looks.
     */
    static List<String> keepers(final RegionSnapshot first, final RegionSnapshot second, final int slotCount)
    {
        final Map<Long, LinkView> before = new LinkedHashMap<>();
        first.links().forEach((link) -> before.put(link.incarnation(), link));
        final List<String> keepers = new ArrayList<>();
        // By incarnation of a service: for each client, how many of its requests the service keeps.
        final Map<Long, List<Integer>> unanswered = new LinkedHashMap<>();
        for (final LinkView link : second.links())
        {
            final LinkView earlier = before.get(link.incarnation());
            if (null == earlier || Life.DEAD == link.clientLife() || Life.DEAD == link.serviceLife())
            {
                continue;
            }
            final int claimed = Math.min(claimed(first, earlier), claimed(second, link));
            final int held = Math.min(earlier.held(), link.held());
            if (isMost(claimed + held, slotCount))
            {
                keepers.add("client of " + name(second, link) + ", pid " + link.clientPid() + ", keeps " +
                    (claimed + held) + " of " + slotCount + " slots: " +
                    Units.counted(claimed, "unspent claim", "unspent claims") + ", " +
                    Units.counted(held, "unreleased reply", "unreleased replies"));
            }
            final Set<Long> received = received(link);
            received.retainAll(received(earlier));
            if (isMost(received.size(), slotCount))
            {
                unanswered.computeIfAbsent(link.servicePortIncarnation(), (key) -> new ArrayList<>())
                    .add(received.size());
            }
        }
        unanswered.forEach((incarnation, counts) -> keepers.add(service(second, incarnation, counts, slotCount)));
        return keepers;
    }

    private static boolean isMost(final int kept, final int slotCount)
    {
        return 4 * kept >= 3 * slotCount;
    }

    private static int claimed(final RegionSnapshot snapshot, final LinkView link)
    {
        final PortView client = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
        return null == client ? 0 : client.claimed();
    }

    private static String name(final RegionSnapshot snapshot, final LinkView link)
    {
        final PortView client = snapshot.port(link.clientPortIndex(), link.clientPortIncarnation());
        return null == client ? "?" : client.name();
    }

    private static Set<Long> received(final LinkView link)
    {
        final Set<Long> ids = new HashSet<>();
        for (final MessageView message : link.messages())
        {
            if (MessageView.Side.SERVICE == message.side())
            {
                ids.add(message.id());
            }
        }
        return ids;
    }

    private static String service(
        final RegionSnapshot snapshot, final long incarnation, final List<Integer> counts, final int slotCount)
    {
        final PortView service = snapshot.ports().stream()
            .filter((port) -> PortView.Kind.SERVICE == port.kind() && port.incarnation() == incarnation)
            .findFirst().orElse(null);
        final int sum = counts.stream().mapToInt(Integer::intValue).sum();
        return "service " + (null == service ? "?" : service.name() + ", pid " + service.pid()) + ", has received " +
            Units.counted(sum, "request", "requests") + " of " + Units.counted(counts.size(), "client", "clients") +
            " with " + slotCount + " slots each, and replied to none of them within " + BETWEEN_MS + " ms" +
            (null == service ? "" : ": " + Units.counted(service.held(), "view", "views") + ", " +
            Units.counted(service.claimed(), "claim", "claims"));
    }

    private static String text(final List<String> keepers)
    {
        final int more = keepers.size() - MAX_SHOWN;
        return String.join("; ", keepers.subList(0, Math.min(MAX_SHOWN, keepers.size()))) +
            (more > 0 ? "; and " + more + " more" : "");
    }
}
