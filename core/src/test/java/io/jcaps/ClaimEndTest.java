/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** Claims and views that meet the end of their message, of their port, or of the other side. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ClaimEndTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 4, 2, 64), new TestFutex());
    private final ServicePort service = region.service();
    private final ClientPort client = region.client();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message first = new Message();
    private final Message second = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();

    @AfterEach
    void close()
    {
        region.close();
    }

    private long receive(final Message message)
    {
        final long id = client.put(bytes, 0, 8);
        int state = service.get(message);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(message);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(id);
        return id;
    }

    @Test
    @DisplayName("R14, R25: a claim that is put after its service has gone releases its slot, and then the link")
    void shouldReleaseSlotWhenServiceHasGone()
    {
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        service.close();
        assertThat(claim.put(8)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.inProgress()).isZero();
        client.close();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R20: while a reply's claim is filled, no other thread can reply")
    void shouldReplyOnlyByItsClaim()
    {
        final long id = receive(first);
        assertThat(service.claim(id, 8, claim)).isEqualTo(Status.OK);
        assertThat(service.reply(id, bytes, 0, 8)).isEqualTo(Status.INVALID);
        assertThat(service.claim(id, 8, new Claim())).isEqualTo(Status.INVALID);
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        claim.buffer().putLong(0, 42);
        assertThat(claim.reply(8)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.buffer().getLong(0)).isEqualTo(42);
        reply.release();
    }

    @Test
    @DisplayName("F40: a service that closes keeps a link until its last claim is spent: until then it is in use")
    void shouldKeepLinkUntilLastClaimIsSpent()
    {
        final Claim other = new Claim();
        assertThat(service.claim(receive(first), 8, claim)).isEqualTo(Status.OK);
        assertThat(service.claim(receive(second), 8, other)).isEqualTo(Status.OK);
        final MutableDirectBuffer buffer = claim.buffer();
        service.close();
        assertThat(isHeldByService()).isTrue();
        for (int i = 0; i < 2; i++)
        {
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
            reply.release();
        }
        other.cancel();
        assertThat(isHeldByService()).as("one claim is left").isTrue();
        buffer.putLong(0, -1);
        claim.cancel();
        assertThat(isHeldByService()).isFalse();
    }

    private boolean isHeldByService()
    {
        final long state = new LinkEntry(region.tables(), region.geometry).wrap(0).state();
        return (state & LinkEntryDescriptor.SERVICE_HOLDS) != 0;
    }

    @Test
    @DisplayName("F40, R23: a claim that is spent during a close does not release a link that a reply is copied into")
    void shouldKeepLinkWhileReplyIsCopied() throws InterruptedException
    {
        final long id = receive(first);
        assertThat(service.claim(receive(second), 8, claim)).isEqualTo(Status.OK);
        final Thread closer = new Thread(service::close);
        final int[] linksInUse = {0};
        // The copy asks for this buffer's address.
        final UnsafeBuffer source = new UnsafeBuffer(new byte[8])
        {
            @Override
            public long addressOffset()
            {
                if (0 == linksInUse[0])
                {
                    closer.start();
                    while (!service.isClosed())
                    {
                        Thread.onSpinWait();
                    }
                    client.close();
                    claim.cancel();
                    linksInUse[0] = region.linksInUse();
                }
                return super.addressOffset();
            }
        };
        assertThat(service.reply(id, source, 0, 8)).isEqualTo(Status.CLOSED);
        closer.join();
        assertThat(linksInUse[0]).as("links in use during the copy").isEqualTo(1);
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R23: a closed service accepts no client, whichever method is called")
    void shouldNotAcceptAfterClose()
    {
        service.close();
        assertThat(service.clientCount()).isZero();
        assertThat(isHeldByService()).isFalse();
        client.close();
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R23: a handler that closes its attachment in a batch ends the poll, at a service and at a client")
    void shouldEndPollWhenHandlerClosesAttachment()
    {
        client.put(bytes, 0, 8);
        client.put(bytes, 0, 8);
        final int[] count = {0};
        assertThat(service.poll((request) ->
        {
            count[0]++;
            assertThat(request.replyBuffer(8)).isNotNull();
            region.attachmentOf(service).close();
        }, 10)).isEqualTo(1);
        assertThat(service.poll((request) -> count[0]++, 10)).isEqualTo(Status.CLOSED);
        assertThat(client.poll((outcome) ->
        {
            count[0]++;
            region.attachmentOf(client).close();
        }, 10)).isEqualTo(1);
        assertThat(client.poll((outcome) -> count[0]++, 10)).isEqualTo(Status.CLOSED);
        assertThat(count[0]).isEqualTo(2);
    }

    @Test
    @DisplayName("R13: a release of a message whose view has ended does not end the view of the slot's next message")
    void shouldNotEndAnotherView()
    {
        final long id = receive(first);
        assertThat(service.reply(id, bytes, 0, 8)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
        receive(second);
        first.release();
        client.close();
        while (MessageState.DISPOSE == service.get(first))
        {
            assertThat(first.isView()).isFalse();
        }
        assertThat(region.linksInUse()).as("the second message is in view").isEqualTo(1);
        assertThat(second.buffer().getLong(0)).isZero();
        second.release();
        assertThat(service.get(first)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R16: a reply wakes a client that sleeps, by its word and by the operating system")
    void shouldRingForSleepingClient()
    {
        receive(first);
        final PortEntry entry = new PortEntry(region.tables(), region.geometry).wrap(client.entry.index());
        final int wake = region.tables().getInt(entry.wakeOffset());
        region.tables().putInt(entry.sleepersOffset(), 1);
        assertThat(first.reply(bytes, 0, 8)).isEqualTo(Status.OK);
        region.tables().putInt(entry.sleepersOffset(), 0);
        assertThat(region.tables().getInt(entry.wakeOffset())).isEqualTo(wake + 1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
    }
}
