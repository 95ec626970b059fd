/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.Host;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.testkit.RegionProbe;
import io.jcaps.testkit.Watchdog;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A region in this JVM and its attachments, each of which stands for a process. Its close fails the test if anything is
 * left in the tables.
 */
final class TestRegion implements AutoCloseable
{
    static final int UID = 1000;
    static final String NAME = "service";

    final LocalRegion region;
    final Geometry geometry;
    private final RegionProbe probe;
    private final TestFutex futex;
    private final List<Attachment> attachments = new ArrayList<>();
    private final List<Throwable> errors = new CopyOnWriteArrayList<>();

    TestRegion(final int slotCount, final int messageLimit)
    {
        this(new Geometry(8, 16, 8, slotCount, messageLimit));
    }

    TestRegion(final Geometry geometry)
    {
        this(geometry, null);
    }

    TestRegion(final Geometry geometry, final TestFutex futex)
    {
        this.geometry = geometry;
        this.futex = futex;
        region = new LocalRegion(geometry);
        final Host host = region.host();
        probe = RegionProbe.of(host.place(), geometry, host.tables(), host::link);
        Watchdog.watch(probe);
    }

    static Credentials user(final int uid, final int gid, final int... groups)
    {
        return new Credentials(4711, uid, uid, gid, gid, groups);
    }

    TestHost host()
    {
        return host(user(UID, UID, UID));
    }

    TestHost host(final Credentials credentials)
    {
        return new TestHost(region.host(credentials), futex);
    }

    Attachment attach()
    {
        return attach(host());
    }

    Attachment attach(final Credentials credentials)
    {
        return attach(host(credentials));
    }

    Attachment attach(final Host host)
    {
        return attach(host, 0);
    }

    Attachment attach(final Host host, final long watchIntervalNs)
    {
        final Attachment attachment = Attachment.attach(host, watchIntervalNs, errors::add);
        attachments.add(attachment);
        return attachment;
    }

    /** The attachment that opened a port of this region. */
    Attachment attachmentOf(final Port port)
    {
        return attachments.stream()
            .filter((attachment) -> attachment.openPorts == port.openPorts).findFirst().orElseThrow();
    }

    /** A service as most tests need it, in an attachment of its own. */
    ServicePort service()
    {
        return attach().service(NAME, new PortOptions());
    }

    /** A client of that service, in an attachment of its own. */
    ClientPort client()
    {
        return attach().client(NAME, new PortOptions());
    }

    UnsafeBuffer tables()
    {
        return host().tables();
    }

    int portsInUse()
    {
        final PortEntry port = new PortEntry(tables(), geometry);
        int count = 0;
        for (int i = 0; i < geometry.portCount(); i++)
        {
            count += 0 == port.wrap(i).incarnation() ? 0 : 1;
        }
        return count;
    }

    int linksInUse()
    {
        final LinkEntry link = new LinkEntry(tables(), geometry);
        int count = 0;
        for (int i = 0; i < geometry.linkCount(); i++)
        {
            count += LinkEntry.isFree(link.wrap(i).state()) ? 0 : 1;
        }
        return count;
    }

    int processesInUse()
    {
        final ProcessEntry process = new ProcessEntry(tables(), geometry);
        int count = 0;
        for (int i = 0; i < geometry.processCount(); i++)
        {
            count += 0 == process.wrap(i).incarnation() ? 0 : 1;
        }
        return count;
    }

    /** Whether the process of an entry is dead or has left. */
    boolean isDead(final int processIndex, final long incarnation)
    {
        return new ProcessEntry(tables(), geometry).wrap(processIndex).incarnation() != incarnation ||
            !host().isAlive(processIndex);
    }

    @Override
    public void close()
    {
        for (final Attachment attachment : attachments)
        {
            attachment.close();
        }
        Watchdog.forget(probe);
        checkEmpty();
    }

    /** No process is attached, and no entry remains: the next process removes the entries of the dead. */
    void checkEmpty()
    {
        Attachment.attach(host(), 0, errors::add).close();
        assertThat(errors).as("errors of the watch").isEmpty();
        assertThat(linksInUse()).as("links left").isZero();
        assertThat(portsInUse()).as("ports left").isZero();
        assertThat(processesInUse()).as("processes left").isZero();
    }
}
