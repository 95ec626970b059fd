/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.host.LoadHost;
import io.jcaps.host.SteppingBuffer;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Looks for a service, and searches of the tables, at the moments at which they can fail.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RegistryEdgeTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 64), null);

    @AfterEach
    void close()
    {
        region.close();
    }

    /** A host that gives the tables' lock only a limited number of times. */
    private static final class CountingHost extends ForwardingHost
    {
        private int left = Integer.MAX_VALUE;

        CountingHost(final Host host)
        {
            super(host);
        }

        @Override
        public boolean lockTables(final long timeoutNs)
        {
            assertThat(left--).as("tries to connect").isPositive();
            return super.lockTables(timeoutNs);
        }
    }

    /** A host that acts in place of a sleep, and counts the sleeps that would have lasted. */
    private static final class SearchHost extends ForwardingHost
    {
        private Runnable insteadOfSleep;
        private int lastingCount;

        SearchHost(final Host host)
        {
            super(host);
        }

        @Override
        public void sleep(final int wakeOffset, final int expected, final long timeoutNs)
        {
            final Runnable action = insteadOfSleep;
            insteadOfSleep = null;
            if (null != action)
            {
                action.run();
            }
            if (tables().getIntVolatile(wakeOffset) == expected)
            {
                lastingCount++;
            }
        }
    }

    /** A host that acts once in the middle of an accept. */
    private static final class AcceptHost extends ForwardingHost
    {
        private Runnable inAccept;

        AcceptHost(final Host host)
        {
            super(host);
        }

        @Override
        public Credentials attest(final int processIndex)
        {
            final Runnable action = inAccept;
            inAccept = null;
            if (null != action)
            {
                action.run();
            }
            return super.attest(processIndex);
        }
    }

    /** A host at which one store to the tables fails. */
    private static final class FailingTablesHost extends ForwardingHost
    {
        private final UnsafeBuffer tables;
        private int storesLeft;

        FailingTablesHost(final Host host)
        {
            super(host);
            tables = new SteppingBuffer(host.tables(), 0, host.tables().capacity(), () ->
            {
                if (0 == --storesLeft)
                {
                    throw new OutOfMemoryError("injected");
                }
            });
        }

        @Override
        public UnsafeBuffer tables()
        {
            return tables;
        }
    }

    @Test
    @DisplayName("F6, R24: a client that closes while it is accepted is not accepted, and its link is free")
    void shouldNotHoldLinkThatWasClosedInTheMeantime()
    {
        final AcceptHost host = new AcceptHost(region.host());
        final ServicePort service = region.attach(host).service(TestRegion.NAME, new PortOptions());
        host.inAccept = region.client()::close;
        assertThat(service.get(new Message())).isEqualTo(Status.WOULD_BLOCK);
        assertThat(host.inAccept).isNull();
        assertThat(service.clientCount()).isZero();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R5, R23: a closed service is not found, though its entry stays for a client that may ask for it")
    void shouldNotFindClosedService()
    {
        final CountingHost host = new CountingHost(region.host());
        final Attachment process = region.attach(host);
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        service.close();
        assertThat(region.portsInUse()).as("the entry of the service, and the client").isEqualTo(2);
        host.left = 2;
        assertThatThrownBy(() -> process.client(TestRegion.NAME, new PortOptions()))
            .isInstanceOfSatisfying(CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.NOT_FOUND));
        host.left = Integer.MAX_VALUE;
        assertThat(client.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("R5: a service that is registered between a client's look and its sleep ends the sleep")
    void shouldSeeRegistrationThatCameAfterLook()
    {
        final SearchHost host = new SearchHost(region.host());
        final Attachment process = region.attach(host);
        host.insteadOfSleep = region::service;
        final ClientPort client = process.client(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC));
        assertThat(client.isConnected()).isTrue();
        assertThat(host.lastingCount).as("sleeps beside a registered service").isZero();
    }

    @Test
    @DisplayName("F38, F41: a search of the tables that fails before any of its stores is repeated by the next call")
    void shouldSearchAgainWhenSearchFails()
    {
        final FailingTablesHost host = new FailingTablesHost(region.host());
        final Attachment process = region.attach(host);
        final ServicePort service = region.service();
        int store = 0;
        boolean hasSearched;
        do
        {
            // Before the next process dies, the tables have been searched with all that are present.
            openWaitSet(process, host);
            final Attachment dying = region.attach();
            dying.service("dead", new PortOptions());
            dying.client(TestRegion.NAME, new PortOptions());
            dying.abandon();
            host.storesLeft = ++store;
            hasSearched = openWaitSet(process, host);
            openWaitSet(process, host);
            service.get(new Message());
            assertThat(region.processesInUse()).as("failed at store %d", store).isEqualTo(2);
            assertThat(region.portsInUse()).as("failed at store %d", store).isEqualTo(1);
            assertThat(region.linksInUse()).as("failed at store %d", store).isZero();
        }
        while (!hasSearched);
        assertThat(store).as("stores of a search").isGreaterThan(4);
    }

    @Test
    @DisplayName("R24, F38: a dead client's link is not accepted if another client takes it and fails at any store")
    void shouldNotMistakeFreeLinkForNewcomers()
    {
        final LoadHost serviceHost = new LoadHost(region.host());
        final Attachment serviceProcess = region.attach(serviceHost);
        final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
        final FailingTablesHost newHost = new FailingTablesHost(region.host());
        final Attachment newProcess = region.attach(newHost);
        final LinkEntry link = new LinkEntry(region.tables(), region.geometry).wrap(0);
        int store = 0;
        boolean hasFailed = true;
        while (hasFailed)
        {
            final Attachment dying = region.attach();
            dying.client(TestRegion.NAME, new PortOptions());
            assertThat(service.get(new Message())).isEqualTo(Status.WOULD_BLOCK);
            assertThat(service.clientCount()).isOne();
            dying.abandon();
            final int failing = ++store;
            final boolean[] isConnected = new boolean[1];
            // The service has released the link, and now looks for newcomers.
            serviceHost.beforeLoad((buffer, index) ->
            {
                if (link.stateOffset() == index && LinkEntry.isFree(link.state()))
                {
                    serviceHost.beforeLoad(null);
                    newHost.storesLeft = failing;
                    isConnected[0] = connectAndClose(newProcess, newHost);
                }
            });
            newHost.storesLeft = Integer.MAX_VALUE;
            serviceProcess.watch().doWork();
            assertThat(newHost.storesLeft).as("stores left: the link was released").isNotPositive();
            assertThat(service.clientCount()).as("failed at store %d", store).isZero();
            assertThat(region.linksInUse()).as("failed at store %d", store).isZero();
            hasFailed = !isConnected[0];
        }
        assertThat(store).as("stores of a connection").isGreaterThan(10);
    }

    /** Connects and closes; false if the connect failed. */
    private static boolean connectAndClose(final Attachment process, final FailingTablesHost host)
    {
        try
        {
            final ClientPort client = process.client(TestRegion.NAME, new PortOptions());
            host.storesLeft = 0;
            client.close();
            return true;
        }
        catch (final OutOfMemoryError ex)
        {
            assertThat(ex).hasMessage("injected");
            return false;
        }
    }

    /** Opens a wait set; false if the search of the tables failed, or a later step. */
    private static boolean openWaitSet(final Attachment process, final FailingTablesHost host)
    {
        try
        {
            final WaitSet waitSet = process.waitSet();
            host.storesLeft = 0;
            waitSet.close();
            return true;
        }
        catch (final OutOfMemoryError ex)
        {
            assertThat(ex).hasMessage("injected");
            return false;
        }
    }
}
