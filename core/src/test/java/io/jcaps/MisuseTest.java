/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Misuse by callers, and invalid values of the other side: each is reported with the value, and nothing changes.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MisuseTest
{
    private static final int LIMIT = 100;
    private static final UnsafeBuffer COUNT = new UnsafeBuffer(new byte[4]);

    private final TestRegion region = new TestRegion(4, LIMIT);
    private final ServicePort service = region.service();
    private final ClientPort client = region.client();
    private final ClientPort other = region.client();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LIMIT]);
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
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        return request.id();
    }

    @Test
    @DisplayName("R13: a claim that is spent, or was never filled, can be neither used nor spent")
    void shouldRefuseSpentClaim()
    {
        for (int i = 0; i < 4; i++)
        {
            assertThat(claim.isFilled()).isFalse();
            assertThatThrownBy(claim::buffer).isInstanceOf(IllegalStateException.class).hasMessageContaining("spent");
            assertThatThrownBy(claim::length).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(claim::put).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> claim.put(0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(claim::reply).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> client.call(claim, 0, reply, 0)).isInstanceOf(IllegalStateException.class);
            claim.cancel();
            assertThat(client.inProgress()).isZero();
            assertThat(client.claim(40, claim)).isEqualTo(Status.OK);
            final DirectBuffer kept = claim.buffer();
            if (i % 2 == 0)
            {
                claim.cancel();
            }
            else
            {
                final long id = claim.put();
                assertThat(service.reply(id, bytes, 0, 0)).isEqualTo(Status.INVALID);
                client.abort(id, true);
                client.get(reply);
                reply.release();
            }
            assertThat(kept.capacity()).as("no way left to the memory").isZero();
        }
    }

    @Test
    @DisplayName("R13: a claim that is still filled cannot be filled again, and stays as it is")
    void shouldRefuseFilledClaim()
    {
        assertThat(client.claim(40, claim)).isEqualTo(Status.OK);
        assertThatThrownBy(() -> client.claim(1, claim)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("40");
        assertThatThrownBy(() -> other.claim(1, claim)).isInstanceOf(IllegalStateException.class);
        final long id = client.put(bytes, 0, 1);
        receive();
        assertThatThrownBy(() -> service.claim(id, 1, claim)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> request.claimReply(1, claim)).isInstanceOf(IllegalStateException.class);
        assertThat(claim.length()).isEqualTo(40);
        assertThat(client.inProgress()).isEqualTo(2);
        assertThat(other.inProgress()).isZero();
        assertThat(claim.put()).isPositive();
        assertThat(request.reply(bytes, 0, 0)).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("R12, R20: a claim of another port, or for the other direction, is refused and stays as it is")
    void shouldRefuseClaimOfAnother()
    {
        assertThat(client.claim(40, claim)).isEqualTo(Status.OK);
        assertThatThrownBy(() -> other.call(claim, 1, reply, 0)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(TestRegion.NAME);
        assertThatThrownBy(claim::reply).isInstanceOf(IllegalStateException.class).hasMessageContaining("put()");
        assertThat(claim.isFilled()).isTrue();
        claim.cancel();
        client.put(bytes, 0, 1);
        receive();
        assertThat(request.claimReply(40, claim)).isEqualTo(Status.OK);
        assertThatThrownBy(claim::put).isInstanceOf(IllegalStateException.class).hasMessageContaining("reply()");
        assertThatThrownBy(() -> client.call(claim, 1, reply, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(claim.isFilled()).isTrue();
        assertThat(claim.reply()).isEqualTo(Status.OK);
        assertThat(client.inProgress()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 41, Integer.MIN_VALUE, Integer.MAX_VALUE})
    @DisplayName("R12: a length above the claimed one, or a negative one, is refused, and the claim stays filled")
    void shouldRefuseLengthBeyondClaim(final int length)
    {
        client.claim(40, claim);
        assertThatThrownBy(() -> claim.put(length)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("length=" + length).hasMessageContaining("40");
        assertThatThrownBy(() -> client.call(claim, length, reply, 0)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("length=" + length);
        assertThat(claim.put(40)).isPositive();
        receive();
        request.claimReply(40, claim);
        assertThatThrownBy(() -> claim.reply(length)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("length=" + length);
        assertThat(claim.reply(40)).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("R21: a view cannot be used after its release, and a second release does nothing")
    void shouldRefuseViewAfterRelease()
    {
        assertThatThrownBy(() -> new Message().buffer()).isInstanceOf(IllegalStateException.class);
        new Message().release();
        final long id = client.put(bytes, 0, 4);
        receive();
        final DirectBuffer kept = request.buffer();
        request.release();
        request.release();
        assertThat(kept.capacity()).isZero();
        assertThatThrownBy(request::buffer).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(Long.toString(id));
        assertThat(request.reply(bytes, 0, 4)).as("its id is still good").isEqualTo(Status.OK);
        client.get(reply);
        reply.release();
        final long nextId = client.put(bytes, 0, 4);
        reply.release();
        assertThat(client.inProgress()).isEqualTo(1);
        assertThatThrownBy(reply::buffer).isInstanceOf(IllegalStateException.class);
        assertThat(service.get(request)).isNotNegative();
        assertThat(nextId).isPositive();
    }

    @Test
    @DisplayName("R14: a client's message that is still in view cannot be used for another one")
    void shouldRefuseMessageInView()
    {
        final long id = client.put(bytes, 0, 4);
        receive();
        request.reply(bytes, 0, 4);
        client.put(bytes, 0, 4);
        receive();
        request.reply(bytes, 0, 8);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        final String named = Long.toString(id);
        assertThatThrownBy(() -> client.get(reply)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(named);
        assertThatThrownBy(() -> client.await(reply, 0)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(named);
        assertThatThrownBy(() -> client.call(bytes, 0, 1, reply, 0)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(named);
        assertThatThrownBy(() -> other.get(reply)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> service.get(reply)).isInstanceOf(IllegalStateException.class);
        assertThat(reply.buffer().capacity()).isEqualTo(4);
        assertThat(client.inProgress()).isEqualTo(2);
        reply.release();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.length()).isEqualTo(8);
    }

    @Test
    @DisplayName("R20: only a request can be replied to")
    void shouldRefuseToReplyToAnythingElse()
    {
        assertThatThrownBy(() -> new Message().reply(bytes, 0, 0)).isInstanceOf(IllegalStateException.class);
        final long id = client.put(bytes, 0, 4);
        receive();
        request.reply(bytes, 0, 4);
        client.get(reply);
        assertThatThrownBy(() -> reply.reply(bytes, 0, 0)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(Long.toString(id));
        assertThatThrownBy(() -> reply.claimReply(0, claim)).isInstanceOf(IllegalStateException.class);
        reply.release();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThatThrownBy(() -> request.reply(bytes, 0, 0)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(Long.toString(id));
    }

    @Test
    @DisplayName("R12: null, and bytes beyond a buffer, are refused before anything changed")
    void shouldRefuseNullAndBytesBeyondBuffer()
    {
        final long id = client.put(bytes, 0, 4);
        receive();
        assertThatThrownBy(() -> client.put(null, 0, 0)).isInstanceOf(NullPointerException.class)
            .hasMessageContaining("source");
        assertThatThrownBy(() -> client.call(null, 0, 0, reply, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> client.call(bytes, 0, 0, null, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> client.call(bytes, 0, 0, reply, null, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> client.claim(0, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> client.get(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> client.await(reply, null, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> service.get(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> service.reply(id, null, 0, 0)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> service.claim(id, 0, null)).isInstanceOf(NullPointerException.class);
        for (final int index : new int[]{-1, 97, Integer.MAX_VALUE})
        {
            assertThatThrownBy(() -> client.put(bytes, index, 4)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(Integer.toString(index));
            assertThatThrownBy(() -> service.reply(id, bytes, index, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining(Integer.toString(index));
        }
        assertThat(client.inProgress()).isEqualTo(1);
        assertThat(service.reply(id, bytes, 0, 4)).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("B5: a negative time limit is refused with its value, and no message is put")
    void shouldRefuseNegativeTime()
    {
        assertThatThrownBy(() -> client.call(bytes, 0, 1, reply, -7)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("timeoutNs=-7");
        assertThatThrownBy(() -> client.await(reply, -7)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("timeoutNs=-7");
        assertThatThrownBy(() -> service.await(request, -7)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PortOptions().spinCount(-1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("spinCount=-1");
        assertThatThrownBy(() -> new PortOptions().connectTimeout(-1, TimeUnit.SECONDS))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("timeout=-1");
        assertThat(client.inProgress()).isZero();
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
    }

    // ---- what the other side may have written

    private UnsafeBuffer link()
    {
        return client.host.link(client.entry.linkIndex());
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "33, 0", "101, 1", "2147483647, 1", "-2147483648, 1", "101, 3"})
    @DisplayName(
        "F26: a request with an invalid length ends its link; other links continue, and its client is notified")
    void shouldRejectInvalidRequest(final int length, final int flags)
    {
        final long id = client.put(bytes, 0, 1);
        final int half = region.geometry.requestHalfOffset(SlotDescriptor.slotIndex(id));
        link().putInt(half + SlotDescriptor.LENGTH_OFFSET, length);
        link().putInt(half + SlotDescriptor.FLAGS_OFFSET, flags);
        final long otherId = other.put(bytes, 0, 1);
        assertThat(receive()).isEqualTo(otherId);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.kind(reply.outcome())).isEqualTo(Outcome.SERVICE_CLOSED);
        reply.release();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(service.reply(otherId, bytes, 0, 1)).isEqualTo(Status.OK);
        assertThat(other.get(reply)).isEqualTo(MessageState.REPLY);
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "33, 0", "101, 1", "2147483647, 1", "-2147483648, 1"})
    @DisplayName("F26: a reply with an invalid length ends its link, and does not count as a reply")
    void shouldRejectInvalidReply(final int length, final int flags)
    {
        final long id = client.put(bytes, 0, 1);
        receive();
        request.reply(bytes, 0, 1);
        final int half = region.geometry.replyHalfOffset(SlotDescriptor.slotIndex(id));
        link().putInt(half + SlotDescriptor.LENGTH_OFFSET, length);
        link().putInt(half + SlotDescriptor.FLAGS_OFFSET, flags);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        assertThat(reply.length()).isZero();
        reply.release();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("F25: whatever a client writes into its part of a link, the service neither fails nor neglects others")
    void shouldSurviveHostileClient()
    {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            final Attachment process = region.attach();
            final ClientPort hostile = process.client(TestRegion.NAME, new PortOptions());
            final UnsafeBuffer link = hostile.host.link(hostile.entry.linkIndex());
            for (int i = 0; i < 50; i++)
            {
                hostile.put(bytes, 0, random.nextInt(LIMIT + 1));
                scribble(random, link, LinkDescriptor.REQUEST_RING_OFFSET, region.geometry.ringLength());
                scribble(random, link, region.geometry.requestHalfOffset(0), 4 * SlotDescriptor.HALF_LENGTH);
                final String what = "seed=" + seed + ", round=" + round + ", i=" + i;
                COUNT.putInt(0, i);
                final long id = other.put(COUNT, 0, 4);
                assertThat(id).as(what).isPositive();
                boolean isReceived = false;
                for (int j = 0; j < 64; j++)
                {
                    final int state = service.get(request);
                    if (MessageState.REQUEST == state)
                    {
                        isReceived |= request.id() == id;
                        assertThat(request.buffer().capacity()).isLessThanOrEqualTo(LIMIT);
                        service.reply(request.id(), bytes, 0, random.nextInt(LIMIT + 1));
                    }
                }
                assertThat(isReceived).as(what).isTrue();
                assertThat(other.get(reply)).as(what).isEqualTo(MessageState.REPLY);
                assertThat(reply.id()).as(what).isEqualTo(id);
                reply.release();
            }
            process.abandon();
            region.attachmentOf(service).watch().doWork();
            while (service.get(request) >= 0)
            {
                request.release();
            }
            process.close();
        }
    }

    private static void scribble(final Random random, final UnsafeBuffer link, final int offset, final int length)
    {
        for (int i = random.nextInt(3); i > 0; i--)
        {
            if (random.nextBoolean())
            {
                link.putByte(offset + random.nextInt(length), (byte)random.nextInt());
            }
            else
            {
                link.putLong(offset + random.nextInt(length / 8) * 8, random.nextLong() >> random.nextInt(64));
            }
        }
    }

    @Test
    @DisplayName("F25: whatever a service writes into its part of a link, its client neither fails nor loses a message")
    void shouldSurviveHostileService()
    {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            final Attachment process = region.attach();
            final ServicePort hostile = process.service("hostile", new PortOptions());
            final Attachment clientProcess = region.attach();
            final ClientPort victim = clientProcess.client("hostile", new PortOptions());
            final UnsafeBuffer link = victim.host.link(victim.entry.linkIndex());
            int accepted = 0;
            int outcomes = 0;
            final String what = "seed=" + seed + ", round=" + round;
            for (int i = 0; i < 50; i++)
            {
                if (victim.put(bytes, 0, random.nextInt(LIMIT + 1)) > 0)
                {
                    accepted++;
                }
                if (MessageState.REQUEST == hostile.get(request))
                {
                    request.reply(bytes, 0, random.nextInt(LIMIT + 1));
                }
                scribble(random, link, region.geometry.replyRingOffset(), region.geometry.ringLength());
                scribble(random, link, region.geometry.replyHalfOffset(0), 4 * SlotDescriptor.HALF_LENGTH);
                while (MessageState.REPLY == victim.get(reply))
                {
                    outcomes++;
                    if (Outcome.REPLIED == reply.outcome())
                    {
                        assertThat(reply.buffer().capacity()).isLessThanOrEqualTo(LIMIT);
                    }
                    reply.release();
                }
            }
            hostile.close();
            while (MessageState.REPLY == victim.get(reply))
            {
                outcomes++;
                reply.release();
            }
            assertThat(outcomes).as(what).isEqualTo(accepted);
            assertThat(victim.inProgress()).as(what).isZero();
            clientProcess.close();
            process.close();
        }
    }

    @Test
    @DisplayName("B1: a record that a service writes twice brings no message twice")
    void shouldNotTakeMessageTwice()
    {
        final long first = client.put(bytes, 0, 1);
        final long second = client.put(bytes, 0, 1);
        receive();
        service.reply(first, bytes, 0, 1);
        receive();
        service.reply(second, bytes, 0, 1);
        // The second record names the first message again.
        link().putLong(region.geometry.replyRingOffset() + LinkDescriptor.RECORD_LENGTH + 8, first);
        // This put looks for room, so both records are passed.
        final long third = client.put(bytes, 0, 1);
        final long fourth = client.put(bytes, 0, 1);
        assertThat(third).isPositive();
        assertThat(fourth).isPositive();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        int count = 0;
        for (int i = 0; i < 5 && MessageState.REPLY == client.get(reply); i++)
        {
            count++;
            reply.release();
        }
        assertThat(count).isLessThanOrEqualTo(2);
        service.close();
        while (MessageState.REPLY == client.get(reply))
        {
            count++;
            reply.release();
        }
        assertThat(count).isEqualTo(4);
        assertThat(client.inProgress()).isZero();
    }
}
