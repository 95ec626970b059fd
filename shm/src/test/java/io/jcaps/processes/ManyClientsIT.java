/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Many clients at once, and one after the other.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyClientsIT
{
    private static final String NAME = "popular";
    private static final int JVMS = 4;
    private static final int CLIENTS = 25;
    private static final int ROUNDS = 20;

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(16, 128, 112, 128, Geometry.MAX_MESSAGE_LIMIT), Access.PRIVATE);

    @Test
    @DisplayName("100 clients of four processes exchange messages with one service, and nothing remains")
    void shouldServeHundredClients()
    {
        final CapsSys sys = region.openSys();
        final int uid = region.ownUid();
        final int svc = sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        final List<ChildJvm> children = new ArrayList<>();
        for (int i = 0; i < JVMS; i++)
        {
            final ChildJvm child = region.closing(ChildJvm.start(region.path()));
            child.tell("exchange", NAME, uid, CLIENTS, ROUNDS);
            children.add(child);
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[200]);
        final CapsMsgId msgid = new CapsMsgId();
        int requests = 0;
        int disposals = 0;
        while (requests < JVMS * CLIENTS * ROUNDS)
        {
            final int length = sys.wait(svc, buffer, 200, msgid, null);
            if (CapsSys.CAPMS_DISPOSE == msgid.state)
            {
                disposals++;
            }
            else
            {
                assertThat(length).isEqualTo(200);
                assertThat(sys.reply(svc, buffer, length, msgid.id)).isZero();
                requests++;
            }
        }
        for (final ChildJvm child : children)
        {
            assertThat(Long.parseLong(child.answer())).isEqualTo(CLIENTS * ROUNDS);
        }
        final Tables tables = region.tables();
        assertThat(tables.usedLinks()).hasSize(JVMS * CLIENTS);
        assertThat(tables.openPorts()).hasSize(JVMS * CLIENTS + 1);
        // Half of them close, the others are killed.
        assertThat(children.get(0).ask("closeall")).isEqualTo("closed");
        assertThat(children.get(1).ask("closeall")).isEqualTo("closed");
        children.forEach(ChildJvm::kill);
        while (disposals < requests || !tables.usedLinks().isEmpty())
        {
            if (sys.get(svc, buffer, 200, msgid, null) >= 0)
            {
                assertThat(msgid.state).isEqualTo(CapsSys.CAPMS_DISPOSE);
                disposals++;
            }
            else
            {
                LockSupport.parkNanos(100_000);
            }
        }
        assertThat(sys.get(svc, buffer, 200, msgid, null)).isEqualTo(-1);
        assertThat(disposals).isEqualTo(requests);
        // Who comes next removes what the killed ones left in the tables; those that had closed may be dying still.
        children.forEach(ChildJvm::awaitEnd);
        region.attach().close();
        assertThat(tables.openPorts()).hasSize(1);
        assertThat(tables.processCount()).isEqualTo(1);
    }

    @Test
    @DisplayName("1,000 connects and closes in a row leave no entries, files or mappings")
    void shouldLeaveNothingAfterThousandConnects() throws IOException
    {
        final Attachment server = region.closing(region.attach());
        final Attachment client = region.closing(region.attach());
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final Tables tables = region.tables();
        try (ServicePort service = server.service(NAME, options))
        {
            connect(service, client, options, 50);
            final long files = fileCount();
            final long mappings = mappingCount();
            connect(service, client, options, 1_000);
            assertThat(tables.openPorts()).hasSize(1);
            assertThat(tables.usedLinks()).isEmpty();
            // The JVM opens files of its own for a moment now and then; one that leaked stays open.
            await().untilAsserted(() -> assertThat(fileCount()).isLessThanOrEqualTo(files));
            assertThat(mappingCount()).isLessThanOrEqualTo(mappings);
            System.out.println("ManyClientsIT: after 1,050 connects: " + mappings + " mappings of the region, " +
                files + " open files");
        }
    }

    private static void connect(
        final ServicePort service, final Attachment client, final PortOptions options, final int count)
    {
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[8]);
        for (int i = 0; i < count; i++)
        {
            try (ClientPort port = client.client(NAME, options))
            {
                assertThat(port.put(bytes, 0, 8)).isPositive();
                // Accepted, so that the service maps the link at the first time, whenever its watch comes by.
                assertThat(service.clientCount()).isEqualTo(1);
            }
            // Lets go of the link.
            assertThat(service.clientCount()).isZero();
        }
    }

    @Test
    @DisplayName("200 attachments in a row leave no entries, files or mappings")
    void shouldLeaveNothingAfterManyAttachments() throws IOException
    {
        final Attachment server = region.closing(region.attach());
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        try (ServicePort service = server.service(NAME, options))
        {
            attach(service, options, 5);
            final long files = fileCount();
            final long mappings = mappingCount();
            attach(service, options, 200);
            final Tables tables = region.tables();
            assertThat(tables.processCount()).isEqualTo(1);
            assertThat(tables.openPorts()).hasSize(1);
            assertThat(tables.usedLinks()).isEmpty();
            // The JVM opens files of its own for a moment now and then; one that leaked stays open.
            await().untilAsserted(() -> assertThat(fileCount()).isLessThanOrEqualTo(files));
            // Nothing is unmapped by hand: the collector does, once it has found out. One is our own, of the tables.
            while (mappingCount() > mappings + 1)
            {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    private void attach(final ServicePort service, final PortOptions options, final int count)
    {
        for (int i = 0; i < count; i++)
        {
            try (Attachment attachment = region.attach())
            {
                attachment.client(NAME, options);
                // Accepted, so that the service maps its link now and not only when its watch comes by.
                assertThat(service.clientCount()).isEqualTo(1);
            }
            assertThat(service.clientCount()).isZero();
        }
    }

    private static long fileCount() throws IOException
    {
        System.gc();
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd")))
        {
            return files.filter(ManyClientsIT::isNoJar).count();
        }
    }

    /** The JVM opens a jar when it first looks for a class there, and keeps it. */
    private static boolean isNoJar(final Path descriptor)
    {
        try
        {
            return !Files.readSymbolicLink(descriptor).toString().endsWith(".jar");
        }
        catch (final IOException ex)
        {
            // Closed since it was listed.
            return false;
        }
    }

    private long mappingCount() throws IOException
    {
        System.gc();
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps")))
        {
            return lines.filter((line) -> line.contains(region.path().toString())).count();
        }
    }
}
