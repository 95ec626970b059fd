/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A client's view of its own messages: the cookie of each, its claims, and the views that it holds.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CookieTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 3, 4, 100));
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME);
    private final ClientPort client = clientProcess.client(TestRegion.NAME);
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();

    @AfterEach
    void close()
    {
        region.close();
    }

    private long put(final long cookie)
    {
        assertThat(client.claim(8, claim)).isEqualTo(Status.OK);
        final long id = claim.put(8, cookie);
        assertThat(id).isPositive();
        return id;
    }

    private void receive()
    {
        int state = service.get(request);
        while (MessageState.DISPOSE == state)
        {
            state = service.get(request);
        }
        assertThat(state).isEqualTo(MessageState.REQUEST);
    }

    private void assertReply(final long id, final long cookie, final int outcome)
    {
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(reply.cookie()).isEqualTo(cookie);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        reply.release();
    }

    @Test
    @DisplayName("B1: a reply shows the cookie of its request, whatever the order; the service sees none")
    void shouldShowCookieWithReply()
    {
        final long first = put(4711);
        final long second = client.put(bytes, 0, 100, Long.MIN_VALUE);
        receive();
        assertThat(request.cookie()).isZero();
        receive();
        assertThat(request.reply()).isEqualTo(Status.OK);
        assertThat(service.reply(first, bytes, 0, 100)).isEqualTo(Status.OK);
        assertReply(second, Long.MIN_VALUE, Outcome.REPLIED);
        assertThat(client.get(reply, 99)).isEqualTo(MessageState.REPLY);
        assertThat(reply.isView()).as("R17: too long for its receiver").isFalse();
        assertThat(reply.cookie()).isEqualTo(4711);
        assertReply(first, 4711, Outcome.REPLIED);
    }

    @Test
    @DisplayName("B1: a message that is put or called without a cookie shows 0, though its slot had one before")
    void shouldShowNoCookieOfAnEarlierMessage()
    {
        for (int i = 0; i < 4; i++)
        {
            put(i + 1);
            receive();
            assertThat(request.reply()).isEqualTo(Status.OK);
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.cookie()).isEqualTo(i + 1);
            reply.release();
        }
        for (int i = 0; i < 4; i++)
        {
            final long id = client.put(bytes, 0, 1);
            receive();
            assertThat(request.reply()).isEqualTo(Status.OK);
            assertReply(id, 0, Outcome.REPLIED);
        }
        assertThat(client.call(bytes, 0, 1, reply, 0)).isEqualTo(Status.TIMED_OUT);
        assertThat(reply.cookie()).isZero();
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("B1, R23, R25: automatic replies show the cookies of their requests")
    void shouldShowCookieWithAutomaticReply(final boolean isDeath)
    {
        final int gone = isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED;
        final long receivedId = put(1);
        final long unseenId = put(2);
        final long abortedId = put(3);
        receive();
        assertThat(client.abort(abortedId, false)).isEqualTo(AbortResult.BEFORE_SERVER);
        if (isDeath)
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        }
        else
        {
            service.close();
        }
        assertReply(abortedId, 3, Outcome.ABORTED);
        assertReply(receivedId, 1, gone | Outcome.RECEIVED);
        assertReply(unseenId, 2, gone);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("R29: a message that is taken back from its service shows its cookie; one that a service ended, too")
    void shouldShowCookieOfWhatWasTakenBackOrEnded()
    {
        final long abortedId = put(5);
        final long endedId = put(6);
        receive();
        assertThat(client.abort(abortedId, true)).isEqualTo(AbortResult.AT_SERVER);
        assertReply(abortedId, 5, Outcome.ABORTED | Outcome.RECEIVED);
        receive();
        assertThat(request.id()).isEqualTo(endedId);
        assertThat(request.end(Outcome.UNREACHABLE)).isEqualTo(Status.OK);
        assertReply(endedId, 6, Outcome.UNREACHABLE);
    }

    @Test
    @DisplayName("R14: claims and held views are counted beside the messages in flight")
    void shouldCountClaimedAndHeld()
    {
        assertThat(client.claimedCount()).isZero();
        assertThat(client.heldCount()).isZero();
        put(1);
        final Claim second = new Claim();
        assertThat(client.claim(100, claim)).isEqualTo(Status.OK);
        assertThat(client.claim(1, second)).isEqualTo(Status.OK);
        assertThat(client.claimedCount()).isEqualTo(2);
        second.cancel();
        assertThat(client.claimedCount()).isEqualTo(1);
        receive();
        request.reply();
        assertThat(client.heldCount()).as("not taken yet").isZero();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(client.heldCount()).isEqualTo(1);
        assertThat(client.inProgress()).isEqualTo(2);
        client.close();
        assertThat(client.heldCount()).as("a close ends all views").isZero();
        assertThat(client.claimedCount()).as("its link stays in use").isEqualTo(1);
        claim.cancel();
        assertThat(client.claimedCount()).isZero();
        reply.release();
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("B1, R5: a client that has its outcomes connects again by the same options, to another service")
    void shouldReconnect(final boolean isDeath)
    {
        final long id = put(7);
        assertThatThrownBy(() -> client.reconnect(-1)).isInstanceOf(IllegalArgumentException.class);
        if (isDeath)
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        }
        else
        {
            service.close();
        }
        assertThatThrownBy(() -> client.reconnect(0)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("in all=1");
        assertThat(client.isClosed()).as("nothing is lost").isFalse();
        assertReply(id, 7, isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);

        assertThatThrownBy(() -> client.reconnect(0)).isInstanceOfSatisfying(CapsException.class,
            (ex) -> assertThat(ex.status()).isEqualTo(Status.TIMED_OUT));
        assertThat(client.isClosed()).isTrue();
        try (ServicePort next = region.attach().service(TestRegion.NAME);
            ClientPort again = client.reconnect(TimeUnit.MINUTES.toNanos(1)))
        {
            assertThat(again.serviceIncarnation()).isEqualTo(next.incarnation());
            assertThat(again.name()).isEqualTo(TestRegion.NAME);
            assertThat(again.put(bytes, 0, 1)).isPositive();
            assertThat(next.get(request)).isEqualTo(MessageState.REQUEST);
            request.release();
        }
        assertThat(region.linksInUse()).isZero();
    }

    @Test
    @DisplayName("R5: the new port has the old one's options, though their object was changed in the meantime")
    void shouldReconnectByTheSameOptions()
    {
        final PortOptions options = new PortOptions().generation(42).flags(PortFlags.ANYCLIENT);
        final ClientPort first = clientProcess.client(TestRegion.NAME, options);
        options.generation(43).uid(TestRegion.UID + 1);
        try (ClientPort second = first.reconnect(0))
        {
            assertThat(first.isClosed()).isTrue();
            assertThat(second.generation()).isEqualTo(42);
            assertThat(second.serviceIncarnation()).isEqualTo(service.incarnation());
        }
    }

    @Test
    @DisplayName("R29: a message that only its service has not finished with does not hinder a new connection")
    void shouldReconnectWhileServiceHasAMessageThatWasTakenBack()
    {
        final long id = put(8);
        receive();
        client.abort(id, true);
        assertReply(id, 8, Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(client.inProgress()).isEqualTo(1);
        try (ClientPort again = client.reconnect(0))
        {
            assertThat(again.inProgress()).isZero();
        }
    }

    @Test
    @DisplayName("R20: a reply by a claim, or by id, ends the view of its request: a kept buffer is empty")
    void shouldEndViewOfRequestByItsReply()
    {
        for (int i = 0; i < 2; i++)
        {
            final long id = put(i);
            receive();
            final DirectBuffer kept = request.buffer();
            assertThat(kept.capacity()).isEqualTo(8);
            if (0 == i)
            {
                assertThat(request.claimReply(4, claim)).isEqualTo(Status.OK);
                assertThat(request.isView()).as("until the claim is sent").isTrue();
                assertThat(claim.reply()).isEqualTo(Status.OK);
            }
            else
            {
                assertThat(service.reply(id, bytes, 0, 4)).isEqualTo(Status.OK);
            }
            assertThat(request.isView()).isFalse();
            assertThat(kept.capacity()).isZero();
            assertThatThrownBy(request::buffer).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("message " + id + " is used after its release or reply");
            assertReply(id, i, Outcome.REPLIED);
        }
    }
}
