/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.inspect;

import io.jcaps.PortCounter;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.ServiceCounter;

import java.util.Map;

/**
 * A port of a region, at the time of the snapshot. Immutable. Its content is as its owner wrote it.
 *
 * @param index              of its entry.
 * @param incarnation        of the port.
 * @param kind               what it is.
 * @param isOpen             false for a closed service whose entry stays because clients may ask for its generation
 *                           (R28).
 * @param processIndex       of the owner's entry; any number if the entry is corrupt.
 * @param processIncarnation of the owner.
 * @param pid                of the owner; 0 if its entry is gone.
 * @param life               of the owner.
 * @param linkIndex          of a client's link; -1 if it is no client, or waits for its service.
 * @param uid                registered or looked up; -1 is any.
 * @param gid                registered or looked up; -1 is any.
 * @param flags              {@link io.jcaps.PortFlags} in the low 16 bits, the library's own above.
 * @param name               characters that no name has are shown as question marks.
 * @param generation         of the port.
 * @param openedAtMs         milliseconds since 1970.
 * @param sleeperCount       threads that sleep on the port, a wait set counted as one.
 * @param counters           of rare events, by {@link io.jcaps.PortCounter}.
 * @param claimed            claims that were not spent at the last round of the owner's watch: a client's for requests,
 *                           a service's for replies.
 * @param held               views that were not released at that time: a client's of replies and other outcomes, a
 *                           service's of requests.
 * @param goneClients        totals of the client counters of links that have closed, at a service.
 * @param goneService        totals of the service counters of those links.
 */
public record PortView(
    int index,
    long incarnation,
    Kind kind,
    boolean isOpen,
    int processIndex,
    long processIncarnation,
    int pid,
    Life life,
    int linkIndex,
    int uid,
    int gid,
    int flags,
    String name,
    long generation,
    long openedAtMs,
    int sleeperCount,
    Map<PortCounter, Long> counters,
    int claimed,
    int held,
    Map<ClientCounter, Long> goneClients,
    Map<ServiceCounter, Long> goneService)
{
    /**
     * The kind of a port.
     */
    public enum Kind
    {
        /** Receives requests. */
        SERVICE,
        /** Puts them. */
        CLIENT,
        /** Waits for several ports. */
        WAIT_SET,
        /** A client that waits until its service is registered. */
        WAITING,
        /** An invalid kind. */
        UNKNOWN
    }
}
