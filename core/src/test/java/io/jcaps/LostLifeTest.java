/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.host.ForwardingHost;
import io.jcaps.host.Host;
import io.jcaps.layout.RegionException;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A process that loses its life lock while it lives detects the loss before any peer acts on it (F39).
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostLifeTest
{
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[8]);

    private final TestFutex futex = new TestFutex();
    private final TestRegion region = new TestRegion(2, 64);
    private final TestRegion sleeping = new TestRegion(region.geometry, futex);

    @AfterEach
    void after()
    {
        region.close();
        sleeping.close();
    }

    private static void assertLost(final Attachment attachment)
    {
        assertThatThrownBy(attachment.watch()::doWork)
            .isInstanceOf(RegionException.class).hasMessageContaining("lost its life lock");
        assertThat(attachment.watch().doWork()).isZero();
        assertThatThrownBy(() -> attachment.service("more", new PortOptions())).isInstanceOf(CapsException.class)
            .extracting((ex) -> ((CapsException)ex).status()).isEqualTo(Status.NOT_CONNECTED);
        assertThatThrownBy(attachment::waitSet).isInstanceOf(CapsException.class)
            .hasMessageContaining("lost its life lock");
    }

    @Test
    @DisplayName("F39: the watch detects the lost lock: every port is void, no store follows, close does not throw")
    void shouldVoidPortsOfProcessThatLostItsLock()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions());
        final ClientPort client = region.client();
        final Message message = new Message();
        final long id = client.put(BYTES, 0, 8);
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        host.dropLife(0);
        assertLost(attachment);
        assertThat(service.endStatus()).isEqualTo(Status.NOT_CONNECTED);
        assertThat(message.reply(BYTES, 0, 8)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(service.get(new Message())).isEqualTo(Status.NOT_CONNECTED);

        // Its entries count as those of a dead process: a newcomer takes them.
        final Attachment newcomer = region.attach();
        final ServicePort next = newcomer.service(TestRegion.NAME, new PortOptions());
        final WaitSet waitSet = newcomer.waitSet();
        attachment.close();
        assertThat(region.processesInUse()).isEqualTo(2);
        final ClientPort nextClient = region.client();
        assertThat(nextClient.put(BYTES, 0, 8)).isPositive();
        assertThat(next.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.reply(BYTES, 0, 8)).isEqualTo(Status.OK);
        waitSet.close();
        region.attachmentOf(client).watch().doWork();
        assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(id);
        assertThat(Outcome.text(message.outcome())).isEqualTo("SERVICE_DIED|RECEIVED");
        message.release();
    }

    @Test
    @DisplayName("F39, F40: a process that stays for a claim after its close detects that its lock is lost")
    void shouldDetectLossWhileClaimIsKept()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        region.service();
        final ClientPort client = attachment.client(TestRegion.NAME, new PortOptions());
        final Claim claim = new Claim();
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        attachment.close();
        assertThat(region.processesInUse()).as("it stays").isEqualTo(2);

        host.dropLife(0);
        assertThatThrownBy(attachment.watch()::doWork)
            .isInstanceOf(RegionException.class).hasMessageContaining("lost its life lock");
        final Attachment newcomer = region.attach();
        newcomer.service("newcomer", new PortOptions());
        claim.cancel();
        attachment.close();
        assertThat(region.processesInUse()).isEqualTo(2);
        assertThat(region.portsInUse()).isEqualTo(2);
    }

    @Test
    @DisplayName("F39, F40: a process that stays for a claim detects by its next close that its lock is lost")
    void shouldDetectLossByNextClose()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        region.service();
        final Claim claim = new Claim();
        assertThat(attachment.client(TestRegion.NAME).claim(8, claim)).isEqualTo(Status.OK);
        attachment.close();
        assertThat(attachment.isClosed()).isFalse();
        host.dropLife(0);
        attachment.close();
        assertThat(attachment.isClosed()).as("nothing of it is left to stay for").isTrue();
        region.attach();
    }

    @Test
    @DisplayName("F39, F40: a request's claim that outlives its port and the life lock releases no other link")
    void shouldNotReleaseNextClientsLinkByClaim()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        final ServicePort service = region.service();
        final ClientPort client = attachment.client(TestRegion.NAME);
        final Claim claim = new Claim();
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        client.close();
        host.dropLife(0);
        assertLost(attachment);

        final ClientPort next = region.client();
        assertThat(next.entry.linkIndex()).as("the same link").isEqualTo(client.entry.linkIndex());
        assertThat(service.clientCount()).isEqualTo(1);
        claim.cancel();
        region.attachmentOf(service).watch().doWork();
        assertThat(region.linksInUse()).isEqualTo(1);
        assertThat(next.put(BYTES, 0, 8)).isPositive();
        assertThat(service.get(new Message())).isEqualTo(MessageState.REQUEST);
        service.close();
        assertThat(region.linksInUse()).as("its client holds it").isEqualTo(1);
    }

    @Test
    @DisplayName("F39, F40: a reply's claim that outlives its port and the life lock releases no other link")
    void shouldNotReleaseNextServicesLinkByClaim()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        final ServicePort service = attachment.service(TestRegion.NAME);
        final ClientPort client = region.client();
        client.put(BYTES, 0, 8);
        final Message request = new Message();
        final Claim claim = new Claim();
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(service.claim(request.id(), 8, claim)).isEqualTo(Status.OK);
        service.close();
        host.dropLife(0);
        assertLost(attachment);
        client.close();

        final ServicePort next = region.service();
        final ClientPort nextClient = region.client();
        assertThat(next.clientCount()).isEqualTo(1);
        claim.cancel();
        nextClient.close();
        assertThat(region.linksInUse()).as("its service holds it").isEqualTo(1);
        assertThat(next.clientCount()).isZero();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("F39: close() of a process whose entry has a new owner closes nothing of that owner")
    void shouldNotClosePortsOfNextProcess()
    {
        final Host host = region.host();
        final Attachment attachment = region.attach(host);
        final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions());
        final WaitSet waitSet = attachment.waitSet();
        host.dropLife(0);
        // No round of the watch in between.
        final Attachment newcomer = region.attach();
        final ServicePort next = newcomer.service(TestRegion.NAME, new PortOptions());
        final WaitSet nextSet = newcomer.waitSet();
        assertThat(next.portIndex).isEqualTo(service.portIndex);

        waitSet.close();
        service.close();
        attachment.close();
        assertThat(region.portsInUse()).isEqualTo(2);
        assertThat(region.processesInUse()).isEqualTo(1);
        final ClientPort client = region.client();
        assertThat(client.put(BYTES, 0, 8)).isPositive();
        assertThat(next.get(new Message())).isEqualTo(MessageState.REQUEST);
        nextSet.close();
    }

    @Test
    @DisplayName("F39: a thread that slept when the lock was lost does not change the words of the entry's next owner")
    void shouldNotChangeWordsOfNextOwner()
    {
        final TestHost host = region.host();
        final Attachment attachment = region.attach(host);
        final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions());
        final WaitSet waitSet = attachment.waitSet();
        waitSet.add(service);
        final Attachment[] newcomer = new Attachment[1];
        final ServicePort[] next = new ServicePort[1];
        host.onSleep = () ->
        {
            if (null == newcomer[0])
            {
                host.dropLife(0);
                newcomer[0] = region.attach();
                next[0] = newcomer[0].service(TestRegion.NAME, new PortOptions());
                final WaitSet nextSet = newcomer[0].waitSet();
                nextSet.add(next[0]);
                next[0].announceWaitSet(nextSet, 8);
            }
        };
        service.await(new Message(), 1_000_000);
        assertThat(next[0].portIndex).isEqualTo(service.portIndex);
        assertThat(region.tables().getInt(next[0].entry.sleepersOffset())).isZero();
        waitSet.await(1_000_000);
        assertThat(region.tables().getInt(next[0].entry.sleepersOffset())).isZero();
        assertThat(region.tables().getInt(next[0].entry.waitSetOffset())).isEqualTo(8);
        host.onSleep = null;
        assertLost(attachment);
    }

    @Test
    @DisplayName("F39: a process that detects its loss while it opens a wait set does not get the set")
    void shouldNotGiveWaitSetOfLostProcess()
    {
        final Host raw = region.host();
        final Runnable[] onUnlock = new Runnable[1];
        final Attachment attachment = region.attach(new ForwardingHost(raw)
        {
            @Override
            public void unlockTables()
            {
                super.unlockTables();
                if (null != onUnlock[0])
                {
                    onUnlock[0].run();
                }
            }
        });
        onUnlock[0] = () ->
        {
            onUnlock[0] = null;
            raw.dropLife(0);
            assertThatThrownBy(attachment.watch()::doWork).isInstanceOf(RegionException.class);
        };
        assertThatThrownBy(attachment::waitSet).isInstanceOf(CapsException.class)
            .extracting((ex) -> ((CapsException)ex).status()).isEqualTo(Status.NOT_CONNECTED);
        assertThat(region.portsInUse()).isZero();
    }

    @Test
    @DisplayName("F39: a client whose process loses its lock while it connects takes no other client's link over")
    void shouldNotTakeNextClientsLinkOver()
    {
        final ServicePort service = region.service();
        final Host raw = region.host();
        final ClientPort[] next = new ClientPort[1];
        final Attachment attachment = region.attach(new ForwardingHost(raw)
        {
            /** The link is open, and its client has no port yet. */
            @Override
            public Credentials attest(final int processIndex)
            {
                if (null == next[0])
                {
                    raw.dropLife(1);
                    next[0] = region.client();
                }
                return super.attest(processIndex);
            }
        });
        final ClientPort client = attachment.client(TestRegion.NAME, new PortOptions());
        assertThat(client.entry.linkIndex()).as("the same link").isEqualTo(next[0].entry.linkIndex());
        assertThat(client.isConnected()).isFalse();
        assertThat(client.put(BYTES, 0, 8)).isEqualTo(Status.NOT_CONNECTED);
        attachment.close();
        final long id = next[0].put(BYTES, 0, 8);
        final Message message = new Message();
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(id);
        message.reply();
        assertThat(next[0].get(message)).isEqualTo(MessageState.REPLY);
        message.release();
    }

    @Test
    @DisplayName("F39: threads that sleep in ports, wait sets and connects return when the lock is found to be lost")
    void shouldEndWaitsOfProcessThatLostItsLock() throws Exception
    {
        final TestHost host = sleeping.host();
        final Attachment attachment = sleeping.attach(host);
        final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions());
        final WaitSet waitSet = attachment.waitSet();
        final ServicePort inSet = attachment.service("inSet", new PortOptions());
        waitSet.add(inSet);
        final AtomicInteger awaited = new AtomicInteger();
        final AtomicInteger connected = new AtomicInteger();
        final CountDownLatch found = new CountDownLatch(1);
        final Thread[] threads = {
            new Thread(() -> awaited.set(service.await(new Message(), Long.MAX_VALUE))),
            new Thread(() ->
            {
                if (inSet == waitSet.await(Long.MAX_VALUE))
                {
                    found.countDown();
                }
            }),
            new Thread(() ->
            {
                try
                {
                    attachment.client("nobody", new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC));
                }
                catch (final CapsException ex)
                {
                    connected.set(ex.status());
                }
            })};
        for (final Thread thread : threads)
        {
            thread.start();
        }
        for (final Thread thread : threads)
        {
            while (thread.getState() != Thread.State.TIMED_WAITING && thread.getState() != Thread.State.WAITING)
            {
                Thread.onSpinWait();
            }
        }
        host.dropLife(0);
        assertThatThrownBy(attachment.watch()::doWork).isInstanceOf(RegionException.class);
        for (final Thread thread : threads)
        {
            while (thread.isAlive())
            {
                attachment.watch().doWork();
                thread.join(1);
            }
        }
        assertThat(awaited.get()).isEqualTo(Status.NOT_CONNECTED);
        assertThat(connected.get()).isEqualTo(Status.NOT_CONNECTED);
        assertThat(found.getCount()).isZero();
        attachment.close();
    }
}
