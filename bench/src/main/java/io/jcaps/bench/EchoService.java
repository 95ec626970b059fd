/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import io.jcaps.Attachment;
import io.jcaps.ServicePort;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;

import java.util.List;

/**
 * The other JVM of a measurement: sends each request back until its parent lets it end, then prints what it counted.
 */
public final class EchoService
{
    /** Name that the service is registered under. */
    public static final String NAME = "jcaps.bench.echo";

    private EchoService()
    {
    }

    /**
     * Runs the service.
     *
     * @param args as {@link RoundTripOptions#parse} takes them; the region must be given.
     */
    public static void main(final String[] args)
    {
        final RoundTripOptions options = RoundTripOptions.parse(List.of(args));
        final ParentLife parent = ParentLife.watch();
        try (Attachment attachment = Caps.attach(new RegionConfig().path(options.region()).createIfMissing(false));
            ServicePort port = attachment.service(NAME, options.servicePortOptions()))
        {
            final EchoLoop echo = new EchoLoop(port, options);
            System.out.println(ChildJvm.READY);
            while (parent.isPresent())
            {
                echo.run();
            }
            echo.drain();
            System.out.println(counts(echo.requestCount(), echo.disposalCount(), echo.corruptCount()));
        }
    }

    static String counts(final long requestCount, final long disposalCount, final long corruptCount)
    {
        return "requests=" + requestCount + " disposals=" + disposalCount + " corrupt=" + corruptCount;
    }
}
