/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Close, death and restart: R15, R23 to R28, B1 to B3.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class EndTest
{
    private final TestRegion region = new TestRegion(new Geometry(8, 8, 3, 4, 100));
    private final Attachment serviceProcess = region.attach();
    private final Attachment clientProcess = region.attach();
    private final ServicePort service = serviceProcess.service(TestRegion.NAME, new PortOptions().generation(42));
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

    private void assertReply(final long id, final int outcome, final int length)
    {
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        assertThat(reply.length()).isEqualTo(length);
        if (Outcome.REPLIED == outcome)
        {
            assertThat(reply.buffer().capacity()).isEqualTo(length);
        }
        else
        {
            assertThatThrownBy(reply::buffer).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Outcome.text(outcome) + " has no payload");
        }
        reply.release();
    }

    private void endService(final boolean isDeath)
    {
        if (isDeath)
        {
            serviceProcess.abandon();
            clientProcess.watch().doWork();
        }
        else
        {
            service.close();
        }
    }

    private void endClient(final boolean isDeath)
    {
        if (isDeath)
        {
            clientProcess.abandon();
            serviceProcess.watch().doWork();
        }
        else
        {
            client.close();
        }
    }

    private Set<Long> disposals()
    {
        final Set<Long> ids = new HashSet<>();
        while (true)
        {
            final int state = service.get(request);
            if (Status.WOULD_BLOCK == state)
            {
                return ids;
            }
            assertThat(state).isEqualTo(MessageState.DISPOSE);
            assertThat(ids.add(request.id())).as("disposed of twice: " + request.id()).isTrue();
        }
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R15, R23, R25, B1: when a service goes, each message has its outcome, then the port is NOT_CONNECTED")
    void shouldGiveEachMessageItsOutcomeWhenServiceGoes(final boolean isDeath)
    {
        final int gone = isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED;
        final long repliedId = client.put(bytes, 0, 1);
        final long receivedId = client.put(bytes, 0, 1);
        final long secondRepliedId = client.put(bytes, 0, 1);
        final long unseenId = client.put(bytes, 0, 1);
        receive(repliedId);
        receive(receivedId);
        receive(secondRepliedId);
        bytes.putLong(0, 4711);
        service.reply(secondRepliedId, bytes, 0, 60);
        service.reply(repliedId, bytes, 0, 8);

        endService(isDeath);
        assertThat(client.isConnected()).isFalse();
        assertThat(client.isReady()).isTrue();
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.claim(1, new Claim())).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.call(bytes, 0, 1, reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).as("in the order they were sent").isEqualTo(secondRepliedId);
        assertThat(reply.buffer().getLong(0)).isEqualTo(4711);
        reply.release();
        assertReply(repliedId, Outcome.REPLIED, 8);
        assertReply(receivedId, gone | Outcome.RECEIVED, 0);
        assertReply(unseenId, gone, 0);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.inProgress()).isZero();
        assertThatThrownBy(() -> clientProcess.client(TestRegion.NAME, new PortOptions()))
            .isInstanceOfSatisfying(CapsException.class,
                (ex) -> assertThat(ex.status()).isEqualTo(Status.NOT_FOUND));
    }

    @Test
    @DisplayName("R23, B1: a process that closes and then dies, before the watch looks, has closed")
    void shouldDistinguishCloseFromDeath()
    {
        final long id = client.put(bytes, 0, 1);
        service.close();
        serviceProcess.abandon();
        clientProcess.watch().doWork();
        assertReply(id, Outcome.SERVICE_CLOSED, 0);
    }

    @Test
    @DisplayName("B1, R25: a third process that finds the death first does not change the outcome")
    void shouldReportDeathThatOthersFoundFirst()
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        serviceProcess.abandon();
        region.attach().service(TestRegion.NAME, new PortOptions());
        assertThat(client.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        clientProcess.watch().doWork();
        assertReply(id, Outcome.SERVICE_DIED | Outcome.RECEIVED, 0);
        assertThat(client.get(reply)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("B2: a process that is idle for long is alive, and loses nothing")
    void shouldNotMistakeSlownessForDeath()
    {
        final long id = client.put(bytes, 0, 1);
        for (int i = 0; i < 1_000; i++)
        {
            clientProcess.watch().doWork();
            serviceProcess.watch().doWork();
        }
        assertThat(client.isConnected()).isTrue();
        receive(id);
        request.reply(bytes, 0, 1);
        assertReply(id, Outcome.REPLIED, 1);
    }

    @Test
    @DisplayName("R23: a reply claimed before the close is not sent after it")
    void shouldNotReplyAfterClose()
    {
        final Claim claim = new Claim();
        final long id = client.put(bytes, 0, 1);
        receive(id);
        assertThat(request.claimReply(50, claim)).isEqualTo(Status.OK);
        service.close();
        assertThatThrownBy(claim::buffer).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(request::buffer).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(TestRegion.NAME);
        assertThat(claim.reply(1)).isEqualTo(Status.CLOSED);
        assertThat(claim.isFilled()).isFalse();
        assertThat(service.reply(id, bytes, 0, 1)).isEqualTo(Status.CLOSED);
        assertThat(service.claim(id, 1, claim)).isEqualTo(Status.CLOSED);
        assertThat(service.get(new Message())).isEqualTo(Status.CLOSED);
        assertThat(service.isReady()).isTrue();
        assertReply(id, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, 0);
    }

    @ParameterizedTest(name = "death: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R24, R25: when a client goes, its received and replied messages are disposed of, the rest vanish")
    void shouldDisposeWhenClientGoes(final boolean isDeath)
    {
        final long doneId = client.put(bytes, 0, 1);
        final long untakenId = client.put(bytes, 0, 1);
        final long receivedId = client.put(bytes, 0, 1);
        receive(doneId);
        receive(untakenId);
        receive(receivedId);
        service.reply(doneId, bytes, 0, 1);
        service.reply(untakenId, bytes, 0, 1);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(client.put(bytes, 0, 1)).isPositive();
        assertThat(service.clientCount()).isEqualTo(1);

        endClient(isDeath);
        assertThat(client.isClosed()).isTrue();
        assertThatThrownBy(reply::buffer).isInstanceOf(IllegalStateException.class);
        reply.release();
        assertThat(disposals()).containsExactlyInAnyOrder(doneId, untakenId, receivedId);
        assertThat(service.reply(receivedId, bytes, 0, 1)).isEqualTo(Status.INVALID);
        assertThat(service.clientCount()).isZero();
        assertThat(disposals()).isEmpty();
    }

    @Test
    @DisplayName("R24: a reply that races with the client's close ends in a disposal, one")
    void shouldDisposeOfReplyRacingWithClose()
    {
        final long id = client.put(bytes, 0, 1);
        final long claimedId = client.put(bytes, 0, 1);
        receive(id);
        receive(claimedId);
        final Claim claim = new Claim();
        request.claimReply(50, claim);
        client.close();
        assertThat(service.reply(id, bytes, 0, 1)).isIn(Status.OK, Status.INVALID);
        assertThat(disposals()).containsExactlyInAnyOrder(id, claimedId);
        claim.buffer().putLong(0, 1);
        assertThat(claim.reply()).isEqualTo(Status.INVALID);
        assertThat(disposals()).isEmpty();
    }

    @Test
    @DisplayName("R25: a service's view of a dead client's request stays readable until it is released")
    void shouldKeepViewOfDeadClientsMessage()
    {
        bytes.setMemory(0, 100, (byte)9);
        final long id = client.put(bytes, 0, 100);
        receive(id);
        final Message other = new Message();
        clientProcess.abandon();
        serviceProcess.watch().doWork();
        assertThat(service.get(other)).isEqualTo(MessageState.DISPOSE);
        // Two links are left for other clients; the link in view is not one of them.
        final Attachment third = region.attach();
        final ClientPort first = third.client(TestRegion.NAME, new PortOptions());
        final ClientPort second = third.client(TestRegion.NAME, new PortOptions());
        assertThatThrownBy(() -> third.client(TestRegion.NAME, new PortOptions()))
            .isInstanceOf(CapsException.class).hasMessageContaining("linkCount=3");
        first.put(new UnsafeBuffer(new byte[100]), 0, 100);
        second.put(new UnsafeBuffer(new byte[100]), 0, 100);
        for (int i = 0; i < 100; i++)
        {
            assertThat(request.buffer().getByte(i)).isEqualTo((byte)9);
        }
        request.release();
        assertThat(service.get(other)).isEqualTo(MessageState.REQUEST);
        assertThat(third.client(TestRegion.NAME, new PortOptions()).isConnected()).isTrue();
    }

    @Test
    @DisplayName("R25: a client's view of a dead service's reply stays readable until it is released")
    void shouldKeepViewOfDeadServicesReply()
    {
        bytes.setMemory(0, 100, (byte)8);
        final long id = client.put(bytes, 0, 1);
        receive(id);
        request.reply(bytes, 0, 100);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        endService(true);
        final Attachment third = region.attach();
        third.service(TestRegion.NAME, new PortOptions());
        third.client(TestRegion.NAME, new PortOptions()).put(new UnsafeBuffer(new byte[100]), 0, 100);
        for (int i = 0; i < 100; i++)
        {
            assertThat(reply.buffer().getByte(i)).isEqualTo((byte)8);
        }
        reply.release();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R25: the close of an attachment closes each of its ports; a second close does nothing")
    void shouldCloseAllPortsWithAttachment()
    {
        final Attachment process = region.attach();
        final ServicePort other = process.service("other", new PortOptions());
        final ClientPort ofOther = process.client("other", new PortOptions());
        final ClientPort ofService = process.client(TestRegion.NAME, new PortOptions());
        process.waitSet().add(other);
        process.close();
        process.close();
        assertThat(other.isClosed() && ofOther.isClosed() && ofService.isClosed()).isTrue();
        assertThat(region.portsInUse()).isEqualTo(2);
        assertThat(region.processesInUse()).isEqualTo(2);
        assertThatThrownBy(() -> process.service("other", new PortOptions()))
            .isInstanceOfSatisfying(CapsException.class,
                (ex) -> assertThat(ex.status()).isEqualTo(Status.CLOSED));
        assertThatThrownBy(() -> process.client("other", new PortOptions())).isInstanceOf(CapsException.class);
        assertThatThrownBy(process::waitSet).isInstanceOf(CapsException.class);
    }

    @Test
    @DisplayName("R26: each call on a closed port returns CLOSED, and a second close does nothing")
    void shouldReturnClosed()
    {
        client.close();
        client.close();
        assertThat(client.endStatus()).isEqualTo(Status.CLOSED);
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.CLOSED);
        assertThat(client.claim(1, new Claim())).isEqualTo(Status.CLOSED);
        assertThat(client.call(bytes, 0, 1, reply, 0)).isEqualTo(Status.CLOSED);
        assertThat(client.get(reply)).isEqualTo(Status.CLOSED);
        assertThat(client.await(reply, Long.MAX_VALUE)).isEqualTo(Status.CLOSED);
        assertThat(client.abort(1, false)).isEqualTo(Status.CLOSED);
        assertThat(client.generation(1)).isEqualTo(Status.CLOSED);
        assertThat(client.isConnected()).isFalse();
        service.close();
        service.close();
        assertThat(service.get(request)).isEqualTo(Status.CLOSED);
        assertThat(service.reply(1, bytes, 0, 1)).isEqualTo(Status.CLOSED);
        assertThat(service.generation(1)).isEqualTo(Status.CLOSED);
        assertThat(region.linksInUse()).isZero();
        assertThat(region.portsInUse()).isZero();
    }

    @Test
    @DisplayName("R28: a client reads its service's generation, also after the service has closed or died")
    void shouldReadGeneration()
    {
        assertThat(service.generation()).isEqualTo(42);
        assertThat(client.serviceGeneration()).isEqualTo(42);
        assertThat(client.generation()).isZero();
        assertThat(client.generation(7)).isEqualTo(Status.OK);
        assertThat(client.generation()).isEqualTo(7);
        assertThat(service.generation(Long.MIN_VALUE)).isEqualTo(Status.OK);
        assertThat(client.serviceGeneration()).isEqualTo(Long.MIN_VALUE);
        final ClientPort second = clientProcess.client(TestRegion.NAME, new PortOptions());
        service.close();
        final Attachment third = region.attach();
        final ServicePort again = third.service(TestRegion.NAME, new PortOptions().generation(43));
        assertThat(client.serviceGeneration()).isEqualTo(Long.MIN_VALUE);
        client.close();
        assertThat(second.serviceGeneration()).isEqualTo(Long.MIN_VALUE);
        second.close();
        assertThat(clientProcess.client(TestRegion.NAME, new PortOptions()).serviceGeneration()).isEqualTo(43);
        assertThat(again.incarnation()).isGreaterThan(service.incarnation());
    }

    @Test
    @DisplayName("R28: a client reads its service's generation after the service died and others took its place")
    void shouldReadGenerationOfTheDead()
    {
        serviceProcess.abandon();
        final Attachment third = region.attach();
        for (int i = 0; i < 6; i++)
        {
            third.service("s" + i, new PortOptions().generation(100 + i));
        }
        assertThatThrownBy(() -> third.service("s6", new PortOptions())).isInstanceOf(CapsException.class);
        assertThat(client.serviceGeneration()).isEqualTo(42);
    }

    @Test
    @DisplayName("R28: a closed port reports its last generations, not those of the ports that have its entries now")
    void shouldKeepGenerationsAfterClose()
    {
        client.generation(7);
        client.close();
        service.close();
        final Attachment third = region.attach();
        for (int i = 0; i < 6; i++)
        {
            third.service("s" + i, new PortOptions().generation(100 + i));
        }
        assertThat(client.generation()).isEqualTo(7);
        assertThat(client.serviceGeneration()).isEqualTo(42);
        assertThat(service.generation()).isEqualTo(42);
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    @DisplayName("B3: a late reply of an earlier life is refused, to the service's new life and to the client's")
    void shouldRefuseLateReplyOfEarlierLife(final boolean isDeath, final boolean isClients)
    {
        final long id = client.put(bytes, 0, 1);
        receive(id);
        if (isClients)
        {
            endClient(isDeath);
            assertThat(disposals()).containsExactly(id);
            final ClientPort again = region.attach().client(TestRegion.NAME, new PortOptions());
            assertThat(again.put(bytes, 0, 1)).isNotEqualTo(id);
            assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
            assertThat(service.reply(id, bytes, 0, 1)).isEqualTo(Status.INVALID);
            assertThat(again.get(reply)).isEqualTo(Status.WOULD_BLOCK);
            return;
        }
        endService(isDeath);
        final Attachment third = region.attach();
        final ServicePort again = third.service(TestRegion.NAME, new PortOptions());
        final ClientPort second = clientProcess.client(TestRegion.NAME, new PortOptions());
        final long secondId = second.put(bytes, 0, 1);
        assertThat(secondId).isNotEqualTo(id);
        assertThat(again.get(new Message())).isEqualTo(MessageState.REQUEST);
        assertThat(again.reply(id, bytes, 0, 1)).isEqualTo(Status.INVALID);
        assertThat(request.reply(bytes, 0, 1)).isEqualTo(Status.CLOSED);
        assertThat(second.get(reply)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(again.reply(secondId, bytes, 0, 1)).isEqualTo(Status.OK);
        assertReply(id, (isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED) | Outcome.RECEIVED, 0);
    }

    @Test
    @DisplayName("R25: repeated deaths of each kind leave nothing in the tables")
    void shouldReuseWhatTheDeadLeft()
    {
        for (int i = 0; i < 30; i++)
        {
            final Attachment process = region.attach();
            process.waitSet();
            final ServicePort other = process.service("other", new PortOptions());
            final ClientPort ofOther = process.client("other", new PortOptions());
            final ClientPort ofService = process.client(TestRegion.NAME, new PortOptions());
            final long id = ofService.put(bytes, 0, 1);
            ofOther.put(bytes, 0, 1);
            assertThat(other.get(request)).isEqualTo(MessageState.REQUEST);
            if (i % 3 > 0)
            {
                receive(id);
                request.release();
            }
            process.abandon();
            if (i % 2 == 0)
            {
                serviceProcess.watch().doWork();
            }
            else
            {
                region.attach().close();
            }
            assertThat(disposals()).hasSize(i % 3 > 0 ? 1 : 0);
        }
        assertThat(client.isConnected()).isTrue();
    }

    @Test
    @DisplayName("A removed region accepts nothing new, and messages in progress complete")
    void shouldRetire()
    {
        final TestHost host = region.host();
        final Attachment process = region.attach(host);
        final ClientPort other = process.client(TestRegion.NAME, new PortOptions());
        final long id = other.put(bytes, 0, 1);
        host.isCurrent = false;
        for (int i = 0; i < 64; i++)
        {
            process.watch().doWork();
        }
        assertThat(process.isRetired()).isTrue();
        assertThat(other.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThatThrownBy(() -> process.client(TestRegion.NAME, new PortOptions()))
            .isInstanceOf(CapsException.class).hasMessageContaining("attach again");
        receive(id);
        request.reply(bytes, 0, 1);
        assertThat(other.get(reply)).isEqualTo(MessageState.REPLY);
    }

    @Test
    @DisplayName("R25: an attachment with a watch thread detects deaths by itself")
    void shouldFindDeadByItself()
    {
        final Attachment watching = region.attach(region.host(), 100_000);
        final ClientPort other = watching.client(TestRegion.NAME, new PortOptions());
        final long id = other.put(bytes, 0, 1);
        serviceProcess.abandon();
        assertThat(other.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(reply.outcome()).isEqualTo(Outcome.SERVICE_DIED);
    }
}
