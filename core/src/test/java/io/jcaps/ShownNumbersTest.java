/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.SteppingHost;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkCounters;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The numbers in a port's entry that other processes read: claims and views in use, and the totals of clients that have
 * gone.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ShownNumbersTest
{
    private static final int SLOT_COUNT = 4;
    private static final int MESSAGE_LIMIT = 100;

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[MESSAGE_LIMIT]);
    private final Message message = new Message();
    private final TestRegion region = new TestRegion(SLOT_COUNT, MESSAGE_LIMIT);

    @AfterEach
    void close()
    {
        region.close();
    }

    private PortEntry entryOf(final Port port)
    {
        final PortEntry entry = new PortEntry(region.tables(), region.geometry);
        for (int i = 0; i < region.geometry.portCount(); i++)
        {
            if (entry.wrap(i).incarnation() == port.incarnation())
            {
                return entry;
            }
        }
        throw new AssertionError("no entry: " + port);
    }

    private void assertShown(final Port port, final int claimed, final int held)
    {
        region.attachmentOf(port).watch().doWork();
        final PortEntry entry = entryOf(port);
        assertThat(entry.claimed()).as("claims of %s", port).isEqualTo(claimed);
        assertThat(entry.held()).as("views of %s", port).isEqualTo(held);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R13, R16: claims and views of a client show in its entry after a round of its watch, until they end")
    void shouldShowClaimsAndViewsOfClient(final boolean isSingleThreaded)
    {
        final ServicePort service = region.service();
        final ClientPort client = region.attach()
            .client(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
        assertShown(client, 0, 0);
        final Claim first = new Claim();
        final Claim second = new Claim();
        assertThat(client.claim(1, first)).isEqualTo(Status.OK);
        assertThat(client.claim(1, second)).isEqualTo(Status.OK);
        assertThat(entryOf(client).claimed()).as("before the round").isZero();
        assertShown(client, 2, 0);
        assertThat(first.put(1)).isPositive();
        assertShown(client, 1, 0);
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.reply()).isEqualTo(Status.OK);
        final Message reply = new Message();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertShown(client, 1, 1);
        reply.release();
        second.cancel();
        assertShown(client, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("R17, R20: requests in view and claims for replies show in the service's entry, until they end")
    void shouldShowClaimsAndViewsOfService(final boolean isSingleThreaded)
    {
        final ServicePort service = region.attach()
            .service(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
        final ClientPort client = region.client();
        for (int i = 0; i < 3; i++)
        {
            assertThat(client.put(bytes, 0, 1)).isPositive();
        }
        final Message first = new Message();
        final Message second = new Message();
        assertThat(service.get(first)).isEqualTo(MessageState.REQUEST);
        assertThat(service.get(second)).isEqualTo(MessageState.REQUEST);
        assertShown(service, 0, 2);
        final Claim claim = new Claim();
        assertThat(service.claim(second.id(), 1, claim)).isEqualTo(Status.OK);
        assertShown(service, 1, 2);
        assertThat(claim.reply(1)).isEqualTo(Status.OK);
        assertShown(service, 0, 1);
        client.close();
        // The view of a client that has gone still keeps its link.
        assertThat(service.clientCount()).isZero();
        assertShown(service, 0, 1);
        first.release();
        assertThat(service.clientCount()).isZero();
        assertShown(service, 0, 0);
    }

    @Test
    @DisplayName("R24: the watch shows nothing in an entry that is another port's after the close")
    void shouldShowNothingAfterClose()
    {
        final ServicePort service = region.service();
        final Attachment attachment = region.attach();
        final ClientPort client = attachment.client(TestRegion.NAME, new PortOptions());
        final Claim claim = new Claim();
        assertThat(client.claim(1, claim)).isEqualTo(Status.OK);
        final PortEntry entry = entryOf(client);
        client.close();
        final ClientPort next = region.attach().client(TestRegion.NAME, new PortOptions());
        assertThat(entry.incarnation()).as("the entry is used again").isEqualTo(next.incarnation());
        attachment.watch().doWork();
        assertThat(entry.claimed()).isZero();
        claim.cancel();
        assertThat(service.isClosed()).isFalse();
    }

    /** A reader's sum: the totals of clients that have gone, and the links that the service holds. */
    private long sum(final PortEntry service, final ServiceCounter counter)
    {
        return sum(service, service.goneTotal(counter), counter.offset());
    }

    private long sum(final PortEntry service, final ClientCounter counter)
    {
        return sum(service, service.goneTotal(counter), counter.offset());
    }

    private long sum(final PortEntry service, final long gone, final int offset)
    {
        long sum = gone;
        final LinkEntry link = new LinkEntry(region.tables(), region.geometry);
        for (int i = 0; i < region.geometry.linkCount(); i++)
        {
            final long state = link.wrap(i).state();
            if (0 != (state & LinkEntryDescriptor.SERVICE_HOLDS) &&
                link.servicePortIncarnation() == service.incarnation())
            {
                sum += region.region.host().link(i).getLongOpaque(offset);
            }
        }
        return sum;
    }

    private void exchange(final ServicePort service, final ClientPort client)
    {
        assertThat(client.put(bytes, 0, 7)).isPositive();
        while (MessageState.REQUEST != service.get(message))
        {
            // Disposals of earlier clients come first.
            assertThat(message.isView()).isFalse();
        }
        assertThat(message.reply(bytes, 0, 3)).isEqualTo(Status.OK);
        final Message reply = new Message();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("R24, R25: whether clients close or die, totals and present links are what all clients have counted")
    void shouldKeepTotalsOfClientsThatHaveGone(final long seed)
    {
        final Random random = new Random(seed);
        final ServicePort service = region.service();
        final PortEntry entry = entryOf(service);
        final List<ClientPort> clients = new ArrayList<>();
        long count = 0;
        long goneCount = 0;
        for (int i = 0; i < 200; i++)
        {
            if (clients.size() < 4 && random.nextBoolean())
            {
                clients.add(region.attach().client(TestRegion.NAME, new PortOptions()));
            }
            else if (!clients.isEmpty())
            {
                final ClientPort client = clients.get(random.nextInt(clients.size()));
                exchange(service, client);
                count++;
                if (random.nextInt(3) == 0)
                {
                    clients.remove(client);
                    final Attachment attachment = region.attachmentOf(client);
                    if (random.nextBoolean())
                    {
                        attachment.close();
                    }
                    else
                    {
                        attachment.abandon();
                        region.attachmentOf(service).watch().doWork();
                    }
                    goneCount++;
                    assertThat(service.clientCount()).isEqualTo(clients.size());
                }
            }
            assertThat(entry.gone()).as("seed=%d", seed).isEqualTo(2 * goneCount);
            assertThat(sum(entry, ClientCounter.PUTS)).as("seed=%d", seed).isEqualTo(count);
            assertThat(sum(entry, ClientCounter.PUT_BYTES)).as("seed=%d", seed).isEqualTo(7 * count);
            assertThat(sum(entry, ServiceCounter.REPLIES)).as("seed=%d", seed).isEqualTo(count);
            assertThat(sum(entry, ServiceCounter.REPLY_BYTES)).as("seed=%d", seed).isEqualTo(3 * count);
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                assertThat(sum(entry, counter)).as("%s, seed=%d", counter, seed).isEqualTo(service.counter(counter));
            }
        }
        assertThat(goneCount).isPositive();
    }

    @Test
    @DisplayName("Each counter of a link that has gone is in the total of its own name")
    void shouldAddEachCounter()
    {
        final ServicePort service = region.service();
        final PortEntry entry = entryOf(service);
        for (int round = 1; round <= 2; round++)
        {
            final ClientPort client = region.client();
            assertThat(service.clientCount()).isEqualTo(1);
            for (final ClientCounter counter : ClientCounter.values())
            {
                LinkCounters.add(region.region.host().link(0), counter, counter.id());
            }
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                LinkCounters.add(region.region.host().link(0), counter, counter.id());
            }
            client.close();
            assertThat(service.clientCount()).isZero();
            for (final ClientCounter counter : ClientCounter.values())
            {
                assertThat(entry.goneTotal(counter)).as("%s", counter).isEqualTo((long)round * counter.id());
            }
            for (final ServiceCounter counter : ServiceCounter.values())
            {
                assertThat(entry.goneTotal(counter)).as("%s", counter).isEqualTo((long)round * counter.id());
            }
        }
    }

    @Test
    @DisplayName("R24: before each store of a service that drops a client, a reader sees the whole sum, or reads again")
    void shouldNeverShowLess()
    {
        final SteppingHost host =
            new SteppingHost(region.region.host(TestRegion.user(TestRegion.UID, TestRegion.UID)));
        final ServicePort service = region.attach(host).service(TestRegion.NAME, new PortOptions());
        final PortEntry entry = entryOf(service);
        final AtomicInteger looks = new AtomicInteger();
        final AtomicInteger retries = new AtomicInteger();
        for (int i = 1; i <= 3; i++)
        {
            final ClientPort client = region.client();
            exchange(service, client);
            client.close();
            final int count = i;
            host.beforeStore(() ->
            {
                looks.incrementAndGet();
                if ((entry.gone() & 1) != 0)
                {
                    retries.incrementAndGet();
                    return;
                }
                assertThat(sum(entry, ClientCounter.PUTS)).isEqualTo(count);
                assertThat(sum(entry, ServiceCounter.REPLIES)).isEqualTo(count);
            });
            assertThat(service.clientCount()).isZero();
            host.beforeStore(null);
            assertThat(sum(entry, ClientCounter.PUTS)).isEqualTo(count);
        }
        assertThat(retries.get()).isPositive().isLessThan(looks.get());
    }

    @Test
    @DisplayName("R25: a service that dies at any store of a drop loses at most the numbers of that client")
    void shouldLoseAtMostOneClient()
    {
        boolean isDone = false;
        int deathCount = 0;
        for (int dieAt = 0; !isDone; dieAt++)
        {
            final SteppingHost host =
                new SteppingHost(region.region.host(TestRegion.user(TestRegion.UID, TestRegion.UID)));
            final Attachment attachment = region.attach(host);
            final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions());
            final PortEntry entry = entryOf(service);
            final Attachment clients = region.attach();
            final ClientPort first = clients.client(TestRegion.NAME, new PortOptions());
            exchange(service, first);
            first.close();
            assertThat(service.clientCount()).isZero();
            final ClientPort kept = clients.client(TestRegion.NAME, new PortOptions());
            exchange(service, kept);
            final ClientPort second = clients.client(TestRegion.NAME, new PortOptions());
            exchange(service, second);
            second.close();
            host.dieBefore(dieAt);
            try
            {
                service.clientCount();
                isDone = !host.isDead();
            }
            catch (final SteppingHost.Death ex)
            {
                // The next lines check what the service has left.
            }
            deathCount += isDone ? 0 : 1;
            host.beforeStore(null);
            attachment.abandon();
            final long puts = sum(entry, ClientCounter.PUTS);
            assertThat(puts).as("died before store %d", dieAt).isBetween(2L, 3L);
            if ((entry.gone() & 1) == 0)
            {
                assertThat(puts).as("died before store %d", dieAt).isEqualTo(3);
            }
            clients.close();
            region.attach().close();
        }
        assertThat(deathCount).isPositive();
    }
}
