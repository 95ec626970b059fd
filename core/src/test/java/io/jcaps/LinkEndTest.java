/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The end of a link, of a call, and of a view: whichever thread detects it, and whatever the cause.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LinkEndTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 4, 64), new TestFutex());
    private final Attachment serviceProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
    private final Attachment clientProcess = region.attach();
    private final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions().spinCount(0));
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();

    @AfterEach
    void close()
    {
        region.close();
    }

    private long receive()
    {
        final long id = client.put(bytes, 0, 8);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        return id;
    }

    @Test
    @DisplayName("F5, R23: the first thread that finds the service gone wakes the waiting threads, if no other has")
    void shouldWakeWaitersWhoeverFindsEnd() throws InterruptedException
    {
        final AtomicInteger result = new AtomicInteger();
        final Thread waiter = new Thread(() -> result.set(client.call(bytes, 0, 8, reply, Long.MAX_VALUE)));
        waiter.start();
        while (region.tables().getIntVolatile(client.entry.sleepersOffset()) < 1 ||
            waiter.getState() == Thread.State.RUNNABLE)
        {
            Thread.onSpinWait();
        }
        // The service dies between its flag and its wake-up.
        final LinkEntry link = new LinkEntry(region.tables(), region.geometry).wrap(0);
        link.change(LinkEntry.incarnation(link.state()), LinkEntryDescriptor.SERVICE_CLOSED, 0);
        assertThat(client.isConnected()).isFalse();
        waiter.join();
        assertThat(result.get()).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED");
        reply.release();
    }

    @Test
    @DisplayName("F25, B1: after a corrupt reply, messages reported as not received never reach the living service")
    void shouldKeepPromiseAfterCorruptReply()
    {
        final long first = receive();
        final long second = client.put(bytes, 0, 8);
        request.reply(bytes, 0, 8);
        final int half = new SlotTable(region.geometry).replyHalfOffset(SlotDescriptor.slotIndex(first));
        region.host().link(0).putInt(half + SlotDescriptor.LENGTH_OFFSET, -1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(first);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
        reply.release();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(second);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED");
        reply.release();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(request.id()).isEqualTo(first);
        assertThat(service.get(request)).as("promised as not received").isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.clientCount()).as("it was notified").isZero();
        client.close();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("F25: a link is counted as corrupt once, however many of its replies are corrupt")
    void shouldCountCorruptLinkOnce()
    {
        for (int i = 0; i < 2; i++)
        {
            final long id = receive();
            request.reply(bytes, 0, 8);
            region.host().link(0).putInt(region.geometry.replyHalfOffset(SlotDescriptor.slotIndex(id)) +
                SlotDescriptor.LENGTH_OFFSET, -1);
        }
        for (int i = 0; i < 2; i++)
        {
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
            reply.release();
        }
        assertThat(client.counter(PortCounter.CORRUPT)).isEqualTo(1);
    }

    /** Fails, or has its port closed, at its second call. */
    private class FailingStrategy implements IdleStrategy
    {
        private final boolean isClosing;
        private int count;

        FailingStrategy(final boolean isClosing)
        {
            this.isClosing = isClosing;
        }

        @Override
        public void idle(final int workCount)
        {
            idle();
        }

        @Override
        public void idle()
        {
            if (++count > 1)
            {
                if (!isClosing)
                {
                    throw new IllegalStateException("idle failed");
                }
                client.close();
            }
        }

        @Override
        public void reset()
        {
        }
    }

    @ParameterizedTest(name = "received: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F45, R14, B5: a call whose idle strategy throws frees its slot, and reports its outcome")
    void shouldReleaseSlotWhenCallThrows(final boolean isReceived)
    {
        for (int i = 0; i < 20; i++)
        {
            final IdleStrategy strategy = new FailingStrategy(false)
            {
                @Override
                public void idle()
                {
                    if (isReceived)
                    {
                        service.get(request);
                    }
                    super.idle();
                }
            };
            assertThatThrownBy(() -> client.call(bytes, 0, 8, reply, strategy, Long.MAX_VALUE))
                .isInstanceOf(IllegalStateException.class).hasMessage("idle failed");
            assertThat(reply.isView()).isFalse();
            assertThat(Outcome.text(reply.outcome())).isEqualTo(isReceived ? "ABORTED|RECEIVED" : "ABORTED");
            if (isReceived)
            {
                assertThat(service.reply(reply.id(), bytes, 0, 0)).isEqualTo(Status.OK);
            }
            client.get(reply);
            assertThat(client.inProgress()).isZero();
        }
    }

    @Test
    @DisplayName("F45, R14: a call that finds no memory to sleep with gives its slot back")
    void shouldReleaseSlotWhenSleepThrows()
    {
        final TestHost host = region.host();
        final ClientPort sleepy = region.attach(host).client(TestRegion.NAME, new PortOptions().spinCount(0));
        host.onSleep = () ->
        {
            throw new OutOfMemoryError("Cannot reserve direct buffer memory");
        };
        for (int i = 0; i < 20; i++)
        {
            assertThatThrownBy(() -> sleepy.call(bytes, 0, 8, reply, Long.MAX_VALUE))
                .isInstanceOf(OutOfMemoryError.class);
            assertThat(sleepy.inProgress()).isZero();
        }
    }

    @Test
    @DisplayName("R26, B5: a call that ends by the close of its port shows its own message, not the one before it")
    void shouldShowMessageOfClosedCall()
    {
        final long before = receive();
        request.reply(bytes, 0, 8);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
        assertThat(client.call(bytes, 0, 8, reply, new FailingStrategy(true), Long.MAX_VALUE))
            .isEqualTo(Status.CLOSED);
        assertThat(reply.id()).isGreaterThan(before);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("ABORTED|RECEIVED");
        assertThat(reply.isView()).isFalse();
    }

    @ParameterizedTest(name = "by {0}")
    @ValueSource(strings = {"view", "id", "claim", "end"})
    @DisplayName("R13, R20: however a request is replied to, its view ends, and its link can be freed")
    void shouldEndViewByReply(final String how)
    {
        final long id = receive();
        final var kept = request.buffer();
        final int result = switch (how)
        {
            case "view" -> request.reply(bytes, 0, 8);
            case "id" -> service.reply(id, bytes, 0, 8);
            case "end" -> service.end(id, Outcome.UNREACHABLE);
            default ->
            {
                assertThat(request.claimReply(8, claim)).isEqualTo(Status.OK);
                assertThat(request.isView()).as("as long as the reply is written").isTrue();
                yield claim.reply();
            }
        };
        assertThat(result).isEqualTo(Status.OK);
        assertThat(request.isView()).isFalse();
        assertThat(kept.capacity()).as("no way left to the memory").isZero();
        assertThatThrownBy(request::buffer).isInstanceOf(IllegalStateException.class).hasMessageContaining("reply");
        client.close();
        service.get(new Message());
        assertThat(region.linksInUse()).as("nothing keeps the link").isZero();
        request.release();
    }

    @Test
    @DisplayName("R13, R24: a claim that its program has dropped does not keep the link of a client that has gone")
    void shouldReleaseLinkWhenClaimIsDropped()
    {
        final long id = receive();
        request.release();
        final List<WeakReference<?>> dropped = claimAndDrop(id);
        client.close();
        // The collector decides when; from then on nothing keeps the link.
        while (dropped.stream().anyMatch((each) -> null != each.get()))
        {
            System.gc();
        }
        for (int i = 0; i < 3; i++)
        {
            serviceProcess.watch().doWork();
            service.get(request);
        }
        assertThat(region.linksInUse()).isZero();
        assertThat(service.clientCount()).isZero();
    }

    private List<WeakReference<?>> claimAndDrop(final long id)
    {
        final Claim claim = new Claim();
        assertThat(service.claim(id, 8, claim)).isEqualTo(Status.OK);
        return List.of(new WeakReference<>(claim), new WeakReference<>(claim.buffer()));
    }

    @Test
    @DisplayName("R13, R24: a claim that is still in use keeps the link, however often it is looked for")
    void shouldKeepLinkWhileClaimIsReachable()
    {
        final long id = receive();
        request.release();
        assertThat(service.claim(id, 8, claim)).isEqualTo(Status.OK);
        client.close();
        for (int i = 0; i < 3; i++)
        {
            System.gc();
            serviceProcess.watch().doWork();
            service.get(request);
            assertThat(region.linksInUse()).isEqualTo(1);
        }
        claim.buffer().putLong(0, 1);
        assertThat(claim.reply()).isEqualTo(Status.INVALID);
        service.get(request);
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R12, R14: a put that finds no message ids left in the region gives its slot back")
    void shouldReleaseSlotWithoutIds() throws ReflectiveOperationException
    {
        // The lease's 33 million ids are used up, and there is no other lease.
        IdsOfLease.leave(client, 0);
        region.tables().putLong(RegionDescriptor.NEXT_LEASE_OFFSET, SlotDescriptor.MAX_LEASE + 1);
        for (int i = 0; i < 8; i++)
        {
            assertThatThrownBy(() -> client.put(bytes, 0, 8)).isInstanceOf(CapsException.class);
            assertThat(client.inProgress()).isZero();
        }
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        assertThatThrownBy(claim::put).isInstanceOf(CapsException.class);
        claim.cancel();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R26, F40: a close that is repeated does not close the entry's next owner")
    void shouldNotCloseNextOwner()
    {
        final PortEntry entry = new PortEntry(region.tables(), region.geometry).wrap(service.portIndex);
        service.close();
        client.close();
        assertThat(entry.incarnation()).as("freed").isZero();
        final ServicePort next = serviceProcess.service("next", new PortOptions());
        assertThat(next.portIndex).isEqualTo(service.portIndex);
        service.end();
        assertThat(entry.isOpen()).isTrue();
        assertThat(clientProcess.client("next", new PortOptions()).isConnected()).isTrue();
    }

    @ParameterizedTest(name = "by {0}")
    @ValueSource(strings = {"put", "cancel"})
    @DisplayName(
        "F40, R24: a request's claim that outlives its port keeps the link from the next client until it is spent")
    void shouldKeepLinkForClaimOfClosedClient(final String how)
    {
        assertThat(client.claim(40, claim)).isEqualTo(Status.OK);
        final Claim second = new Claim();
        assertThat(client.claim(8, second)).isEqualTo(Status.OK);
        client.close();
        service.get(request);
        assertThat(service.clientCount()).as("it was notified of the close").isZero();
        assertThat(region.linksInUse()).isEqualTo(1);
        second.cancel();
        assertThat(region.linksInUse()).isEqualTo(1);
        if ("put".equals(how))
        {
            assertThat(claim.put()).isEqualTo(Status.CLOSED);
        }
        claim.cancel();
        assertThat(region.linksInUse()).isZero();
    }

    @ParameterizedTest(name = "client gone before: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName(
        "F40, R23: a reply's claim that outlives its port keeps the link from the next client until it is spent")
    void shouldKeepLinkForClaimOfClosedService(final boolean isClientGone)
    {
        final long id = receive();
        assertThat(service.claim(id, 40, claim)).isEqualTo(Status.OK);
        if (isClientGone)
        {
            client.close();
            service.get(request);
        }
        service.close();
        if (!isClientGone)
        {
            assertThat(client.get(reply)).as("notified at once").isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
            reply.release();
            client.close();
        }
        assertThat(region.linksInUse()).isEqualTo(1);
        assertThat(claim.reply()).isEqualTo(Status.CLOSED);
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R13: a payload is copied while its port is open, and not after its close")
    void shouldCopyPayload()
    {
        bytes.putLong(0, 4711);
        receive();
        final UnsafeBuffer target = new UnsafeBuffer(new byte[16]);
        assertThat(request.copyTo(target, 8)).isEqualTo(Status.OK);
        assertThat(target.getLong(8)).isEqualTo(4711);
        service.close();
        target.putLong(8, 1);
        assertThat(request.copyTo(target, 8)).isEqualTo(Status.CLOSED);
        assertThat(target.getLong(8)).isEqualTo(1);
    }
}
