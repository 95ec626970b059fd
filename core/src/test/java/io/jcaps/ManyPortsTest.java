/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.AgentInvoker;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * One thread waits for many ports, and upcalls: R11, B4.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ManyPortsTest
{
    private final TestRegion region = new TestRegion(4, 100);
    private final Attachment process = region.attach();
    private final ServicePort first = process.service("first", new PortOptions());
    private final ServicePort second = process.service("second", new PortOptions());
    private final Attachment clients = region.attach();
    private final ClientPort ofFirst = clients.client("first", new PortOptions());
    private final ClientPort ofSecond = clients.client("second", new PortOptions());
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[100]);
    private final Message message = new Message();
    private final List<Throwable> errors = new ArrayList<>();

    @AfterEach
    void close()
    {
        region.close();
    }

    private void assertAutomatic(final ClientPort client, final long id, final int outcome)
    {
        assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(id);
        assertThat(message.outcome()).isEqualTo(outcome);
        assertThat(message.length()).isZero();
        message.release();
    }

    @Test
    @DisplayName("B4: a wait set returns the ports that are ready, each in its turn, and takes no message itself")
    void shouldFindReadyPort()
    {
        final WaitSet waitSet = process.waitSet().add(first).add(second);
        assertThat(waitSet.size()).isEqualTo(2);
        assertThat(waitSet.poll()).isNull();
        assertThat(waitSet.await(0)).isNull();
        assertThat(waitSet.await(200_000)).isNull();
        ofSecond.put(bytes, 0, 1);
        assertThat(waitSet.poll()).isSameAs(second);
        assertThat(waitSet.poll()).isSameAs(second);
        ofFirst.put(bytes, 0, 1);
        final Set<Port> found = new HashSet<>();
        found.add(waitSet.poll());
        found.add(waitSet.await(Long.MAX_VALUE));
        assertThat(found).containsExactlyInAnyOrder(first, second);
        assertThat(first.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(waitSet.poll()).isSameAs(second);
        waitSet.remove(second);
        assertThat(waitSet.poll()).isNull();
        assertThat(waitSet.remove(second).size()).isEqualTo(1);
        waitSet.close();
        waitSet.close();
        assertThatThrownBy(waitSet::poll).isInstanceOf(IllegalStateException.class);
        // Both can be in another one now.
        process.waitSet().add(first).add(second);
    }

    @Test
    @DisplayName("B4: a reply, a disposal, a closed port and a service that went are worth a get, too")
    void shouldFindWhateverIsDue()
    {
        final WaitSet services = process.waitSet().add(first).add(second);
        final WaitSet waitSet = clients.waitSet().add(ofFirst).add(ofSecond);
        ofFirst.put(bytes, 0, 1);
        first.get(message);
        message.reply(bytes, 0, 1);
        assertThat(waitSet.poll()).isSameAs(ofFirst);
        ofFirst.get(message);
        assertThat(services.poll()).isNull();
        message.release();
        assertThat(services.poll()).isSameAs(first);
        assertThat(first.get(message)).isEqualTo(MessageState.DISPOSE);
        assertThat(services.poll()).isNull();
        assertThat(waitSet.poll()).isNull();
        second.close();
        assertThat(services.poll()).isSameAs(second);
        assertThat(waitSet.poll()).isSameAs(ofSecond);
    }

    @Test
    @DisplayName("B4: a port of another attachment, one that spins only and one that is in a set are refused")
    void shouldRefusePort()
    {
        final WaitSet waitSet = process.waitSet();
        assertThatThrownBy(() -> waitSet.add(ofFirst)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("name=first");
        final ServicePort spinning = process.service("spinning", new PortOptions().spinOnly(true));
        assertThatThrownBy(() -> waitSet.add(spinning)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("name=spinning");
        waitSet.add(first);
        assertThatThrownBy(() -> waitSet.add(first)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> process.waitSet().add(first)).isInstanceOf(IllegalArgumentException.class);
        assertThat(waitSet.size()).isEqualTo(1);
        assertThatThrownBy(() -> waitSet.await(-5)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("timeoutNs=-5");
    }

    @Test
    @DisplayName("B4, R16: an interrupted thread returns from a wait set without a port, its interrupt status set")
    void shouldReturnWhenInterrupted()
    {
        final WaitSet waitSet = process.waitSet().add(first);
        Thread.currentThread().interrupt();
        assertThat(waitSet.await(Long.MAX_VALUE)).isNull();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    @DisplayName("R11, B4: each message has an upcall, up to a limit in one duty cycle; its view ends with the upcall")
    void shouldCallHandler()
    {
        final List<Long> handled = new ArrayList<>();
        final PortAgent agent = new PortAgent(first, (request) ->
        {
            handled.add(request.id());
            if (MessageState.REQUEST == request.state())
            {
                bytes.putInt(0, request.buffer().getInt(0) + 1);
                assertThat(request.reply(bytes, 0, 4)).isEqualTo(Status.OK);
            }
        }, 2);
        assertThat(agent.roleName()).contains("first");
        assertThat(agent.doWork()).isZero();
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++)
        {
            bytes.putInt(0, 10 * i);
            ids.add(ofFirst.put(bytes, 0, 4));
        }
        assertThat(agent.doWork()).isEqualTo(2);
        assertThat(agent.doWork()).isEqualTo(1);
        assertThat(handled).isEqualTo(ids);
        for (int i = 0; i < 3; i++)
        {
            assertThat(ofFirst.get(message)).isEqualTo(MessageState.REPLY);
            assertThat(message.buffer().getInt(0)).isEqualTo(10 * i + 1);
            message.release();
        }
        assertThat(agent.doWork()).as("disposals, beside the limit").isEqualTo(3);
        agent.onClose();
        assertThat(first.isClosed()).isTrue();
        assertThat(agent.doWork()).isZero();
    }

    @Test
    @DisplayName("B4: a handler keeps a request by its id and replies later")
    void shouldReplyAfterHandler()
    {
        final List<Long> kept = new ArrayList<>();
        final PortAgent agent = new PortAgent(first, (request) -> kept.add(request.id()), 10);
        final long id = ofFirst.put(bytes, 0, 4);
        assertThat(agent.doWork()).isEqualTo(1);
        assertThat(ofFirst.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(first.reply(kept.get(0), bytes, 0, 3)).isEqualTo(Status.OK);
        assertThat(ofFirst.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(id);
        assertThat(message.length()).isEqualTo(3);
    }

    @Test
    @DisplayName(
        "B4: a handler's exception goes to the error handler, its request is replied to, and the port continues")
    void shouldReplyForHandlerThatThrows()
    {
        final RuntimeException thrown = new IllegalStateException("thrown on purpose");
        final boolean[] replies = new boolean[1];
        final AgentInvoker invoker = new AgentInvoker(errors::add, null, new PortAgent(first, (request) ->
        {
            if (replies[0])
            {
                request.reply(bytes, 0, 5);
            }
            throw thrown;
        }, 1));
        invoker.start();
        final long id = ofFirst.put(bytes, 0, 1);
        invoker.invoke();
        assertThat(errors).containsExactly(thrown);
        assertAutomatic(ofFirst, id, Outcome.REPLIED);
        replies[0] = true;
        ofFirst.put(bytes, 0, 1);
        invoker.invoke();
        while (ofFirst.get(message) < 0)
        {
            // The disposal was handled first, and its handler threw, too.
            invoker.invoke();
        }
        assertThat(message.length()).isEqualTo(5);
        message.release();
        assertThat(errors).allMatch((error) -> error == thrown);
        assertThat(first.isClosed()).isFalse();
        invoker.close();
        assertThat(first.isClosed()).isTrue();
    }

    @Test
    @DisplayName("B4, B1: an error of the handler closes the port: received requests end as SERVICE_CLOSED")
    void shouldClosePortWhenHandlerFails()
    {
        final Error thrown = new AssertionError("thrown on purpose");
        final PortAgent agent = new PortAgent(first, (request) ->
        {
            throw thrown;
        }, 1);
        final long id = ofFirst.put(bytes, 0, 1);
        final long unseenId = ofFirst.put(bytes, 0, 1);
        assertThatThrownBy(agent::doWork).isSameAs(thrown);
        assertThat(first.isClosed()).isTrue();
        assertAutomatic(ofFirst, id, Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        assertAutomatic(ofFirst, unseenId, Outcome.SERVICE_CLOSED);
        assertThat(ofFirst.get(message)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(agent.doWork()).isZero();
    }

    @Test
    @DisplayName("B4: a client's port has upcalls, too; each reply is released after its upcall")
    void shouldCallHandlerOfClient()
    {
        final List<Integer> lengths = new ArrayList<>();
        final PortAgent agent = new PortAgent(ofFirst, (reply) ->
        {
            lengths.add(reply.length());
            if (lengths.size() == 2)
            {
                throw new IllegalStateException("thrown on purpose");
            }
        }, 10);
        for (int i = 0; i < 3; i++)
        {
            ofFirst.put(bytes, 0, 1);
            int state = first.get(message);
            if (MessageState.DISPOSE == state)
            {
                state = first.get(message);
            }
            assertThat(state).isEqualTo(MessageState.REQUEST);
            message.reply(bytes, 0, i);
        }
        assertThatThrownBy(agent::doWork).isInstanceOf(IllegalStateException.class);
        assertThat(agent.doWork()).isEqualTo(1);
        assertThat(lengths).containsExactly(0, 1, 2);
        assertThat(ofFirst.inProgress()).isZero();
    }

    @Test
    @DisplayName("B4: an agent without a positive limit is refused with a message that shows it")
    void shouldRefuseLimit()
    {
        for (final int limit : new int[]{0, -3})
        {
            assertThatThrownBy(() -> new PortAgent(first, (request) -> errors.clear(), limit))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("messageLimit=" + limit);
        }
    }
}
