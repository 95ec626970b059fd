/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client takes a message back: R29 and B1.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AbortTest
{
    private final TestRegion region = new TestRegion(2, 100);
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions());
    private final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        region.close();
    }

    private void receive(final long id)
    {
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
    }

    private void assertReply(final long id, final int outcome)
    {
        assertThat(client.isReady()).isTrue();
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        reply.release();
    }

    private void assertDisposed(final long id)
    {
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(request.id()).isEqualTo(id);
        assertNothingAtService();
    }

    private void assertNothingAtService()
    {
        assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
    }

    private void assertNothingAtClient()
    {
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.inProgress()).isZero();
    }

    @ParameterizedTest(name = "hard: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName(
        "R29, B1: a message that the service has not received returns at once, and the service never receives it")
    void shouldAbortBeforeServer(final boolean isHard)
    {
        final long id = client.put(bytes, 0, 50);
        final long nextId = client.put(bytes, 0, 50);
        assertThat(client.abort(id, isHard)).isEqualTo(AbortResult.BEFORE_SERVER);
        assertThat(client.abort(id, isHard)).as("again").isEqualTo(AbortResult.RETURNED);
        assertThat(client.inProgress()).as("it must still be waited for").isEqualTo(2);
        assertReply(id, Outcome.ABORTED);
        assertThat(client.abort(id, isHard)).as("taken").isEqualTo(Status.INVALID);
        receive(nextId);
        request.reply(bytes, 0, 1);
        assertNothingAtService();
        assertReply(nextId, Outcome.REPLIED);
        assertDisposed(nextId);
        assertNothingAtClient();
    }

    @Test
    @DisplayName("R29: after a soft abort at the service the reply still comes")
    void shouldAbortSoftlyAtServer()
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        assertThat(client.abort(id, false)).isEqualTo(AbortResult.AT_SERVER);
        assertThat(client.abort(id, false)).isEqualTo(AbortResult.AT_SERVER);
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(request.reply(bytes, 0, 5)).isEqualTo(Status.OK);
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.RETURNED);
        assertReply(id, Outcome.REPLIED);
        assertThat(reply.length()).isEqualTo(5);
        assertDisposed(id);
        assertNothingAtClient();
    }

    @ParameterizedTest(name = "softly before: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: a hard abort at the service returns the message at once; the late reply is disposed of")
    void shouldAbortHardAtServer(final boolean isSoftBefore)
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        if (isSoftBefore)
        {
            assertThat(client.abort(id, false)).isEqualTo(AbortResult.AT_SERVER);
        }
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.AT_SERVER);
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.RETURNED);
        assertReply(id, Outcome.ABORTED | Outcome.RECEIVED);
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertNothingAtService();
        assertThat(request.reply(bytes, 0, 50)).isEqualTo(Status.OK);
        assertThat(client.get(reply)).as("no second outcome").isEqualTo(Status.WOULD_BLOCK);
        assertDisposed(id);
        assertNothingAtClient();
    }

    @Test
    @DisplayName("R29: a late reply before the outcome is taken, or while in view, is disposed of at its release")
    void shouldDisposeOfLateReplyAtRelease()
    {
        for (int i = 0; i < 2; i++)
        {
            final long id = client.put(bytes, 0, 1);
            receive(id);
            assertThat(client.abort(id, true)).isEqualTo(AbortResult.AT_SERVER);
            if (0 == i)
            {
                request.reply(bytes, 0, 1);
            }
            assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
            assertThat(reply.length()).isZero();
            if (1 == i)
            {
                request.reply(bytes, 0, 1);
            }
            assertThat(client.isReady()).isFalse();
            assertNothingAtService();
            reply.release();
            assertDisposed(id);
            assertNothingAtClient();
        }
    }

    @Test
    @DisplayName("R29, R14: the slot of a message that the service still has is used again when it replied, not before")
    void shouldNotUseSlotThatServiceStillHas()
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        client.abort(id, true);
        assertReply(id, Outcome.ABORTED | Outcome.RECEIVED);
        final long secondId = client.put(bytes, 0, 1);
        assertThat(secondId).isPositive();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NO_BUFFERS);
        bytes.putLong(0, 3);
        assertThat(request.reply(bytes, 0, 8)).isEqualTo(Status.OK);
        final long thirdId = client.put(bytes, 0, 1);
        assertThat(thirdId).isPositive();
        receive(secondId);
        request.reply(bytes, 0, 1);
        boolean isDisposed = false;
        for (int i = 0; i < 2; i++)
        {
            final int state = service.get(request);
            assertThat(request.id()).isEqualTo(MessageState.DISPOSE == state ? id : thirdId);
            isDisposed |= MessageState.DISPOSE == state;
        }
        assertThat(isDisposed).isTrue();
        service.reply(thirdId, bytes, 0, 1);
        assertReply(secondId, Outcome.REPLIED);
        assertReply(thirdId, Outcome.REPLIED);
    }

    @Test
    @DisplayName("R29: an abort after the reply has arrived is RETURNED, and the reply is taken")
    void shouldFindMessageReturned()
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        request.reply(bytes, 0, 7);
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.RETURNED);
        assertReply(id, Outcome.REPLIED);
        assertThat(reply.length()).isEqualTo(7);
        assertDisposed(id);
    }

    @Test
    @DisplayName("R29: an unknown id is refused, and nothing changes")
    void shouldRefuseUnknownId()
    {
        final long id = client.put(bytes, 0, 1);
        final ClientPort other = region.client();
        final long otherId = other.put(bytes, 0, 1);
        for (final long wrong : new long[]{0, -1, -id, id + 1, id + 128, id ^ 1, id | 127, otherId, Long.MAX_VALUE,
            Long.MIN_VALUE})
        {
            assertThat(client.abort(wrong, true)).as("id " + wrong).isEqualTo(Status.INVALID);
        }
        receive(id);
        request.reply(bytes, 0, 1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(client.abort(id, true)).as("in view").isEqualTo(Status.INVALID);
        reply.release();
        assertThat(client.abort(id, true)).as("released").isEqualTo(Status.INVALID);
    }

    @Test
    @DisplayName("R29: a slot that is used again after an abort brings the service the new message only")
    void shouldReceiveOnlyNewMessageInSlotOfAborted()
    {
        for (int i = 0; i < 200; i++)
        {
            final long abortedId = client.put(bytes, 0, 60);
            assertThat(client.abort(abortedId, i % 2 == 0)).isEqualTo(AbortResult.BEFORE_SERVER);
            assertReply(abortedId, Outcome.ABORTED);
            bytes.putInt(0, i);
            final long id = client.put(bytes, 0, 60);
            assertThat(id & 127).isEqualTo(abortedId & 127);
            int state = service.get(request);
            if (MessageState.DISPOSE == state)
            {
                state = service.get(request);
            }
            assertThat(state).isEqualTo(MessageState.REQUEST);
            assertThat(request.id()).isEqualTo(id);
            assertThat(request.buffer().getInt(0)).isEqualTo(i);
            assertThat(service.reply(abortedId, bytes, 0, 1)).isEqualTo(Status.INVALID);
            assertThat(request.reply(bytes, 0, 1)).isEqualTo(Status.OK);
            assertReply(id, Outcome.REPLIED);
            if (i % 3 == 0)
            {
                while (service.get(request) >= 0)
                {
                    assertThat(request.state()).isEqualTo(MessageState.DISPOSE);
                }
            }
        }
    }

    @Test
    @DisplayName("R14, R29: if a service never looks, aborted messages fill the ring, but not the slots")
    void shouldReportRingFullOfAborted()
    {
        int count = 0;
        long id = client.put(bytes, 0, 1);
        while (id > 0)
        {
            count++;
            assertThat(client.abort(id, false)).isEqualTo(AbortResult.BEFORE_SERVER);
            assertReply(id, Outcome.ABORTED);
            id = client.put(bytes, 0, 1);
        }
        assertThat(id).isEqualTo(Status.NO_BUFFERS);
        assertThat(count).isGreaterThanOrEqualTo(2 * 2);
        assertThat(client.inProgress()).isZero();
        final Claim claim = new Claim();
        assertThat(client.claim(40, claim)).isEqualTo(Status.OK);
        assertThat(claim.put()).isEqualTo(Status.NO_BUFFERS);
        assertThat(claim.isFilled()).as("nothing changed").isTrue();
        assertNothingAtService();
        final long claimedId = claim.put();
        assertThat(claimedId).isPositive();
        receive(claimedId);
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: messages aborted when the service goes have one outcome each, and free their slots")
    void shouldGiveOneOutcomeToAbortedWhenServiceGoes(final boolean isDeath)
    {
        final long softId = client.put(bytes, 0, 1);
        final long hardId = client.put(bytes, 0, 1);
        receive(softId);
        receive(hardId);
        client.abort(softId, false);
        client.abort(hardId, true);
        assertReply(hardId, Outcome.ABORTED | Outcome.RECEIVED);
        if (isDeath)
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        }
        else
        {
            service.close();
        }
        assertThat(client.abort(softId, true)).isEqualTo(AbortResult.RETURNED);
        assertReply(softId, (isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED) | Outcome.RECEIVED);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R29, R24: a hard-aborted message that the service still has is disposed of when the client closes")
    void shouldDisposeOfAbortedWhenClientCloses()
    {
        final long id = client.put(bytes, 0, 1);
        final long lateId = client.put(bytes, 0, 1);
        receive(id);
        receive(lateId);
        client.abort(id, true);
        client.abort(lateId, true);
        assertReply(id, Outcome.ABORTED | Outcome.RECEIVED);
        service.reply(lateId, bytes, 0, 1);
        client.close();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        final long firstId = request.id();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(new long[]{firstId, request.id()}).containsExactlyInAnyOrder(id, lateId);
        assertNothingAtService();
    }

    @Test
    @DisplayName("R17, R29: a message that the service looked at but did not retrieve counts as received")
    void shouldCountPeekedAsReceived()
    {
        final long id = client.put(bytes, 0, 50);
        assertThat(service.get(request, 10)).isEqualTo(MessageState.REQUEST);
        assertThat(client.abort(id, true)).isEqualTo(AbortResult.AT_SERVER);
        receive(id);
        request.reply(bytes, 0, 1);
        assertReply(id, Outcome.ABORTED | Outcome.RECEIVED);
        assertDisposed(id);
        assertNothingAtClient();
    }
}
