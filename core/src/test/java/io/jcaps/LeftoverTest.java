/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import io.jcaps.link.ClaimToken;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.Arrays;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Claims that a program has dropped, and entries that a close could not free, are found before a caller is refused.
 */
class LeftoverTest
{
    private static final Geometry GEOMETRY = new Geometry(4, 4, 4, 4, 64);

    private final TestRegion region = new TestRegion(GEOMETRY);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);

    @AfterEach
    void close()
    {
        region.close();
    }

    @Test
    @DisplayName("R14: the slots of claims that were dropped unspent are free again, those of claims in use are not")
    void shouldFreeSlotsOfDroppedClaims()
    {
        region.service();
        final ClientPort client = region.client();
        final Claim kept = new Claim();
        assertThat(client.claim(8, kept)).isEqualTo(Status.OK);
        for (int i = 1; i < 4; i++)
        {
            assertThat(client.claim(8, new Claim())).isEqualTo(Status.OK);
        }
        long id = client.put(bytes, 0, 8);
        while (Status.NO_BUFFERS == id)
        {
            System.gc();
            id = client.put(bytes, 0, 8);
        }
        assertThat(id).isPositive();
        kept.buffer().putLong(0, 1);
        assertThat(kept.put()).isPositive();
        assertThat(client.put(bytes, 0, 8)).as("of the other two dropped ones").isPositive();
        assertThat(client.put(bytes, 0, 8)).isPositive();
        assertThat(client.put(bytes, 0, 8)).isEqualTo(Status.NO_BUFFERS);
    }

    @Test
    @DisplayName("R14: a claim whose cancel is the last use of it is in use until its slot was given back")
    void shouldNotTakeSlotFromCancelledClaim() throws InterruptedException
    {
        region.service();
        final ClientPort client = region.client();
        final Claim[] box = new Claim[1];
        // Compiled code keeps only the references that it still needs.
        for (int i = 0; i < 50_000; i++)
        {
            fill(client, box);
            cancel(box);
        }
        final ClaimToken token = fill(client, box);
        final Thread thread = new Thread(() -> cancel(box));
        client.gate.enter();
        try
        {
            thread.start();
            while (!isInGate(thread))
            {
                Thread.onSpinWait();
            }
            System.gc();
            assertThat(token.get()).as("the claim").isNotNull();
        }
        finally
        {
            client.gate.exit();
        }
        thread.join();
        assertThat(client.inProgress()).isZero();
    }

    private static ClaimToken fill(final ClientPort client, final Claim[] box)
    {
        final Claim claim = new Claim();
        assertThat(client.claim(8, claim) == Status.OK).isTrue();
        box[0] = claim;
        return claim.token();
    }

    private static void cancel(final Claim[] box)
    {
        final Claim claim = box[0];
        box[0] = null;
        claim.cancel();
    }

    private static boolean isInGate(final Thread thread)
    {
        return Arrays.stream(thread.getStackTrace()).anyMatch((frame) -> "contend".equals(frame.getMethodName()));
    }

    @Test
    @DisplayName("F40: a claim that was dropped unspent, before or after the close, does not keep the link of its port")
    void shouldReleaseLinkOfDroppedClaims()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        assertThat(client.claim(8, new Claim())).isEqualTo(Status.OK);
        final Claim kept = new Claim();
        assertThat(client.claim(8, kept)).isEqualTo(Status.OK);
        client.close();
        service.clientCount();
        for (int i = 0; i < 3; i++)
        {
            System.gc();
            region.attachmentOf(client).watch().doWork();
            assertThat(region.linksInUse()).as("one claim is in use").isEqualTo(1);
        }
        assertThat(kept.put()).isEqualTo(Status.CLOSED);
        while (region.linksInUse() > 0)
        {
            System.gc();
            region.attachmentOf(client).watch().doWork();
        }
    }

    @Test
    @DisplayName("F40: a reply's claim that was dropped unspent does not keep a link of a service that was closed")
    void shouldReleaseLinkOfDroppedReplyClaims()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final Message request = new Message();
        assertThat(client.put(bytes, 0, 8)).isPositive();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(service.claim(request.id(), 8, new Claim())).isEqualTo(Status.OK);
        service.close();
        client.close();
        while (region.linksInUse() > 0)
        {
            System.gc();
            region.attachmentOf(service).watch().doWork();
        }
    }

    @Test
    @DisplayName("R20: a reply's claim that was dropped unspent does not keep its request from another reply")
    void shouldReplyAfterDroppedClaim()
    {
        final ServicePort service = region.service();
        final ClientPort client = region.client();
        final Message message = new Message();
        final long id = client.put(bytes, 0, 8);
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(service.claim(id, 8, new Claim())).isEqualTo(Status.OK);
        int result = Status.INVALID;
        while (Status.INVALID == result)
        {
            System.gc();
            result = service.reply(id, bytes, 0, 8);
        }
        assertThat(result).isEqualTo(Status.OK);
        assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
        message.release();
    }

    @Test
    @DisplayName("R14: claims that were dropped unspent do not keep a client from a new connection")
    void shouldReconnectAfterDroppedClaim()
    {
        region.service();
        final ClientPort client = region.client();
        assertThat(client.claim(8, new Claim())).isEqualTo(Status.OK);
        ClientPort next = null;
        while (null == next)
        {
            System.gc();
            try
            {
                next = client.reconnect(0);
            }
            catch (final IllegalStateException ex)
            {
                assertThat(ex).hasMessageContaining("claimed=1");
            }
        }
        assertThat(next.isConnected()).isTrue();
    }

    @Test
    @DisplayName("F48: the entry of a service that was closed while another held the tables' lock is found when needed")
    void shouldReapBeforeItRefusesPort()
    {
        final LockedHost host = new LockedHost(region.host());
        final Attachment process = region.attach(host);
        for (int i = 0; i < 3 * GEOMETRY.portCount(); i++)
        {
            final ServicePort service = process.service("s" + i, new PortOptions());
            host.isLocked = true;
            service.close();
            host.isLocked = false;
        }
        assertThat(process.service("last", new PortOptions()).isClosed()).isFalse();
    }

    @Test
    @DisplayName("R23: a service closes for its clients also while the operating system refuses the tables' lock")
    void shouldNotifyClientsWithoutTablesLock()
    {
        final LockedHost host = new LockedHost(region.host());
        final ServicePort service = region.attach(host).service(TestRegion.NAME, new PortOptions());
        final ClientPort client = region.client();
        service.clientCount();
        host.isRefused = true;
        try
        {
            service.close();
        }
        catch (final RegionException ex)
        {
            // The rest in the tables could not be freed.
            assertThat(ex).isSameAs(LockedHost.REFUSED);
        }
        finally
        {
            host.isRefused = false;
        }
        assertThat(client.get(new Message())).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("F48: while another holds the tables' lock, the closes of many services do not wait for it one by one")
    void shouldNotWaitForTablesLockInEachClose()
    {
        final LockedHost host = new LockedHost(region.host());
        final Attachment process = region.attach(host);
        for (int i = 0; i < GEOMETRY.portCount(); i++)
        {
            process.service("s" + i, new PortOptions());
        }
        host.isLocked = true;
        host.waitCount = 0;
        process.close();
        host.isLocked = false;
        assertThat(host.waitCount).isEqualTo(1);
    }

    /** A host whose tables' lock another process holds for a while, or the system refuses. */
    private static final class LockedHost extends ForwardingHost
    {
        private static final RegionException REFUSED = new RegionException("on purpose");

        private boolean isLocked;
        private boolean isRefused;
        // Calls that waited for the lock.
        private int waitCount;

        LockedHost(final Host host)
        {
            super(host);
        }

        @Override
        public boolean lockTables(final long timeoutNs)
        {
            if (isRefused)
            {
                throw REFUSED;
            }
            waitCount += isLocked && timeoutNs > 0 ? 1 : 0;
            return !isLocked && super.lockTables(timeoutNs);
        }
    }
}
