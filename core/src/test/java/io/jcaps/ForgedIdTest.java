/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.Credentials;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.RegionDescriptor;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Ids of no message or of another's, and the identity that a process writes about itself.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ForgedIdTest
{
    private static final int ROUND_COUNT = 400;
    private static final int FORGERY_COUNT = 200;
    private static final int SLOT_COUNT = 4;

    private final TestRegion region = new TestRegion(SLOT_COUNT, 64);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final long seed = Long.getLong("caps.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private ServicePort service;

    @BeforeEach
    void open()
    {
        service = region.service();
    }

    @AfterEach
    void close()
    {
        request.release();
        region.close();
    }

    private long receive(final ClientPort client)
    {
        final long id = client.put(bytes, 0, 40);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        request.release();
        return id;
    }

    private void answer(final ClientPort client, final long id)
    {
        bytes.putLong(0, ~id);
        assertThat(service.reply(id, bytes, 0, 8)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
        assertThat(reply.buffer().getLong(0)).isEqualTo(~id);
        reply.release();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(request.id()).isEqualTo(id);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("F29, R20, R29: an id that is not held is INVALID for reply, claim and abort, and has no effect")
    void shouldRefuseIdsThatAreNotHeld()
    {
        System.out.println("forged ids: seed=" + seed);
        final ServicePort otherService = region.attach().service("other", new PortOptions());
        final ClientPort client = region.client();
        final ClientPort neighbour = region.client();
        final ClientPort otherClient = region.attach().client("other", new PortOptions());
        final Claim claim = new Claim();
        final List<Long> stale = new ArrayList<>(List.of(-1L));
        int triedCount = 0;
        for (int round = 0; round < ROUND_COUNT; round++)
        {
            final Set<Long> held = new HashSet<>();
            final List<Long> ids = new ArrayList<>();
            for (int i = 1 + random.nextInt(SLOT_COUNT - 1); i > 0; i--)
            {
                ids.add(receive(client));
            }
            final long neighbours = receive(neighbour);
            final long others = otherClient.put(bytes, 0, 8);
            assertThat(otherService.get(request)).isEqualTo(MessageState.REQUEST);
            held.addAll(ids);
            held.add(neighbours);
            for (int i = 0; i < FORGERY_COUNT; i++)
            {
                final long id = forged(ids.get(random.nextInt(ids.size())), neighbours, others, stale);
                final int length = random.nextInt(65);
                if (!held.contains(id))
                {
                    triedCount++;
                    assertThat(service.reply(id, bytes, 0, length)).as("reply to " + id + ", seed=" + seed)
                        .isEqualTo(Status.INVALID);
                    assertThat(service.claim(id, length, claim)).as("claim for " + id + ", seed=" + seed)
                        .isEqualTo(Status.INVALID);
                    assertThat(claim.isFilled()).isFalse();
                }
                if (!ids.contains(id))
                {
                    assertThat(client.abort(id, random.nextBoolean())).as("abort of " + id + ", seed=" + seed)
                        .isEqualTo(Status.INVALID);
                }
            }
            answer(neighbour, neighbours);
            assertThat(request.id()).isEqualTo(neighbours);
            for (final long id : ids)
            {
                answer(client, id);
                assertThat(service.reply(id, bytes, 0, 1)).as("a second reply").isEqualTo(Status.INVALID);
                stale.add(id);
            }
            assertThat(otherService.reply(others, bytes, 0, 0)).isEqualTo(Status.OK);
            assertThat(otherClient.get(reply)).isEqualTo(MessageState.REPLY);
            reply.release();
            assertThat(otherService.get(request)).isEqualTo(MessageState.DISPOSE);
            assertThat(client.inProgress() + neighbour.inProgress() + otherClient.inProgress()).isZero();
        }
        assertThat(triedCount).isGreaterThan(ROUND_COUNT * FORGERY_COUNT / 2);
    }

    private long forged(final long id, final long neighbours, final long others, final List<Long> stale)
    {
        return switch (random.nextInt(12))
        {
            case 0 -> random.nextLong();
            case 1 -> -id;
            case 2 -> id ^ 1L << random.nextInt(Long.SIZE);
            case 3 -> id & -SlotDescriptor.MAX_SLOT_COUNT | random.nextInt(SlotDescriptor.MAX_SLOT_COUNT);
            case 4 -> id + (random.nextInt(9) - 4L << SlotDescriptor.SLOT_BITS);
            case 5 -> id + (random.nextInt(9) - 4L << SlotDescriptor.SLOT_BITS + SlotDescriptor.COUNT_BITS);
            case 6 -> stale.get(random.nextInt(stale.size()));
            case 7 -> others;
            case 8 -> neighbours ^ 1L << random.nextInt(Long.SIZE);
            case 9 -> 0;
            case 10 -> random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE;
            default -> random.nextInt(1024);
        };
    }

    // ---- ids in the link itself

    private static final class Forger
    {
        private final TestRegion region;
        private final AtomicBuffer link;
        private long recordCount;

        Forger(final TestRegion region, final ClientPort port)
        {
            this.region = region;
            link = port.host.link(port.entry.linkIndex());
        }

        /** Puts as a client does, but with this id. */
        void put(final int lease, final int count, final int slot)
        {
            final long id = ((long)lease << SlotDescriptor.COUNT_BITS | count) << SlotDescriptor.SLOT_BITS | slot;
            link.putLong(region.geometry.requestHalfOffset(slot) + SlotDescriptor.LENGTH_OFFSET, 0);
            link.putLong(region.geometry.requestHalfOffset(slot) + SlotDescriptor.ID_OFFSET, id);
            final int index = LinkDescriptor.REQUEST_RING_OFFSET + (int)recordCount * LinkDescriptor.RECORD_LENGTH %
                region.geometry.ringCapacity();
            link.putLong(index + RecordDescriptor.HEADER_LENGTH, id);
            link.putLongRelease(index, LinkDescriptor.recordHeader(recordCount++));
        }
    }

    @Test
    @DisplayName("F29: a client that forges another's id is refused, and a reply by that id reaches the other only")
    void shouldRefuseClientThatForgesIdOfAnother()
    {
        final ClientPort client = region.client();
        final long id = receive(client);
        final ClientPort forging = region.client();
        new Forger(region, forging).put(SlotDescriptor.lease(id),
            (int)SlotDescriptor.sequence(id) & (int)SlotDescriptor.COUNT_PER_LEASE - 1, SlotDescriptor.slotIndex(id));
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(forging.put(bytes, 0, 0)).isEqualTo(Status.NOT_CONNECTED);
        answer(client, id);
        assertThat(service.clientCount()).isEqualTo(1);
    }

    @Test
    @DisplayName("F29, R12: a client whose ids have a lease that the region has not given is refused")
    void shouldRefuseClientWithIdsThatWereNotGiven()
    {
        final ClientPort forging = region.client();
        final long nextLease = region.tables().getLong(RegionDescriptor.NEXT_LEASE_OFFSET);
        new Forger(region, forging).put((int)nextLease, 0, 0);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(forging.put(bytes, 0, 0)).isEqualTo(Status.NOT_CONNECTED);
        final ClientPort client = region.client();
        final long id = receive(client);
        assertThat(SlotDescriptor.lease(id)).isEqualTo((int)nextLease);
        answer(client, id);
        final ClientPort without = region.client();
        new Forger(region, without).put(0, 1, 0);
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(without.isConnected()).isFalse();
    }

    @Test
    @DisplayName("F25: a client that changes between two leases with each message costs its service no more than two")
    void shouldNotRememberLeaseTwice()
    {
        final ClientPort gone = region.client();
        final int goneLease = SlotDescriptor.lease(receive(gone));
        region.attachmentOf(gone).close();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        final int ownLease = (int)region.tables().getLong(RegionDescriptor.NEXT_LEASE_OFFSET);
        final Forger forger = new Forger(region, region.client());
        // Two requests stay without a reply, one of each lease. No thread takes the other replies; the ring has room.
        for (int i = 0; i < 30; i++)
        {
            final int slot = i < 2 ? i : 2;
            forger.put(i % 2 == 0 ? goneLease : ownLease, i + 10, slot);
            int state = service.get(request);
            while (MessageState.DISPOSE == state)
            {
                state = service.get(request);
            }
            assertThat(state).as("message " + i).isEqualTo(MessageState.REQUEST);
            if (slot == 2)
            {
                assertThat(request.delivery().link().leases().size()).as("message " + i).isEqualTo(2);
                assertThat(service.reply(request.id(), bytes, 0, 0)).isEqualTo(Status.OK);
            }
        }
    }

    // ---- who a client is

    private long received(final long id)
    {
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        return id;
    }

    @Test
    @DisplayName("F28, R22: an accepted client cannot change its identity by writing to the region")
    void shouldNotTrustCredentialsInTheRegion()
    {
        final Attachment process = region.attach(TestRegion.user(1234, 55, 66));
        service = region.attach().service("open", new PortOptions().flags(PortFlags.ANYCLIENT));
        final ClientPort client = process.client("open",
            new PortOptions().uid(TestRegion.UID).flags(PortFlags.ANYCLIENT));
        final int entryOffset = region.geometry.processOffset(
            new PortEntry(region.tables(), region.geometry).wrap(client.portIndex).processIndex());
        answer(client, received(client.put(bytes, 0, 0)));
        for (int i = 0; i < 200; i++)
        {
            // Everything in the entry except the incarnation. Before the accept, the client would be refused for this.
            for (int offset = Long.BYTES; offset < ProcessDescriptor.ENTRY_LENGTH; offset += Integer.BYTES)
            {
                region.tables().putInt(entryOffset + offset, random.nextBoolean() ? 0 : random.nextInt());
            }
            final long id = received(client.put(bytes, 0, random.nextInt(65)));
            final Credentials found = request.credentials();
            assertThat(found.pid()).isEqualTo(4711);
            assertThat(found.uid()).isEqualTo(1234);
            assertThat(found.euid()).isEqualTo(1234);
            assertThat(found.gid()).isEqualTo(55);
            assertThat(found.egid()).isEqualTo(55);
            assertThat(found.groupCount()).isEqualTo(1);
            assertThat(found.group(0)).isEqualTo(66);
            answer(client, id);
        }
    }
}
