/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.layout.SlotTable;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A local service that stands in for one on another host (B7): it ends requests with the outcome that they had there,
 * distinguishes its clients as long as they are connected, and is marked as imported.
 */
class StandInTest
{
    private final TestRegion region = new TestRegion(4, 100);
    private final Attachment serviceProcess = region.attach();
    private final ServicePort service =
        serviceProcess.service(TestRegion.NAME, new PortOptions().imported(true));
    private final Attachment clientProcess = region.attach();
    private final ClientPort client = clientProcess.client(TestRegion.NAME, new PortOptions());
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
    private final Message request = new Message();
    private final Message reply = new Message();

    @AfterEach
    void close()
    {
        region.close();
    }

    private long receive(final int length)
    {
        final long id = client.put(bytes, 0, length);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        return id;
    }

    private void take(final long id, final int outcome)
    {
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.id()).isEqualTo(id);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(outcome));
        assertThat(reply.length()).isZero();
        reply.release();
    }

    @ParameterizedTest
    @ValueSource(ints = {
        Outcome.SERVICE_CLOSED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, Outcome.SERVICE_DIED,
        Outcome.SERVICE_DIED | Outcome.RECEIVED, Outcome.UNREACHABLE, Outcome.UNREACHABLE | Outcome.RECEIVED,
        Outcome.REFUSED})
    @DisplayName("B1, B7, R21: a service ends a request with an outcome; its client gets that, and disposes of it once")
    void shouldEndRequestWithOutcome(final int outcome)
    {
        for (int i = 0; i < 3; i++)
        {
            // In the half and in the cell, by view, by id, and without having been retrieved (R17).
            final long id;
            if (2 == i)
            {
                id = client.put(bytes, 0, 90);
                assertThat(service.get(request, 8)).isEqualTo(MessageState.REQUEST);
            }
            else
            {
                id = receive(40 * i);
            }
            assertThat(0 == i ? request.end(outcome) : service.end(id, outcome)).isEqualTo(Status.OK);
            assertThat(request.isView()).isFalse();
            request.release();
            assertThat(service.end(id, outcome)).as("a second time").isEqualTo(Status.INVALID);
            assertThat(service.reply(id, bytes, 0, 1)).isEqualTo(Status.INVALID);
            assertThat(client.inProgress()).isEqualTo(1);
            take(id, outcome);
            assertThat(client.inProgress()).isZero();
            assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
            assertThat(request.id()).isEqualTo(id);
            assertThat(service.get(request)).isEqualTo(Status.WOULD_BLOCK);
        }
        assertThat(service.counter(ServiceCounter.ENDS)).isEqualTo(3);
        assertThat(service.counter(ServiceCounter.REPLIES)).isEqualTo(3);
        final ClientCounter counter = switch (Outcome.kind(outcome))
        {
            case Outcome.SERVICE_CLOSED -> ClientCounter.CLOSED;
            case Outcome.SERVICE_DIED -> ClientCounter.DIED;
            case Outcome.UNREACHABLE -> ClientCounter.UNREACHABLE;
            default -> ClientCounter.REFUSED;
        };
        assertThat(client.counter(counter)).isEqualTo(3);
        assertThat(client.counter(ClientCounter.REPLIES)).isZero();
        assertThat(client.isConnected()).as("the service itself is there").isTrue();
    }

    @Test
    @DisplayName("B5, B7, R19: outcomes keep their place among the replies, and a call gets its own")
    void shouldKeepOrder()
    {
        final long first = receive(1);
        final long second = receive(1);
        final long third = receive(1);
        service.end(second, Outcome.UNREACHABLE);
        service.reply(first, bytes, 0, 0);
        service.end(third, Outcome.SERVICE_DIED | Outcome.RECEIVED);
        take(second, Outcome.UNREACHABLE);
        take(first, Outcome.REPLIED);
        take(third, Outcome.SERVICE_DIED | Outcome.RECEIVED);
        final TestHost host = region.host();
        final ClientPort caller = region.attach(host).client(TestRegion.NAME, new PortOptions().spinCount(0));
        host.onSleep = () ->
        {
            while (MessageState.REQUEST != service.get(request))
            {
                Thread.onSpinWait();
            }
            request.end(Outcome.UNREACHABLE | Outcome.RECEIVED);
        };
        assertThat(caller.call(bytes, 0, 1, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("UNREACHABLE|RECEIVED");
        reply.release();
    }

    @ParameterizedTest
    @ValueSource(ints = {
        Outcome.REPLIED, Outcome.RECEIVED, Outcome.ABORTED, Outcome.ABORTED | Outcome.RECEIVED,
        Outcome.REFUSED | Outcome.RECEIVED, 6, 0xFF, 0x200 | Outcome.UNREACHABLE, -1})
    @DisplayName("B1, B7: no service can end a request as REPLIED, ABORTED or with an unknown outcome")
    void shouldRefuseOutcome(final int outcome)
    {
        final long id = receive(1);
        assertThatThrownBy(() -> service.end(id, outcome)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("outcome=" + Outcome.text(outcome));
        assertThatThrownBy(() -> request.end(outcome)).isInstanceOf(IllegalArgumentException.class);
        assertThat(request.reply(bytes, 0, 0)).as("it waits on for its reply").isEqualTo(Status.OK);
        take(id, Outcome.REPLIED);
        assertThatThrownBy(() -> reply.end(Outcome.UNREACHABLE)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {
        0x100 << 8, 3 << 8, 0x103 << 8, 0x105 << 8, 6 << 8, 0xFF << 8, 4 << 8 | SlotDescriptor.FLAG_IN_CELL, 4 << 8 | 4,
        4 << 8 | 0x20000})
    @DisplayName("F25: flags with an outcome that no service may give end the link, and only that link")
    void shouldEndLinkForInvalidOutcome(final int flags)
    {
        final long id = receive(1);
        request.end(Outcome.UNREACHABLE);
        final int half = new SlotTable(region.geometry).replyHalfOffset(SlotDescriptor.slotIndex(id));
        region.host().link(0).putInt(half + SlotDescriptor.FLAGS_OFFSET, flags);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(Outcome.text(reply.outcome())).isEqualTo("SERVICE_CLOSED|RECEIVED");
        reply.release();
        assertThat(client.counter(PortCounter.CORRUPT)).isEqualTo(1);
        assertThat(client.put(bytes, 0, 1)).isEqualTo(Status.NOT_CONNECTED);
    }

    @Test
    @DisplayName("R24, R25, B7: the id of a connection outlasts its messages, and ends with its client")
    void shouldDistinguishConnections()
    {
        assertThat(request.linkId()).as("of nothing").isZero();
        receive(1);
        final long linkId = request.linkId();
        assertThat(linkId).isEqualTo(client.incarnation());
        assertThat(service.isConnected(linkId)).isTrue();
        assertThat(service.isConnected(service.incarnation())).isFalse();
        request.reply(bytes, 0, 0);
        assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
        assertThat(reply.linkId()).as("the same at both sides").isEqualTo(linkId);
        reply.release();
        // In the very same link of the region, another client.
        client.close();
        assertThat(service.isConnected(linkId)).isFalse();
        assertThat(service.get(request)).isEqualTo(MessageState.DISPOSE);
        assertThat(request.linkId()).as("of the disposal").isEqualTo(linkId);
        final ClientPort next = clientProcess.client(TestRegion.NAME, new PortOptions());
        next.put(bytes, 0, 1);
        assertThat(service.get(request)).isEqualTo(MessageState.REQUEST);
        assertThat(request.linkId()).isEqualTo(next.incarnation()).isNotEqualTo(linkId);
        assertThat(service.isConnected(linkId)).isFalse();
        assertThat(service.isConnected(request.linkId())).isTrue();
        clientProcess.abandon();
        serviceProcess.watch().doWork();
        assertThat(service.isConnected(request.linkId())).as("dead").isFalse();
        service.close();
        assertThat(service.isConnected(request.linkId())).isFalse();
        assertThat(service.end(request.id(), Outcome.UNREACHABLE)).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("B7: the imported flag is in the port's entry, and is not a user's flag")
    void shouldShowThatItIsImported()
    {
        final ServicePort other = serviceProcess.service("other", new PortOptions());
        assertThat(flagsOf(service) & PortFlags.IMPORTED).isEqualTo(PortFlags.IMPORTED);
        assertThat(flagsOf(service) & PortFlags.USER_MASK).isEqualTo(PortFlags.USER);
        assertThat(flagsOf(other) & PortFlags.IMPORTED).isZero();
        assertThat(new PortOptions().flags(PortFlags.IMPORTED).flags()).isZero();
        assertThat(new PortOptions().imported(true).copy().imported()).isTrue();
    }

    @Test
    @DisplayName("B1, B7: a client can tell how its service ended, and whether it was imported")
    void shouldReportHowServiceEnded()
    {
        final Attachment otherProcess = region.attach();
        otherProcess.service("other", new PortOptions());
        final ClientPort otherClient = clientProcess.client("other", new PortOptions());
        assertThat(client.isServiceImported()).isTrue();
        assertThat(otherClient.isServiceImported()).isFalse();
        assertThat(client.serviceEnd()).isEqualTo(Outcome.REPLIED);
        service.close();
        assertThat(client.serviceEnd()).isEqualTo(Outcome.SERVICE_CLOSED);
        otherProcess.abandon();
        clientProcess.watch().doWork();
        assertThat(otherClient.serviceEnd()).isEqualTo(Outcome.SERVICE_DIED);
        client.close();
        assertThat(client.serviceEnd()).isEqualTo(Outcome.REPLIED);
        assertThat(clientProcess.slotCount()).isEqualTo(region.geometry.slotCount());
    }

    private int flagsOf(final ServicePort port)
    {
        final PortEntry entry = new PortEntry(region.tables(), region.geometry);
        for (int i = 0; i < region.geometry.portCount(); i++)
        {
            if (entry.wrap(i).incarnation() == port.incarnation())
            {
                return entry.flags();
            }
        }
        throw new AssertionError("no entry: " + port.name());
    }

    @Test
    @DisplayName("B3: a link's identity is that of its entry's STATE")
    void shouldShowIncarnationOfLink()
    {
        receive(1);
        final long state = new LinkEntry(region.tables(), region.geometry).wrap(0).state();
        assertThat(request.linkId()).isEqualTo(LinkEntry.incarnation(state));
    }
}
