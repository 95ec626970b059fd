/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a service accepts its clients. A client that it refuses is notified. A client that it cannot accept now is tried
 * again, and does not keep others from being served.
 */
class AcceptTest
{
    private static final int OTHER_UID = 2000;

    /** The call of the service's host that fails. */
    enum Failure
    {
        ATTEST_UNDETERMINED, ATTEST_THROWS, ATTEST_ERROR, LINK_THROWS, LINK_OUT_OF_MEMORY
    }

    private final TestRegion region = new TestRegion(4, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message message = new Message();

    @AfterEach
    void close()
    {
        region.close();
    }

    private static final class FailingHost extends ForwardingHost
    {
        private final Failure failure;
        private int failureCount;

        FailingHost(final Host host, final Failure failure)
        {
            super(host);
            this.failure = failure;
        }

        private boolean fails(final boolean isMeant)
        {
            return isMeant && failureCount-- > 0;
        }

        @Override
        public Credentials attest(final int processIndex)
        {
            if (fails(failure.name().startsWith("ATTEST")))
            {
                switch (failure)
                {
                    case ATTEST_THROWS -> throw new RegionException("no descriptor left");
                    case ATTEST_ERROR -> throw new InternalError("a page that is not there");
                    default ->
                    {
                        return Credentials.UNDETERMINED;
                    }
                }
            }
            return host.attest(processIndex);
        }

        @Override
        public UnsafeBuffer link(final int linkIndex)
        {
            if (fails(failure.name().startsWith("LINK")))
            {
                if (Failure.LINK_OUT_OF_MEMORY == failure)
                {
                    throw new OutOfMemoryError("Map failed");
                }
                throw new RegionException("no address space left");
            }
            return host.link(linkIndex);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
        "F38, F42, B1: a client that cannot be accepted now is tried again in each round, and others are served")
    void shouldTryAgain(final Failure failure)
    {
        final FailingHost host = new FailingHost(region.host(), failure);
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(TestRegion.NAME, new PortOptions().singleThreaded(true));
        final ClientPort unlucky = region.client();
        final ClientPort other = region.client();
        final long first = unlucky.put(bytes, 0, 1);
        final long second = unlucky.put(bytes, 0, 1);
        final long third = other.put(bytes, 0, 1);
        host.failureCount = 1;
        assertThat(service.get(message)).as("the one after it").isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(third);
        assertThat(service.get(message)).as("not tried at each poll").isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.counter(PortCounter.RETRIES)).isEqualTo(1);
        host.failureCount = 1;
        process.watch().doWork();
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.counter(PortCounter.RETRIES)).isEqualTo(2);
        process.watch().doWork();
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(first);
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(second);
        assertThat(service.clientCount()).isEqualTo(2);
        assertThat(service.counter(PortCounter.REFUSED)).isZero();
        assertThat(service.counter(PortCounter.ACCEPTED)).isEqualTo(2);
        assertThat(unlucky.isConnected()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
        "F38, F42: the watch of a sleeping service accepts the client, and wakes it for messages put before that")
    void shouldTryAgainForSleeper(final Failure failure)
    {
        final FailingHost host = new FailingHost(region.host(), failure);
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(TestRegion.NAME, new PortOptions().spinCount(0));
        final ClientPort client = region.client();
        host.failureCount = 2;
        final long id = client.put(bytes, 0, 1);
        final Thread watch = new Thread(() ->
        {
            while (service.counter(PortCounter.ACCEPTED) == 0)
            {
                process.watch().doWork();
                Thread.onSpinWait();
            }
        });
        watch.start();
        assertThat(service.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(id);
        assertThat(service.counter(PortCounter.RETRIES)).isEqualTo(2);
        join(watch);
    }

    private static void join(final Thread thread)
    {
        try
        {
            thread.join();
        }
        catch (final InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }

    @Test
    @DisplayName("F42, R24: a client that closes before it could be accepted leaves nothing in the tables")
    void shouldForgetPendingClientThatCloses()
    {
        final FailingHost host = new FailingHost(region.host(), Failure.ATTEST_UNDETERMINED);
        final Attachment process = region.attach(host);
        final ServicePort service = process.service(TestRegion.NAME, new PortOptions());
        final ClientPort client = region.client();
        client.put(bytes, 0, 1);
        host.failureCount = 1;
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
        client.close();
        process.watch().doWork();
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.clientCount()).isZero();
        assertThat(region.linksInUse()).isZero();
        process.watch().doWork();
        assertThat(service.counter(PortCounter.RETRIES)).isEqualTo(1);
    }

    @ParameterizedTest(name = "messages put before: {0}")
    @ValueSource(ints = {0, 3})
    @DisplayName("F43, B1, R6: a client that is not admitted gets REFUSED for its messages, then ACCESS_DENIED")
    void shouldReportRefusal(final int messageCount)
    {
        final Attachment process = region.attach();
        final ServicePort service = process.service(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        // The client's process reports another user for itself, and so does not see that it may not connect.
        final TestHost host = region.host(TestRegion.user(OTHER_UID, OTHER_UID));
        host.claimed = TestRegion.user(TestRegion.UID, TestRegion.UID);
        final ClientPort client = region.attach(host).client(
            TestRegion.NAME, new PortOptions().flags(PortFlags.USER).uid(TestRegion.UID));
        final long[] ids = new long[messageCount];
        for (int i = 0; i < messageCount; i++)
        {
            ids[i] = client.put(bytes, 0, 1);
            assertThat(ids[i]).isPositive();
        }
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
        final long state = new LinkEntry(region.tables(), region.geometry).wrap(0).state();
        assertThat(state & (LinkEntryDescriptor.REFUSED | LinkEntryDescriptor.SERVICE_HOLDS))
            .isEqualTo(LinkEntryDescriptor.REFUSED);
        assertThat(client.isConnected()).isFalse();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.ACCESS_DENIED);
        assertThat(client.claim(1, new Claim())).isEqualTo(Status.ACCESS_DENIED);
        assertThat(client.call(bytes, 0, 1, message, Long.MAX_VALUE)).isEqualTo(Status.ACCESS_DENIED);
        for (final long id : ids)
        {
            assertThat(client.await(message, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            assertThat(message.id()).isEqualTo(id);
            assertThat(Outcome.text(message.outcome())).isEqualTo("REFUSED");
            assertThat(Outcome.wasReceived(message.outcome())).isFalse();
            message.release();
        }
        assertThat(client.get(message)).isEqualTo(Status.ACCESS_DENIED);
        assertThat(client.await(message, Long.MAX_VALUE)).isEqualTo(Status.ACCESS_DENIED);
        process.watch().doWork();
        assertThat(service.clientCount()).as("not accepted later").isZero();
        client.close();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("B1, R23: a close is distinguished from a refusal")
    void shouldDistinguishCloseFromRefusal()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        client.put(bytes, 0, 1);
        service.close();
        assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(message.outcome())).isEqualTo("SERVICE_CLOSED");
        message.release();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
    }
}
