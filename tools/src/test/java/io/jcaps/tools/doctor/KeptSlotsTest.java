/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.doctor;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Status;
import io.jcaps.shm.inspect.RegionSnapshot;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.tools.CapsRun;
import io.jcaps.tools.OrdersRegion;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Which programs caps doctor names because they keep the slots of a link.
 */
class KeptSlotsTest
{
    private static final int SLOT_COUNT = OrdersRegion.SLOT_COUNT;

    @RegisterExtension
    private final OrdersRegion region = new OrdersRegion();

    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[10]);
    private ClientPort client;

    @BeforeEach
    void connect()
    {
        client = region.client();
    }

    private Finding finding()
    {
        try (RegionView view = RegionView.open(region.path()))
        {
            return KeptSlots.finding(view);
        }
    }

    private static String pid()
    {
        return Long.toString(ProcessHandle.current().pid());
    }

    private Message[] receive(final int count)
    {
        final Message[] messages = new Message[count];
        for (int i = 0; i < count; i++)
        {
            messages[i] = new Message();
            region.receive(client, 1, messages[i]);
        }
        return messages;
    }

    @Test
    @DisplayName("R14: a client that leaks claims is named, with what to do, until it has cancelled them")
    void shouldNameAClientThatKeepsClaims()
    {
        final Claim[] claims = new Claim[SLOT_COUNT - 1];
        for (int i = 0; i < claims.length; i++)
        {
            claims[i] = new Claim();
            assertThat(client.claim(1, claims[i])).isEqualTo(Status.OK);
        }
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> finding().found().equals(
            "client of orders, pid " + pid() + ", keeps 3 of 4 slots: 3 unspent claims, 0 unreleased replies"));
        assertThat(finding().result()).isEqualTo(Finding.Result.WARN);
        assertThat(finding().meaning()).contains("NO_BUFFERS");
        assertThat(finding().advice()).contains("put or cancel each claim");
        claims[0].cancel();
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES)
            .until(() -> Finding.Result.OK == finding().result());
    }

    @Test
    @DisplayName("R14: a client that leaks views of replies is named")
    void shouldNameAClientThatKeepsReplies()
    {
        final Message[] replies = new Message[SLOT_COUNT];
        for (int i = 0; i < SLOT_COUNT; i++)
        {
            assertThat(receive(1)[0].reply(bytes, 0, 3)).isEqualTo(Status.OK);
            replies[i] = new Message();
            assertThat(client.get(replies[i])).isEqualTo(MessageState.REPLY);
        }
        assertThat(finding().found()).isEqualTo(
            "client of orders, pid " + pid() + ", keeps 4 of 4 slots: 0 unspent claims, 4 unreleased replies");
        for (final Message reply : replies)
        {
            reply.release();
        }
        assertThat(finding().result()).isEqualTo(Finding.Result.OK);
    }

    @Test
    @DisplayName("R14: a service that receives and does not reply is named, with its views and claims")
    void shouldNameAServiceThatKeepsRequests()
    {
        final Message[] requests = receive(SLOT_COUNT);
        final Claim claim = new Claim();
        assertThat(region.service().claim(requests[0].id(), 1, claim)).isEqualTo(Status.OK);
        await().atMost(CapsRun.WATCHDOG_MINUTES, TimeUnit.MINUTES).until(() -> finding().found().equals(
            "service orders, pid " + pid() + ", has received 4 requests of 1 client with 4 slots each, and replied " +
            "to none of them within 500 ms: 4 views, 1 claim"));
        assertThat(finding().advice()).contains("reply to each request");
        claim.cancel();
        assertThat(requests[0].reply()).isEqualTo(Status.OK);
        assertThat(finding().result()).isEqualTo(Finding.Result.WARN);
        assertThat(requests[1].reply()).isEqualTo(Status.OK);
        assertThat(finding().result()).isEqualTo(Finding.Result.OK);
    }

    @Test
    @DisplayName("R14: a service that is busy with other messages at the second look is not named")
    void shouldNotNameAServiceThatIsOnlyBusy()
    {
        try (RegionView view = RegionView.open(region.path()))
        {
            final Message[] requests = receive(SLOT_COUNT);
            final RegionSnapshot first = view.look(0);
            assertThat(KeptSlots.keepers(first, first, SLOT_COUNT)).hasSize(1);
            final Message reply = new Message();
            for (final Message request : requests)
            {
                assertThat(request.reply()).isEqualTo(Status.OK);
                assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                reply.release();
            }
            receive(SLOT_COUNT);
            final RegionSnapshot second = view.look(0);
            assertThat(KeptSlots.keepers(second, second, SLOT_COUNT)).hasSize(1);
            assertThat(KeptSlots.keepers(first, second, SLOT_COUNT)).isEmpty();
        }
    }

    @Test
    @DisplayName("R14: neither side is named for messages that wait for the service")
    void shouldNotNameAnyoneForMessagesThatWait()
    {
        for (int i = 0; i < SLOT_COUNT; i++)
        {
            assertThat(client.put(bytes, 0, 1)).isPositive();
        }
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        assertThat(finding().result()).isEqualTo(Finding.Result.OK);
    }
}
