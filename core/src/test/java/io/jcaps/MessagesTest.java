/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Messages are put, received and replied to: R12 to R22, and B6.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MessagesTest
{
    private static final int LIMIT = 100;
    private static final int SLOT_COUNT = 3;

    private final TestRegion region = new TestRegion(SLOT_COUNT, LIMIT);
    private final ServicePort service = region.service();
    private final ClientPort client = region.client();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LIMIT]);
    private final Message request = new Message();
    private final Message reply = new Message();

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

    private void assertDisposed(final long... ids)
    {
        final Message disposal = new Message();
        final Set<Long> found = new HashSet<>();
        for (int i = 0; i < ids.length; i++)
        {
            assertThat(service.get(disposal)).isEqualTo(MessageState.DISPOSE);
            assertThat(disposal.isView()).isFalse();
            assertThat(disposal.length()).isZero();
            found.add(disposal.id());
        }
        for (final long id : ids)
        {
            assertThat(found).contains(id);
        }
        assertThat(service.get(disposal)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("R12: 0 bytes is a legal message, and so is the limit")
    void shouldPutNothingAndEverything()
    {
        bytes.setMemory(0, LIMIT, (byte)7);
        for (final int length : new int[]{0, LIMIT})
        {
            final long id = client.put(bytes, 0, length);
            assertThat(id).isPositive();
            assertThat(receive()).isEqualTo(id);
            assertThat(request.length()).isEqualTo(length);
            assertThat(request.buffer().capacity()).isEqualTo(length);
            assertThat(request.reply(bytes, 0, length)).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.length()).isEqualTo(length);
            reply.release();
            assertDisposed(id);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, LIMIT + 1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    @DisplayName("R12, R20: a negative or larger size is refused with a message that shows it, and nothing changes")
    void shouldRefuseSize(final int length)
    {
        final long id = client.put(bytes, 0, 1);
        receive();
        final Claim claim = new Claim();
        assertThatThrownBy(() -> client.put(bytes, 0, length))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThatThrownBy(() -> client.claim(length, claim))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThatThrownBy(() -> client.call(bytes, 0, length, reply, 0))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThatThrownBy(() -> service.reply(id, bytes, 0, length))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThatThrownBy(() -> request.reply(bytes, 0, length))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThatThrownBy(() -> service.claim(id, length, claim))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length=" + length);
        assertThat(client.inProgress()).isEqualTo(1);
        assertThat(claim.isFilled()).isFalse();
        assertThat(service.reply(id, bytes, 0, 0)).isEqualTo(Status.OK);
    }

    @Test
    @DisplayName("R12: ids are positive, rise and are never repeated, also not by another port or after a restart")
    void shouldNeverUseIdAgain()
    {
        final Set<Long> ids = new HashSet<>();
        for (int i = 0; i < 20; i++)
        {
            try (ClientPort other = region.attach().client(TestRegion.NAME, new PortOptions()))
            {
                long lastId = 0;
                for (int j = 0; j < 10; j++)
                {
                    final long id = other.put(bytes, 0, 0);
                    assertThat(id).isGreaterThan(lastId);
                    assertThat(ids.add(id)).isTrue();
                    lastId = id;
                    receive();
                    request.reply(bytes, 0, 0);
                    other.get(reply);
                    reply.release();
                    assertDisposed(id);
                }
                region.attachmentOf(other).close();
            }
        }
    }

    @Test
    @DisplayName("R12, R19: when the ids of a lease are used up, the next lease continues in order")
    void shouldContinueWithNextLease() throws ReflectiveOperationException
    {
        IdsOfLease.leave(client, 5);
        long lastId = 0;
        final Set<Integer> leases = new HashSet<>();
        final long heldId = client.put(bytes, 0, 1);
        receive();
        request.release();
        for (int i = 0; i < 20; i++)
        {
            bytes.putInt(0, i);
            final long id = client.put(bytes, 0, 4);
            assertThat(id).isGreaterThan(lastId);
            lastId = id;
            leases.add(SlotDescriptor.lease(id));
            assertThat(receive()).isEqualTo(id);
            assertThat(request.buffer().getInt(0)).isEqualTo(i);
            assertThat(service.reply(id, bytes, 0, 4)).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(id);
            reply.release();
            assertDisposed(id);
        }
        assertThat(leases).hasSize(2);
        // A request that is still held can be replied to by its id, which has the former lease.
        assertThat(service.reply(heldId, bytes, 0, 1)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(heldId);
        reply.release();
        assertDisposed(heldId);
    }

    @Test
    @DisplayName("R13: put copies its bytes; a claim is put and read in place")
    void shouldLeaveBytesWhereTheyAre()
    {
        bytes.putLong(0, 1);
        client.put(bytes, 0, 8);
        bytes.putLong(0, 2);
        receive();
        assertThat(request.buffer().getLong(0)).isEqualTo(1);
        request.release();
        for (final int length : new int[]{8, LIMIT})
        {
            final Claim claim = new Claim();
            assertThat(client.claim(length, claim)).isEqualTo(Status.OK);
            final long address = claim.buffer().addressOffset();
            claim.buffer().putLong(0, 3);
            claim.put();
            receive();
            assertThat(request.buffer().addressOffset()).isEqualTo(address);
            assertThat(request.buffer().getLong(0)).isEqualTo(3);
            assertThat(request.claimReply(length, claim)).isEqualTo(Status.OK);
            final long replyAddress = claim.buffer().addressOffset();
            assertThat(replyAddress).isNotEqualTo(address);
            claim.buffer().putLong(0, 4);
            // The request stays in view and as it was while its reply is written.
            assertThat(request.buffer().getLong(0)).isEqualTo(3);
            claim.reply();
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.buffer().addressOffset()).isEqualTo(replyAddress);
            assertThat(reply.buffer().getLong(0)).isEqualTo(4);
            reply.release();
        }
    }

    @Test
    @DisplayName("R14: as many messages as slots are in progress, claims and views included; the next changes nothing")
    void shouldRefuseOneTooMany()
    {
        final Claim claim = new Claim();
        final long id = client.put(bytes, 0, 1);
        client.put(bytes, 0, 1);
        assertThat(client.claim(1, claim)).isEqualTo(Status.OK);
        assertThat(client.inProgress()).isEqualTo(3);
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.claim(1, new Claim())).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.call(bytes, 0, 1, reply, 0)).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.inProgress()).isEqualTo(3);
        // Received, replied and in view: it still counts, until it is released.
        receive();
        request.reply(bytes, 0, 1);
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        reply.release();
        assertThat(client.put(bytes, 0, 1)).isPositive();
        claim.cancel();
        assertThat(client.put(bytes, 0, 1)).isPositive();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
    }

    @Test
    @DisplayName("R14: 128 messages are in progress at most, and the 129th is refused")
    void shouldAllow128InProgress()
    {
        try (TestRegion large = new TestRegion(128, 8))
        {
            large.service();
            final ClientPort port = large.client();
            for (int i = 0; i < 128; i++)
            {
                assertThat(port.put(bytes, 0, 8)).isPositive();
            }
            assertThat(port.put(bytes, 0, 8)).isEqualTo(Status.NO_BUFFERS);
            assertThat(port.inProgress()).isEqualTo(128);
        }
    }

    @Test
    @DisplayName("R16: get never blocks; await with a time limit ends at it")
    void shouldNotBlock()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.await(request, 0)).isEqualTo(Status.TIMED_OUT);
        assertThat(client.await(reply, 200_000)).isEqualTo(Status.TIMED_OUT);
        assertThat(client.await(reply, new YieldingIdleStrategy(), 200_000)).isEqualTo(Status.TIMED_OUT);
        assertThat(client.isReady()).isFalse();
        assertThat(service.isReady()).isFalse();
        client.put(bytes, 0, 1);
        assertThat(service.isReady()).isTrue();
        assertThat(service.await(request, 0)).isEqualTo(MessageState.REQUEST);
    }

    @Test
    @DisplayName("R17: a message too long for its receiver stays first in line, at the service and at the client")
    void shouldKeepTooLongFirstInLine()
    {
        bytes.putInt(0, 1);
        final long id = client.put(bytes, 0, 50);
        final long nextId = client.put(bytes, 0, 4);
        for (int i = 0; i < 3; i++)
        {
            assertThat(service.get(request, 49)).isEqualTo(MessageState.REQUEST);
            assertThat(request.id()).isEqualTo(id);
            assertThat(request.state()).isEqualTo(MessageState.REQUEST);
            assertThat(request.length()).isEqualTo(50);
            assertThat(request.credentials().euid()).isEqualTo(TestRegion.UID);
            assertThat(request.isView()).isFalse();
            assertThatThrownBy(request::buffer).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Long.toString(id));
        }
        assertThat(service.get(request, 50)).isEqualTo(MessageState.REQUEST);
        assertThat(request.buffer().getInt(0)).isEqualTo(1);
        assertThat(receive()).isEqualTo(nextId);

        service.reply(id, bytes, 0, 60);
        service.reply(nextId, bytes, 0, 0);
        for (int i = 0; i < 3; i++)
        {
            assertThat(client.get(reply, 59)).isEqualTo(MessageState.REPLY);
            assertThat(reply.id()).isEqualTo(id);
            assertThat(reply.state()).isEqualTo(MessageState.REPLY);
            assertThat(reply.length()).isEqualTo(60);
            assertThat(reply.credentials().euid()).isEqualTo(TestRegion.UID);
            assertThat(reply.isView()).isFalse();
            assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        }
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        reply.release();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(nextId);
        reply.release();
        assertDisposed(id, nextId);
    }

    @Test
    @DisplayName("R17: a message may be replied to by its id without being retrieved, and then leaves the queue")
    void shouldReplyWithoutRetrieving()
    {
        final long id = client.put(bytes, 0, 50);
        final long nextId = client.put(bytes, 0, 50);
        assertThat(service.get(request, 0)).isEqualTo(MessageState.REQUEST);
        assertThat(service.reply(id, bytes, 0, 1)).isEqualTo(Status.OK);
        assertThat(service.get(request, 0)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(nextId);
        assertThat(request.reply(bytes, 0, 2)).isEqualTo(Status.OK);
        assertThat(service.get(request, 0)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.length()).isEqualTo(1);
    }

    @Test
    @DisplayName("R18: a client gets only REPLY, a service REQUEST or DISPOSE")
    void shouldReportStates()
    {
        final long id = client.put(bytes, 0, 1);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.state()).isEqualTo(MessageState.REQUEST);
        assertThat(request.outcome()).isEqualTo(Outcome.REPLIED);
        request.reply(bytes, 0, 1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.state()).isEqualTo(MessageState.REPLY);
        reply.release();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(request.state()).isEqualTo(MessageState.DISPOSE);
        assertThat(request.id()).isEqualTo(id);
    }

    @Test
    @DisplayName("R20, F29: a reply is refused a second time, for an id not received here, and for one of another port")
    void shouldRefuseReply()
    {
        final ServicePort other = region.attach().service("other", new PortOptions());
        final ClientPort otherClient = region.attach().client("other", new PortOptions());
        final long otherId = otherClient.put(bytes, 0, 1);
        assertThat(other.get(new Message())).isEqualTo(MessageState.REQUEST);
        final long id = client.put(bytes, 0, 1);
        final Claim claim = new Claim();

        assertThat(service.reply(id, bytes, 0, 1)).as("put, but not received yet").isEqualTo(Status.INVALID);
        receive();
        for (final long wrong : new long[]{0, -1, -id, id + 1, id ^ 1, id + (1L << 7), id + (1L << 32), otherId,
            Long.MAX_VALUE, Long.MIN_VALUE, id | 127})
        {
            assertThat(service.reply(wrong, bytes, 0, 1)).as("id " + wrong).isEqualTo(Status.INVALID);
            assertThat(service.claim(wrong, 1, claim)).as("id " + wrong).isEqualTo(Status.INVALID);
            assertThat(claim.isFilled()).isFalse();
        }
        assertThat(other.reply(id, bytes, 0, 1)).isEqualTo(Status.INVALID);
        assertThat(request.claimReply(1, claim)).isEqualTo(Status.OK);
        assertThat(service.reply(id, bytes, 0, 1)).as("claimed").isEqualTo(Status.INVALID);
        assertThat(claim.reply()).isEqualTo(Status.OK);
        assertThat(service.reply(id, bytes, 0, 1)).as("second").isEqualTo(Status.INVALID);
        assertThat(request.reply(bytes, 0, 1)).as("second").isEqualTo(Status.INVALID);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        reply.release();
        assertDisposed(id);
        assertThat(service.reply(id, bytes, 0, 1)).as("disposed of").isEqualTo(Status.INVALID);
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("R19, R20: replies go in any order, from any thread, and are received in the order they were sent")
    void shouldReplyInAnyOrder() throws InterruptedException
    {
        final long[] ids = new long[SLOT_COUNT];
        for (int round = 0; round < 50; round++)
        {
            for (int i = 0; i < SLOT_COUNT; i++)
            {
                ids[i] = client.put(bytes, 0, i);
                assertThat(ids[i]).isPositive();
            }
            for (int i = 0; i < SLOT_COUNT; i++)
            {
                assertThat(receiveRequest()).isEqualTo(ids[i]);
            }
            final int first = round % SLOT_COUNT;
            final int[] order = {first, (first + 2) % SLOT_COUNT, (first + 1) % SLOT_COUNT};
            final Thread thread = new Thread(() ->
            {
                for (final int i : order)
                {
                    assertThat(service.reply(ids[i], bytes, 0, i)).isEqualTo(Status.OK);
                }
            });
            thread.start();
            thread.join();
            for (final int i : order)
            {
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                assertThat(reply.id()).isEqualTo(ids[i]);
                assertThat(reply.length()).isEqualTo(i);
                reply.release();
            }
        }
    }

    private long receiveRequest()
    {
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(request);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
        return request.id();
    }

    @Test
    @DisplayName("R20: a reply never fails for lack of room, whatever the client takes and when")
    void shouldAlwaysFindRoomForReply()
    {
        for (int i = 0; i < 2_000; i++)
        {
            while (client.put(bytes, 0, 1) > 0)
            {
                receiveRequest();
                assertThat(request.reply(bytes, 0, 1)).isEqualTo(Status.OK);
            }
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();
        }
    }

    @Test
    @DisplayName("R21: DISPOSE comes when the view is released, not before, and only once")
    void shouldDisposeOnRelease()
    {
        final long id = client.put(bytes, 0, 1);
        receive();
        request.reply(bytes, 0, 1);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        client.get(reply);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        reply.release();
        reply.release();
        assertDisposed(id);
    }

    @Test
    @DisplayName("R21: a disposal comes with the next message at the latest, though its slot is used again")
    void shouldDisposeWhenSlotIsUsedAgain()
    {
        final long id = client.put(bytes, 0, 1);
        receive();
        request.reply(bytes, 0, 1);
        client.get(reply);
        reply.release();
        final long nextId = client.put(bytes, 0, 1);
        assertThat(SlotDescriptor.slotIndex(nextId)).as("last in, first out").isEqualTo(
            SlotDescriptor.slotIndex(id));
        final Set<Long> ids = new HashSet<>();
        final Set<Integer> states = new HashSet<>();
        for (int i = 0; i < 2; i++)
        {
            states.add(service.get(request));
            ids.add(request.id());
        }
        assertThat(states).containsExactlyInAnyOrder(MessageState.REQUEST, MessageState.DISPOSE);
        assertThat(ids).containsExactlyInAnyOrder(id, nextId);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("R22: each side sees the other's identity as the operating system reports it")
    void shouldShowCredentials()
    {
        final int[] groups = new int[20];
        for (int i = 0; i < groups.length; i++)
        {
            groups[i] = 100 + i;
        }
        final Credentials credentials = new Credentials(77, 1, TestRegion.UID, 2, 3, groups);
        final Attachment process = region.attach(credentials);
        final ClientPort other = process.client(TestRegion.NAME, new PortOptions());
        assertThat(process.credentials()).isEqualTo(credentials);
        assertThat(other.serviceCredentials().euid()).isEqualTo(TestRegion.UID);
        assertThat(other.serviceCredentials().pid()).isEqualTo(4711);
        other.put(bytes, 0, 1);
        receive();
        final Credentials seen = request.credentials();
        assertThat(new int[]{seen.pid(), seen.uid(), seen.euid(), seen.gid(), seen.egid(), seen.groupCount()})
            .containsExactly(77, 1, TestRegion.UID, 2, 3, 20);
        assertThat(seen.group(19)).isEqualTo(119);
        assertThat(seen.isMember(119)).isTrue();
        assertThat(seen.isMember(3)).isTrue();
        assertThat(seen.isMember(2)).isFalse();
        assertThat(seen.isMember(Credentials.NOBODY)).isFalse();
        assertThat(seen.toString()).contains("pid=77").contains("euid=1000");
        request.reply(bytes, 0, 0);
        assertThat(other.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.credentials().pid()).isEqualTo(4711);
    }

    @Test
    @DisplayName("B6: a payload of each size is carried in place in both directions, also in a longer claim")
    void shouldCarryEachSizeInPlace()
    {
        final Claim claim = new Claim();
        for (int length = 0; length <= LIMIT; length++)
        {
            for (final int claimed : new int[]{length, Math.min(LIMIT, length + 1), Math.max(length, 33), LIMIT})
            {
                assertThat(client.claim(claimed, claim)).isEqualTo(Status.OK);
                assertThat(claim.length()).isEqualTo(claimed);
                fill(claim, length, 1);
                final long id = claim.put(length);
                assertThat(id).isPositive();
                assertThat(receiveRequest()).isEqualTo(id);
                assertFilled(request, length, 1);
                assertThat(request.claimReply(claimed, claim)).isEqualTo(Status.OK);
                fill(claim, LIMIT - length > claimed ? claimed : LIMIT - length, 2);
                final int replyLength = Math.min(claimed, LIMIT - length);
                assertThat(claim.reply(replyLength)).isEqualTo(Status.OK);
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                assertFilled(reply, replyLength, 2);
                reply.release();
            }
        }
    }

    private static void fill(final Claim claim, final int length, final int salt)
    {
        for (int i = 0; i < length; i++)
        {
            claim.buffer().putByte(i, (byte)(i * 7 + salt));
        }
    }

    private static void assertFilled(final Message message, final int length, final int salt)
    {
        assertThat(message.length()).isEqualTo(length);
        for (int i = 0; i < length; i++)
        {
            assertThat(message.buffer().getByte(i)).isEqualTo((byte)(i * 7 + salt));
        }
    }

    @Test
    @DisplayName("B6: payloads of up to 32 bytes are stored in the slot's half, longer ones only in its cell")
    void shouldStoreUpTo32BytesInline()
    {
        final long base = client.host.link(client.entry.linkIndex()).addressOffset();
        final Claim claim = new Claim();
        final int slot = 0;
        client.claim(32, claim);
        assertThat(claim.buffer().addressOffset() - base).isEqualTo(region.geometry.requestHalfOffset(slot) + 32);
        claim.cancel();
        client.claim(33, claim);
        assertThat(claim.buffer().addressOffset() - base).isEqualTo(region.geometry.requestCellOffset(slot));
        claim.put();
        receive();
        request.claimReply(32, claim);
        assertThat(claim.buffer().addressOffset() - base).isEqualTo(region.geometry.replyHalfOffset(slot) + 32);
        claim.cancel();
        request.claimReply(33, claim);
        assertThat(claim.buffer().addressOffset() - base).isEqualTo(region.geometry.replyCellOffset(slot));
        claim.cancel();
    }

    @Test
    @DisplayName("B6: each slot can carry 128 KiB in both directions, all at once")
    void shouldCarryLongestMessages()
    {
        try (TestRegion large = new TestRegion(2, 131_072))
        {
            final ServicePort port = large.service();
            final ClientPort largeClient = large.client();
            final Claim claim = new Claim();
            for (int i = 1; i <= 2; i++)
            {
                assertThat(largeClient.claim(131_072, claim)).isEqualTo(Status.OK);
                claim.buffer().setMemory(0, 131_072, (byte)i);
                assertThat(claim.put()).isPositive();
            }
            final Message[] requests = {new Message(), new Message()};
            for (int i = 1; i <= 2; i++)
            {
                assertThat(port.get(requests[i - 1])).isEqualTo(MessageState.REQUEST);
                assertThat(requests[i - 1].claimReply(131_072, claim)).isEqualTo(Status.OK);
                claim.buffer().setMemory(0, 131_072, (byte)-i);
                assertAll(requests[i - 1], i);
                assertThat(claim.reply()).isEqualTo(Status.OK);
            }
            final Message[] replies = {new Message(), new Message()};
            for (int i = 1; i <= 2; i++)
            {
                assertThat(largeClient.get(replies[i - 1])).isEqualTo(MessageState.REPLY);
            }
            assertAll(replies[0], -1);
            assertAll(replies[1], -2);
        }
    }

    private static void assertAll(final Message message, final int value)
    {
        final byte[] all = new byte[131_072];
        message.buffer().getBytes(0, all);
        for (final byte each : all)
        {
            if (each != value)
            {
                throw new AssertionError("found " + each + " instead of " + value);
            }
        }
    }

    @Test
    @DisplayName("A full file system is reported at claim, put and reply, and nothing is lost")
    void shouldReportWhenThereIsNoSpace()
    {
        final TestHost host = region.host();
        final Attachment process = region.attach(host);
        final ServicePort other = process.service("other", new PortOptions());
        final ClientPort otherClient = process.client("other", new PortOptions());
        final Claim claim = new Claim();
        host.hasNoSpace = true;
        assertThat(otherClient.put(bytes, 0, 33)).isEqualTo(Status.NO_SPACE);
        assertThat(otherClient.claim(33, claim)).isEqualTo(Status.NO_SPACE);
        assertThat(claim.isFilled()).isFalse();
        assertThat(otherClient.inProgress()).isZero();
        final long id = otherClient.put(bytes, 0, 32);
        assertThat(id).isPositive();
        assertThat(other.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.reply(bytes, 0, 33)).isEqualTo(Status.NO_SPACE);
        assertThat(request.isView()).as("the request waits on").isTrue();
        assertThat(request.claimReply(33, claim)).isEqualTo(Status.NO_SPACE);
        assertThatThrownBy(() -> process.client("other", new PortOptions())).isInstanceOfSatisfying(
            CapsException.class, (ex) -> assertThat(ex.status()).isEqualTo(Status.NO_SPACE));
        host.hasNoSpace = false;
        assertThat(request.reply(bytes, 0, 33)).isEqualTo(Status.OK);
        assertThat(otherClient.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.length()).isEqualTo(33);
        reply.release();
        assertThat(otherClient.put(bytes, 0, 100)).isPositive();
    }
}
