/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The cost to open and close a port does not grow with the product of ports and links (F48).
 */
class ThousandsOfPortsTest
{
    private static final int COUNT = 500;
    private static final Geometry GEOMETRY = new Geometry(2, 2 * COUNT + 8, COUNT + 8, 1, 0);
    /** Most reads per entry of the tables that one open or close may take; each word of an entry counts. */
    private static final int LOOKS_PER_ENTRY = 16;

    @Test
    @DisplayName("F48: opening or closing one of many ports looks at each entry of the tables a few times")
    void shouldNotScanPortsTimesLinks()
    {
        try (TestRegion region = new TestRegion(GEOMETRY))
        {
            final CountingHost host = new CountingHost(region.host());
            final Attachment attachment = region.attach(host, 0);
            final List<Port> services = new ArrayList<>();
            final List<Port> clients = new ArrayList<>();
            final long startNs = System.nanoTime();
            for (int i = 0; i < COUNT; i++)
            {
                final String name = "service" + i;
                services.add(host.counted(() -> attachment.service(name, new PortOptions())));
                clients.add(host.counted(() -> attachment.client(name, new PortOptions())));
            }
            final long openedNs = System.nanoTime();
            // The worst order: the entry of each closed service stays for its client, which may read the generation.
            services.forEach((port) -> host.counted(() -> close(port)));
            clients.forEach((port) -> host.counted(() -> close(port)));
            System.out.printf("%d services with a client each: opened in %d ms, closed in %d ms; at most %d looks%n",
                COUNT,
                TimeUnit.NANOSECONDS.toMillis(openedNs - startNs),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - openedNs), host.maxCount);
            assertThat(region.portsInUse()).isZero();
            assertThat(region.linksInUse()).isZero();
            assertThat(host.maxCount)
                .isLessThan((long)LOOKS_PER_ENTRY * (GEOMETRY.portCount() + GEOMETRY.linkCount()));
        }
    }

    private static Port close(final Port port)
    {
        port.close();
        return port;
    }

    private interface Step
    {
        Port run();
    }

    /** A host that counts the reads of the tables. */
    private static final class CountingHost extends ForwardingHost
    {
        private long count;
        private long maxCount;
        private final UnsafeBuffer tables;

        CountingHost(final Host host)
        {
            super(host);
            tables = new UnsafeBuffer(host.tables(), 0, host.tables().capacity())
            {
                @Override
                public int getInt(final int index)
                {
                    count++;
                    return super.getInt(index);
                }

                @Override
                public long getLong(final int index)
                {
                    count++;
                    return super.getLong(index);
                }

                @Override
                public int getIntAcquire(final int index)
                {
                    count++;
                    return super.getIntAcquire(index);
                }

                @Override
                public long getLongAcquire(final int index)
                {
                    count++;
                    return super.getLongAcquire(index);
                }
            };
        }

        Port counted(final Step step)
        {
            count = 0;
            final Port port = step.run();
            maxCount = Math.max(maxCount, count);
            return port;
        }

        @Override
        public UnsafeBuffer tables()
        {
            return tables;
        }
    }
}
