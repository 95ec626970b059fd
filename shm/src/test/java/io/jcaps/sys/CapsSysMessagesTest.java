/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.Attachment;
import io.jcaps.Outcome;
import io.jcaps.host.Credentials;
import io.jcaps.processes.TestRegion;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.MAX_IN_PROGRESS;
import static io.jcaps.sys.SysPair.MAX_SIZE;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static io.jcaps.sys.SysPair.pattern;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Messages between a client and a service that both live.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysMessagesTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private SysPair pair;
    private CapsSys server;
    private CapsSys client;
    private int svc;
    private int port;

    @BeforeEach
    void before()
    {
        pair = new SysPair(region);
        server = pair.server;
        client = pair.client;
        svc = pair.svc;
        port = pair.port;
    }

    @Test
    @DisplayName("R12: put is the client's alone, reply the service's: else EINVAL")
    void shouldRefuseCallsOfTheOtherSide()
    {
        assertFails(server, EINVAL, server.put(svc, bytes("x"), 1));
        assertFails(server, EINVAL, server.put(svc, null, 0));
        final long id = pair.put("x");
        assertFails(client, EINVAL, client.reply(port, bytes("x"), 1, id));
        assertFails(server, EINVAL, server.abort(svc, id, 0));
        assertThat(pair.receive("x")).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, MAX_SIZE + 1, Integer.MAX_VALUE})
    @DisplayName("R12, R20: a negative size or one above 131,072 is EINVAL, and no message is sent")
    void shouldRefuseSize(final int size)
    {
        final UnsafeBuffer large = new UnsafeBuffer(new byte[MAX_SIZE + 1]);
        assertFails(client, EINVAL, client.put(port, large, size));
        pair.assertNothingAtService();
        final long id = pair.put("x");
        pair.receive("x");
        assertFails(server, EINVAL, server.reply(svc, large, size, id));
        pair.assertNothingAtClient();
        pair.reply(id, "y");
        pair.takeReply(id, "y");
    }

    @Test
    @DisplayName("R12: more bytes than the buffer has, or bytes of no buffer, are EINVAL")
    void shouldRefuseBuffer()
    {
        assertFails(client, EINVAL, client.put(port, bytes("xyz"), 4));
        assertFails(client, EINVAL, client.put(port, null, 1));
        assertFails(client, EINVAL, client.put(port, null, -1));
        final long id = pair.put("x");
        pair.receive("x");
        assertFails(server, EINVAL, server.reply(svc, bytes("xyz"), 4, id));
        assertFails(server, EINVAL, server.reply(svc, null, 1, id));
        assertThat(server.reply(svc, null, 0, id)).isZero();
        pair.takeReply(id, "");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 31, 32, 33, 63, 64, 65, 4_095, 4_096, 4_097, 65_536, MAX_SIZE - 1, MAX_SIZE})
    @DisplayName("R12, R20, B6: 0 to 131,072 bytes, both ways")
    void shouldExchangeSize(final int size)
    {
        final UnsafeBuffer request = pattern(size, 1);
        final UnsafeBuffer reply = pattern(size, 2);
        final UnsafeBuffer received = new UnsafeBuffer(new byte[size]);
        for (int i = 0; i < 3; i++)
        {
            final long id = client.put(port, request, size);
            assertThat(id).isPositive();
            received.setMemory(0, size, (byte)0x55);
            assertThat(server.get(svc, received, size, pair.msgid, null)).isEqualTo(size);
            assertThat(pair.msgid.id).isEqualTo(id);
            assertThat(pair.msgid.state).isEqualTo(CAPMS_REQUEST);
            assertThat(received).isEqualTo(request);
            assertThat(server.reply(svc, reply, size, id)).isZero();
            assertThat(client.get(port, received, size, pair.msgid, null)).isEqualTo(size);
            assertThat(pair.msgid.id).isEqualTo(id);
            assertThat(pair.msgid.state).isEqualTo(CAPMS_REPLY);
            assertThat(received).isEqualTo(reply);
            pair.takeDisposal(id);
            pair.assertNothingAtService();
        }
    }

    @Test
    @DisplayName("R12: a message of no bytes needs no buffer on either side")
    void shouldExchangeNothingAtAll()
    {
        final long id = client.put(port, null, 0);
        assertThat(id).isPositive();
        assertThat(server.get(svc, null, 0, pair.msgid, null)).isZero();
        assertThat(pair.msgid.id).isEqualTo(id);
        assertThat(server.reply(svc, null, 0, id)).isZero();
        assertThat(client.get(port, null, 0, pair.msgid, null)).isZero();
        assertThat(pair.msgid.id).isEqualTo(id);
        assertThat(pair.msgid.outcome).isEqualTo(Outcome.REPLIED);
        assertThat(server.get(svc, null, 0, pair.msgid, null)).isZero();
        assertThat(pair.msgid.state).isEqualTo(CAPMS_DISPOSE);
    }

    @Test
    @DisplayName("R12: ids are positive and never used again, also by other ports")
    void shouldGiveUniqueIds()
    {
        final Set<Long> ids = new HashSet<>();
        int current = port;
        for (int i = 0; i < 20; i++)
        {
            for (int j = 0; j < 300; j++)
            {
                final long id = client.put(current, null, 0);
                assertThat(id).isPositive();
                assertThat(ids.add(id)).isTrue();
                assertThat(pair.take(server, svc, CAPMS_REQUEST)).isEqualTo(id);
                assertThat(server.reply(svc, null, 0, id)).isZero();
                assertThat(pair.take(client, current, CAPMS_REPLY)).isEqualTo(id);
                pair.takeDisposal(id);
            }
            client.close(current);
            current = pair.connect(client);
        }
    }

    @Test
    @DisplayName("R14: 128 messages are in progress, the next put is ENOBUFS and changes nothing")
    void shouldLimitMessagesInProgress()
    {
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            ids.add(pair.put("m" + i));
        }
        for (int i = 0; i < 3; i++)
        {
            assertFails(client, ENOBUFS, client.put(port, bytes("more"), 4));
            assertThat(client.alloc(port, 0, 4)).isNull();
            assertThat(client.errno()).isEqualTo(ENOBUFS);
        }
        // Another client is not touched by it.
        final int other = pair.connect(client);
        assertThat(client.put(other, bytes("other"), 5)).isPositive();

        final List<String> received = new ArrayList<>();
        for (int i = 0; i <= MAX_IN_PROGRESS; i++)
        {
            final int length = server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null);
            received.add(pair.text(length));
        }
        pair.assertNothingAtService();
        assertThat(received).contains("other").hasSize(MAX_IN_PROGRESS + 1);
        received.remove("other");
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            assertThat(received.get(i)).isEqualTo("m" + i);
        }
        // Received is still in progress, and so is replied as long as the reply was not taken.
        assertFails(client, ENOBUFS, client.put(port, bytes("more"), 4));
        pair.reply(ids.get(5), "r5");
        assertFails(client, ENOBUFS, client.put(port, bytes("more"), 4));
        pair.takeReply(ids.get(5), "r5");
        pair.put("more");
        assertFails(client, ENOBUFS, client.put(port, bytes("evenmore"), 8));
    }

    @Test
    @DisplayName("R14: a reply that did not fit was not taken, and counts on")
    void shouldCountReplyThatDidNotFit()
    {
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            pair.put("m");
        }
        final long id = pair.receive("m");
        pair.reply(id, "long reply");
        assertThat(client.get(port, pair.buffer, 4, pair.msgid, null)).isEqualTo(10);
        assertFails(client, ENOBUFS, client.put(port, bytes("more"), 4));
        pair.takeReply(id, "long reply");
        pair.put("more");
    }

    @Test
    @DisplayName("R16: get never blocks: EWOULDBLOCK, on either side, and nothing was written")
    void shouldNotBlock()
    {
        pair.msgid.id = 77;
        pair.msgid.state = 78;
        pair.buffer.putByte(0, (byte)79);
        final CapsCred cred = new CapsCred();
        cred.pid = 80;
        assertFails(server, EWOULDBLOCK, server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, cred));
        assertFails(client, EWOULDBLOCK, client.get(port, pair.buffer, MAX_SIZE, pair.msgid, cred));
        assertThat(pair.msgid.id).isEqualTo(77);
        assertThat(pair.msgid.state).isEqualTo(78);
        assertThat(pair.buffer.getByte(0)).isEqualTo((byte)79);
        assertThat(cred.pid).isEqualTo(80);
        pair.put("x");
        pair.assertNothingAtClient();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9})
    @DisplayName("R17: a request that is too long is reported, not copied, and stays first in line")
    void shouldKeepTooLongRequestFirst(final int maxsize)
    {
        final long first = pair.put("0123456789");
        final long second = pair.put("second");
        final CapsCred cred = new CapsCred();
        for (int i = 0; i < 3; i++)
        {
            pair.buffer.setMemory(0, 16, (byte)'.');
            pair.msgid.id = 0;
            cred.pid = 0;
            // Both calls give the same.
            final int length = i == 1 ? server.wait(svc, pair.buffer, maxsize, pair.msgid, cred) :
                server.get(svc, pair.buffer, maxsize, pair.msgid, cred);
            assertThat(length).isEqualTo(10);
            assertThat(pair.msgid.id).isEqualTo(first);
            assertThat(pair.msgid.state).isEqualTo(CAPMS_REQUEST);
            assertThat(cred.pid).isEqualTo((int)ProcessHandle.current().pid());
            assertThat(pair.text(16)).isEqualTo("................");
        }
        assertThat(server.get(svc, pair.buffer, 10, pair.msgid, cred)).isEqualTo(10);
        assertThat(pair.text(10)).isEqualTo("0123456789");
        assertThat(pair.receive("second")).isEqualTo(second);
    }

    @Test
    @DisplayName("R17: a request that is too long can be replied to without being retrieved")
    void shouldReplyWithoutRetrieving()
    {
        final long first = pair.put("0123456789");
        final long second = pair.put("second");
        assertThat(server.get(svc, pair.buffer, 4, pair.msgid, null)).isEqualTo(10);
        pair.reply(pair.msgid.id, "too long");
        pair.takeReply(first, "too long");
        assertThat(pair.receive("second")).isEqualTo(second);
        pair.takeDisposal(first);
    }

    @Test
    @DisplayName("R17: 0 bytes of room: each request can be looked at and replied to")
    void shouldServeWithoutAnyBuffer()
    {
        for (int i = 0; i < 300; i++)
        {
            final long id = pair.put("request" + i);
            assertThat(server.get(svc, null, 0, pair.msgid, null)).isEqualTo(("request" + i).length());
            assertThat(pair.msgid.id).isEqualTo(id);
            assertThat(server.reply(svc, null, 0, id)).isZero();
            pair.takeReply(id, "");
            pair.takeDisposal(id);
        }
    }

    @Test
    @DisplayName("R17: a reply that is too long is reported, and stays first in line at the client")
    void shouldKeepTooLongReplyFirst()
    {
        final long first = pair.put("a");
        final long second = pair.put("b");
        pair.receive("a");
        pair.receive("b");
        pair.reply(first, "0123456789");
        pair.reply(second, "x");
        for (int i = 0; i < 3; i++)
        {
            assertThat(client.get(port, pair.buffer, i, pair.msgid, null)).isEqualTo(10);
            assertThat(pair.msgid.id).isEqualTo(first);
            assertThat(pair.msgid.state).isEqualTo(CAPMS_REPLY);
            // Not taken, so not disposed of.
            pair.assertNothingAtService();
        }
        pair.takeReply(first, "0123456789");
        pair.takeDisposal(first);
        pair.takeReply(second, "x");
    }

    @Test
    @DisplayName("R17: the message that is first in line vanishes with its client")
    void shouldForgetTooLongRequestOfClosedClient()
    {
        final long id = pair.put("0123456789");
        assertThat(server.get(svc, pair.buffer, 4, pair.msgid, null)).isEqualTo(10);
        client.close(port);
        // It was received: it comes as a disposal. Nothing else.
        final List<Integer> states = new ArrayList<>();
        while (server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null) >= 0)
        {
            assertThat(pair.msgid.id).isEqualTo(id);
            states.add(pair.msgid.state);
        }
        assertThat(states).endsWith(CAPMS_DISPOSE);
        assertFails(server, EINVAL, server.reply(svc, null, 0, id));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    @DisplayName("R16: a negative maxsize, or room without a buffer, is EINVAL")
    void shouldRefuseMaxsize(final int maxsize)
    {
        pair.put("x");
        assertFails(server, EINVAL, server.get(svc, pair.buffer, maxsize, pair.msgid, null));
        assertFails(server, EINVAL, server.wait(svc, pair.buffer, maxsize, pair.msgid, null));
        assertFails(server, EINVAL, server.get(svc, null, 1, pair.msgid, null));
        assertFails(server, EINVAL, server.wait(svc, null, 1, pair.msgid, null));
        assertFails(server, EINVAL, server.get(svc, bytes("12"), 3, pair.msgid, null));
        pair.receive("x");
    }

    @Test
    @DisplayName("R16: maxsize may be above any message's length; a buffer that grows is grown")
    void shouldTakeLargeMaxsize()
    {
        pair.put("growing");
        final ExpandableArrayBuffer growing = new ExpandableArrayBuffer(2);
        assertThat(server.get(svc, growing, Integer.MAX_VALUE, pair.msgid, null)).isEqualTo(7);
        assertThat(growing.getStringWithoutLengthAscii(0, 7)).isEqualTo("growing");
    }

    @Test
    @DisplayName("msgid and cred may be null")
    void shouldNeedNoStructs()
    {
        pair.put("x");
        assertThat(server.get(svc, pair.buffer, MAX_SIZE, null, null)).isEqualTo(1);
        assertThat(pair.text(1)).isEqualTo("x");
    }

    @Test
    @DisplayName("R19: requests are received in the order they were put, replies in the order they were sent")
    void shouldKeepOrder()
    {
        for (int round = 0; round < 50; round++)
        {
            final int count = 1 + round * 7 % MAX_IN_PROGRESS;
            final List<Long> ids = new ArrayList<>();
            for (int i = 0; i < count; i++)
            {
                ids.add(pair.put(round + "." + i));
            }
            for (int i = 0; i < count; i++)
            {
                assertThat(pair.receive(round + "." + i)).isEqualTo(ids.get(i));
            }
            // In another order than they came in.
            final List<Long> order = new ArrayList<>(ids);
            Collections.shuffle(order, new Random(round));
            for (final long id : order)
            {
                pair.reply(id, "r" + id);
            }
            for (final long id : order)
            {
                pair.takeReply(id, "r" + id);
            }
            final Set<Long> disposed = new HashSet<>();
            for (int i = 0; i < count; i++)
            {
                disposed.add(pair.take(server, svc, CAPMS_DISPOSE));
            }
            assertThat(disposed).containsExactlyInAnyOrderElementsOf(ids);
            pair.assertNothingAtService();
        }
    }

    @Test
    @DisplayName("R19: a client with 128 messages does not starve one with a single message")
    void shouldBeFair()
    {
        final int other = pair.connect(client);
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            pair.put("many");
        }
        for (int round = 0; round < 20; round++)
        {
            final long single = client.put(other, bytes("single"), 6);
            int requests = 0;
            do
            {
                final int length = server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null);
                assertThat(length).isNotNegative();
                if (CAPMS_REQUEST == pair.msgid.state)
                {
                    requests++;
                    final long id = pair.msgid.id;
                    assertThat(server.reply(svc, null, 0, id)).isZero();
                    if (id != single)
                    {
                        // The greedy one puts again at once.
                        pair.takeReply(id, "");
                        pair.put("many");
                    }
                }
            }
            while (pair.msgid.id != single || CAPMS_REQUEST != pair.msgid.state);
            assertThat(requests).isLessThanOrEqualTo(3);
            assertThat(pair.take(client, other, CAPMS_REPLY)).isEqualTo(single);
        }
    }

    @Test
    @DisplayName("R20: a second reply, an id not received here, or one of another port, is EINVAL")
    void shouldRefuseReply()
    {
        final int otherSvc = server.service("other", pair.uid, SysPair.ANY, 0, CAPF_USER);
        final long id = pair.put("x");
        // Not received yet.
        assertFails(server, EINVAL, server.reply(svc, null, 0, id));
        assertThat(pair.receive("x")).isEqualTo(id);
        assertFails(server, EINVAL, server.reply(otherSvc, null, 0, id));
        assertFails(server, EINVAL, server.reply(svc, null, 0, id + 1));
        assertFails(server, EINVAL, server.reply(svc, null, 0, id + 128));
        assertFails(server, EINVAL, server.reply(svc, null, 0, 0));
        assertFails(server, EINVAL, server.reply(svc, null, 0, -id));
        assertFails(server, EINVAL, server.reply(svc, null, 0, Long.MAX_VALUE));
        pair.reply(id, "once");
        assertFails(server, EINVAL, server.reply(svc, bytes("twice"), 5, id));
        pair.takeReply(id, "once");
        assertFails(server, EINVAL, server.reply(svc, bytes("twice"), 5, id));
        pair.takeDisposal(id);
        assertFails(server, EINVAL, server.reply(svc, bytes("twice"), 5, id));
        pair.assertNothingAtClient();
    }

    @Test
    @DisplayName("R20: a reply never fails for lack of room, not with all messages replied and none taken")
    void shouldReplyToAll()
    {
        for (int round = 0; round < 3; round++)
        {
            final List<Long> ids = new ArrayList<>();
            for (int i = 0; i < MAX_IN_PROGRESS; i++)
            {
                ids.add(pair.put("m"));
                pair.receive("m");
            }
            for (final long id : ids)
            {
                pair.reply(id, "r");
            }
            pair.assertNothingAtService();
            for (final long id : ids)
            {
                pair.takeReply(id, "r");
            }
            for (int i = 0; i < MAX_IN_PROGRESS; i++)
            {
                pair.take(server, svc, CAPMS_DISPOSE);
            }
        }
    }

    @Test
    @DisplayName("R21: a copying get is the disposal, at once, and there is exactly one")
    void shouldDisposeOnce()
    {
        final long id = pair.put("x");
        pair.receive("x");
        pair.reply(id, "y");
        pair.assertNothingAtService();
        pair.takeReply(id, "y");
        pair.takeDisposal(id);
        pair.assertNothingAtService();
        client.close(port);
        pair.assertNothingAtService();
    }

    @Test
    @DisplayName("R21: each reply is disposed of exactly once, however slots are used again")
    void shouldDisposeEachOnce()
    {
        final Set<Long> replied = new HashSet<>();
        final Set<Long> disposed = new HashSet<>();
        for (int i = 0; i < 2_000; i++)
        {
            final long id = pair.put("x");
            while (pair.msgid.id != id || CAPMS_REQUEST != pair.msgid.state)
            {
                assertThat(server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null)).isNotNegative();
                if (CAPMS_DISPOSE == pair.msgid.state)
                {
                    assertThat(disposed.add(pair.msgid.id)).isTrue();
                }
            }
            pair.reply(id, "y");
            replied.add(id);
            pair.takeReply(id, "y");
        }
        while (server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null) >= 0)
        {
            assertThat(pair.msgid.state).isEqualTo(CAPMS_DISPOSE);
            assertThat(disposed.add(pair.msgid.id)).isTrue();
        }
        assertThat(disposed).isEqualTo(replied);
    }

    @Test
    @DisplayName("R22: credentials are those of the sender, as the operating system has them")
    void shouldGiveCredentials()
    {
        final Credentials self;
        try (Attachment attachment = region.attach())
        {
            self = attachment.credentials();
        }
        final CapsCred cred = new CapsCred();
        final long id = pair.put("x");
        assertThat(server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, cred)).isEqualTo(1);
        assertCredentials(cred, self);
        pair.reply(id, "y");
        final CapsCred ofService = new CapsCred();
        assertThat(client.get(port, pair.buffer, MAX_SIZE, pair.msgid, ofService)).isEqualTo(1);
        assertCredentials(ofService, self);
        final CapsCred small = new CapsCred();
        small.groups = new int[0];
        assertThat(server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, small)).isZero();
        assertThat(pair.msgid.state).isEqualTo(CAPMS_DISPOSE);
        assertCredentials(small, self);
    }

    private static void assertCredentials(final CapsCred cred, final Credentials self)
    {
        assertThat(cred.pid).isEqualTo(self.pid()).isEqualTo((int)ProcessHandle.current().pid());
        assertThat(cred.uid).isEqualTo(self.uid());
        assertThat(cred.euid).isEqualTo(self.euid());
        assertThat(cred.gid).isEqualTo(self.gid());
        assertThat(cred.ngroups).isEqualTo(Math.min(16, self.groupCount()));
        for (int i = 0; i < cred.ngroups; i++)
        {
            assertThat(cred.groups[i]).isEqualTo(self.group(i));
        }
    }
}
