/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.jcaps.bench.Contender;

import java.util.List;
import java.util.stream.Collectors;

/**
 * All transports that are compared, in the order in which they are measured and shown.
 */
public final class Contenders
{
    private static final List<Contender> ALL = List.of(
        new FloorContender(),
        new CapsContender(),
        new AeronContender(true),
        new AeronContender(false),
        new AgronaRingsContender(),
        new ChronicleQueueContender(),
        SocketContender.unix(),
        SocketContender.tcp(),
        new FutexFloorContender(),
        new PipeContender());

    private Contenders()
    {
    }

    /**
     * @return all of them.
     */
    public static List<Contender> all()
    {
        return ALL;
    }

    /**
     * @param name of a contender.
     * @return the contender.
     * @throws IllegalArgumentException if there is none; the message names those that there are.
     */
    public static Contender byName(final String name)
    {
        for (final Contender contender : ALL)
        {
            if (contender.name().equals(name))
            {
                return contender;
            }
        }
        throw new IllegalArgumentException("no such contender: " + name + "; there are " +
            ALL.stream().map(Contender::name).collect(Collectors.joining(", ")));
    }
}
