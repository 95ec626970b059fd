/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Port;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Thousands of ports in one process, opened and closed while other processes open theirs in the same tables. The times
 * are printed, and not checked: {@code -Dcaps.test.ports=N} sets the number of services, each with a client, and
 * {@code -Dcaps.test.loopers=N} that of the other processes.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyPortsIT
{
    private static final int MAX_SERVICES = 10_000;

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(32, 2 * MAX_SERVICES + 64, MAX_SERVICES + 32, 8, 1_024), Access.PRIVATE);

    private final PortOptions options = new PortOptions().flags(PortFlags.USER);

    @Test
    @DisplayName("500 ports opened and closed in a few seconds, while two other processes use the tables")
    void shouldOpenAndCloseHundredsOfPorts()
    {
        openAndClose(250, 2);
    }

    @Test
    @Tag("full")
    @DisplayName("5,000 ports opened and closed, while ten other processes use the tables")
    void shouldOpenAndCloseThousandsOfPorts()
    {
        openAndClose(Integer.getInteger("caps.test.ports", 2_500), Integer.getInteger("caps.test.loopers", 10));
    }

    private void openAndClose(final int serviceCount, final int looperCount)
    {
        final List<ChildJvm> loopers = new ArrayList<>();
        for (int i = 0; i < looperCount; i++)
        {
            loopers.add(region.closing(ChildJvm.start(List.of(), System.getProperty("java.class.path"),
                PortLooper.class, List.of(region.path().toString(), "looper" + i))));
        }
        for (final ChildJvm looper : loopers)
        {
            while (looper.ask("report").startsWith("0 "))
            {
                Thread.onSpinWait();
            }
        }
        final Attachment server = region.closing(region.attach());
        final Attachment client = region.closing(region.attach());
        report("warm-up", 0, loopers);

        final List<Port> ports = new ArrayList<>();
        long startNs = System.nanoTime();
        for (int i = 0; i < serviceCount; i++)
        {
            ports.add(server.service("s" + i, options));
        }
        for (int i = 0; i < serviceCount; i++)
        {
            ports.add(client.client("s" + i, options));
        }
        report("open " + ports.size() + " ports", System.nanoTime() - startNs, loopers);
        assertThat(region.tables().usedLinks()).hasSize(serviceCount);

        // In any order: a service before its client, or after it.
        Collections.shuffle(ports, new Random(4711));
        startNs = System.nanoTime();
        ports.forEach(Port::close);
        report("close " + ports.size() + " ports", System.nanoTime() - startNs, loopers);
        loopers.forEach(ChildJvm::close);
        region.attach().close();
        assertThat(region.tables().usedLinks()).isEmpty();
        assertThat(region.tables().openPorts()).isEmpty();

        startNs = System.nanoTime();
        for (int i = 0; i < serviceCount; i++)
        {
            server.service("s" + i, options);
            client.client("s" + i, options);
        }
        report("open again, each client after its service", System.nanoTime() - startNs, List.of());
        startNs = System.nanoTime();
        client.close();
        server.close();
        report("close both attachments", System.nanoTime() - startNs, List.of());
        assertThat(region.tables().usedLinks()).isEmpty();
        assertThat(region.tables().openPorts()).isEmpty();
    }

    private static void report(final String what, final long ns, final List<ChildJvm> loopers)
    {
        long count = 0;
        long maxNs = 0;
        for (final ChildJvm looper : loopers)
        {
            final String[] answer = looper.ask("report").split(" ");
            count += Long.parseLong(answer[0]);
            maxNs = Math.max(maxNs, Long.parseLong(answer[1]));
        }
        System.out.println("ManyPortsIT: " + what + ": " + ns / 1_000_000 + " ms" + (loopers.isEmpty() ? "" :
            "; " + loopers.size() + " other processes opened " + count + " services, each within " +
            maxNs / 1_000_000 + " ms"));
    }
}
