/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.SteppingBuffer;
import io.jcaps.host.SteppingHost;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionException;
import io.jcaps.layout.RegionHeader;
import io.jcaps.table.ErrorLog;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What a reader without the lock sees in the tables before each store of an operation: each entry that is there is
 * whole. Tools read in this way, and so does a process after another has died at that store.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LookTest
{
    private static final String NAME = "whole";

    private final TestRegion region = new TestRegion(new Geometry(4, 4, 2, 2, 64), null);
    private final SteppingHost host =
        new SteppingHost(region.region.host(TestRegion.user(TestRegion.UID, TestRegion.UID)));
    private final AtomicInteger lookCount = new AtomicInteger();

    @AfterEach
    void close()
    {
        region.close();
    }

    @Test
    @DisplayName("F6: before each store of a registration, a port in the tables has its name, its owner and its kind")
    void shouldShowWholePorts()
    {
        final Attachment process = region.attach(host);
        final PortEntry entry = new PortEntry(region.tables(), region.geometry);
        host.beforeStore(() ->
        {
            for (int i = 0; i < region.geometry.portCount(); i++)
            {
                if (0 != entry.wrap(i).incarnation())
                {
                    lookCount.incrementAndGet();
                    assertThat(entry.name()).isEqualTo(NAME);
                    assertThat(entry.uid()).isEqualTo(TestRegion.UID);
                    assertThat(entry.kind()).isNotZero();
                    assertThat(entry.processIncarnation()).isNotZero();
                }
            }
        });
        for (int i = 0; i < 3; i++)
        {
            process.service(NAME, new PortOptions()).close();
        }
        host.beforeStore(null);
        assertThat(lookCount.get()).isPositive();
    }

    @Test
    @DisplayName("R22, F6: before each store of an attach, a process in the tables has its pid and its groups")
    void shouldShowWholeProcesses()
    {
        final ProcessEntry entry = new ProcessEntry(region.tables(), region.geometry).wrap(0);
        host.beforeStore(() ->
        {
            if (0 != entry.incarnation())
            {
                lookCount.incrementAndGet();
                assertThat(entry.pid()).isEqualTo(host.self().ownPid());
                assertThat(entry.euid()).isEqualTo(TestRegion.UID);
            }
        });
        region.attach(host).service(NAME, new PortOptions());
        host.beforeStore(null);
        assertThat(lookCount.get()).isPositive();
    }

    @Test
    @DisplayName("F6: before each store of a new region's header, a reader refuses the header")
    void shouldShowWholeHeader()
    {
        final RegionHeader header = new RegionHeader(region.geometry, 7, new UUID(1, 2), 3);
        final UnsafeBuffer tables = new UnsafeBuffer(new byte[region.geometry.tablesLength()]);
        header.write(new SteppingBuffer(tables, 0, tables.capacity(), () ->
        {
            lookCount.incrementAndGet();
            assertThatThrownBy(() -> RegionHeader.read(tables, region.geometry.fileLength(), NAME))
                .isInstanceOf(RegionException.class);
        }));
        assertThat(lookCount.get()).isPositive();
        assertThat(RegionHeader.read(tables, region.geometry.fileLength(), NAME)).isEqualTo(header);
    }

    @Test
    @DisplayName("F6: before each store of an error log, one that has an owner has that owner's pid")
    void shouldShowWholeErrorLog()
    {
        final UnsafeBuffer log = new UnsafeBuffer(ByteBuffer.allocateDirect(ErrorLogDescriptor.LOG_LENGTH));
        final UnsafeBuffer stepping = new SteppingBuffer(log, 0, log.capacity(), () ->
        {
            if (0 != log.getLong(ErrorLogDescriptor.PROCESS_INCARNATION_OFFSET))
            {
                lookCount.incrementAndGet();
                assertThat(log.getInt(ErrorLogDescriptor.PID_OFFSET)).isEqualTo(host.self().ownPid());
            }
        });
        final Host logging = new ForwardingHost(host)
        {
            @Override
            public UnsafeBuffer errors(final int processIndex)
            {
                return stepping;
            }

            @Override
            public UnsafeBuffer part(final UnsafeBuffer whole, final int offset, final int length)
            {
                return ((SteppingBuffer)whole).part(offset, length);
            }
        };
        new ErrorLog(logging, 0, 5).onError(new IllegalStateException("told"));
        assertThat(lookCount.get()).isPositive();
        assertThat(ErrorRecord.read(log)).singleElement().satisfies((record) ->
            assertThat(record.text()).contains("told"));
    }

    @Test
    @DisplayName("F6: before each store of a connection, a link that a client holds names that client and its service")
    void shouldShowWholeLinks()
    {
        final Attachment other = region.attach();
        try (ServicePort service = region.attach().service(NAME, new PortOptions()))
        {
            // The entry has been another client's, whose process is alive.
            other.client(NAME, new PortOptions()).close();
            final Attachment process = region.attach(host);
            final int processIndex = 2;
            final long incarnation =
                new ProcessEntry(region.tables(), region.geometry).wrap(processIndex).incarnation();
            final LinkEntry link = new LinkEntry(region.tables(), region.geometry);
            host.beforeStore(() ->
            {
                if ((link.wrap(0).state() & LinkEntryDescriptor.CLIENT_HOLDS) != 0)
                {
                    lookCount.incrementAndGet();
                    assertThat(link.clientProcessIndex()).isEqualTo(processIndex);
                    assertThat(link.clientProcessIncarnation()).isEqualTo(incarnation);
                    assertThat(link.servicePortIncarnation()).isEqualTo(service.incarnation());
                }
            });
            process.client(NAME, new PortOptions()).close();
            host.beforeStore(null);
            assertThat(lookCount.get()).isPositive();
        }
    }

    @Test
    @DisplayName("R5, R23: before whichever store of a connection its service closes, no client stays connected to it")
    void shouldNotConnectToClosedService()
    {
        final Attachment serviceProcess = region.attach();
        final Attachment process = region.attach(host);
        for (int store = 0, isOver = 0; 0 == isOver; store++)
        {
            final ServicePort service = serviceProcess.service(NAME, new PortOptions());
            host.actBefore(store, service::close);
            try (ClientPort client = process.client(NAME, new PortOptions()))
            {
                assertThat(client.isConnected()).as("closed before store " + store).isEqualTo(!service.isClosed());
                isOver = service.isClosed() ? 0 : 1;
            }
            catch (final CapsException ex)
            {
                assertThat(ex.status()).isEqualTo(Status.NOT_FOUND);
                assertThat(service.isClosed()).isTrue();
            }
            host.beforeStore(null);
            service.close();
        }
    }
}
