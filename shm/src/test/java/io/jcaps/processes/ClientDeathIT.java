/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageHandler;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortAgent;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.processes.HaltedParty.Point;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import io.jcaps.testkit.Extent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * A client's process is killed.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientDeathIT
{
    private static final String NAME = "survivor";
    private static final int KILLS = Extent.of(8, 30);
    private static final int SIZE = 5_000;
    private static final long READ_NS = TimeUnit.SECONDS.toNanos(1);

    @RegisterExtension
    private final TestRegion region = new TestRegion();

    @Test
    @DisplayName("R24, R25: DISPOSE for received and replied messages, a view stays readable, and nothing remains")
    void shouldGetBackWhatKilledClientsLeft()
    {
        final Attachment attachment = region.closing(region.attach());
        final int uid = attachment.credentials().euid();
        final ServicePort service = attachment.service(NAME, new PortOptions().flags(PortFlags.USER));
        final Tables tables = region.tables();
        final Message view = new Message();
        final Message other = new Message();
        final UnsafeBuffer reply = new UnsafeBuffer(new byte[100]);

        ChildJvm next = region.closing(ChildJvm.start(region.path()));
        for (int i = 0; i < KILLS; i++)
        {
            final ChildJvm client = next;
            final long port = client.number("client", NAME, uid, -1, CapsSys.CAPF_USER);
            assertThat(port).isPositive();
            if (i + 1 < KILLS)
            {
                next = region.closing(ChildJvm.start(region.path()));
            }
            final long received = client.number("put", port, SIZE, i);
            final long replied = client.number("put", port, 10, i);
            final long taken = client.number("put", port, 10, i);
            final long unseen = client.number("put", port, 10, i);
            assertThat(receive(service, view)).isEqualTo(received);
            assertThat(receive(service, other)).isEqualTo(replied);
            assertThat(receive(service, other)).isEqualTo(taken);
            assertThat(service.reply(taken, reply, 0, 100)).isEqualTo(Status.OK);
            assertThat(client.ask("wait", port)).startsWith(CapsSys.CAPMS_REPLY + " " + taken + " 100");
            assertThat(service.reply(replied, reply, 0, 100)).isEqualTo(Status.OK);
            client.kill();
            while (service.clientCount() > 0)
            {
                LockSupport.parkNanos(100_000);
            }

            final Set<Long> disposed = new HashSet<>();
            while (Status.WOULD_BLOCK != service.get(other))
            {
                assertThat(other.state()).isEqualTo(MessageState.DISPOSE);
                assertThat(disposed.add(other.id())).isTrue();
            }
            assertThat(disposed).containsExactlyInAnyOrder(received, replied, taken).doesNotContain(unseen);
            assertThat(service.reply(received, reply, 0, 1)).isEqualTo(Status.INVALID);
            // The dead client's bytes are still there, and no other client has its link.
            assertThat(view.length()).isEqualTo(SIZE);
            assertThat(Pattern.isIn(view.buffer(), SIZE, i)).isTrue();
            assertThat(tables.usedLinks()).hasSize(1);
            view.release();
            assertThat(service.get(other)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(tables.usedLinks()).isEmpty();
        }
        attachment.close();
    }

    private static long receive(final ServicePort service, final Message message)
    {
        int state;
        do
        {
            state = service.await(message, Long.MAX_VALUE);
        }
        while (MessageState.DISPOSE == state);
        assertThat(state).isEqualTo(MessageState.REQUEST);
        return message.id();
    }

    @Test
    @DisplayName("R24, R25: a service asleep releases the killed client's link without a call")
    void shouldFreeLinkOfKilledClientWhileServiceSleeps()
    {
        final CapsSys sys = region.openSys();
        final int uid = region.ownUid();
        final int svc = sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        final Thread waiter = new Thread(() -> sys.wait(svc, new UnsafeBuffer(new byte[1]), 1, null, null));
        waiter.start();
        region.closing(
            () ->
            {
                waiter.interrupt();
                waiter.join();
            });
        final Tables tables = region.tables();
        final ChildJvm client = region.closing(ChildJvm.start(region.path()));
        for (int i = 0; i < TestRegion.SMALL.linkCount(); i++)
        {
            assertThat(client.number("client", NAME, uid, -1, CapsSys.CAPF_USER)).isPositive();
        }
        assertThat(sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.ENOBUFS);
        while (tables.acceptedLinkCount() < TestRegion.SMALL.linkCount())
        {
            LockSupport.parkNanos(1_000_000);
        }
        client.kill();
        while (tables.acceptedLinkCount() > 0)
        {
            LockSupport.parkNanos(1_000_000);
        }
        // If the kill came while the last one was being accepted, that one is removed by who connects next: here.
        assertThat(sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER)).isPositive();
        assertThat(tables.sleeperCount(NAME)).isEqualTo(1);
    }

    @Test
    @DisplayName("R25: clients killed before the service has seen them do not affect others")
    void shouldFreeLinksOfClientsThatWereNeverSeen()
    {
        final CapsSys sys = region.openSys();
        final int uid = region.ownUid();
        final int svc = sys.service(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        final ChildJvm client = region.closing(ChildJvm.start(region.path()));
        for (int i = 0; i < TestRegion.SMALL.linkCount(); i++)
        {
            final long port = client.number("client", NAME, uid, -1, CapsSys.CAPF_USER);
            assertThat(client.number("put", port, 1, 1)).isPositive();
        }
        client.kill();
        client.awaitEnd();
        // Some may have been accepted by the watch: those are the service's until it has noticed the death.
        int port = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        while (port < 0)
        {
            assertThat(sys.errno()).isEqualTo(CapsSys.ENOBUFS);
            LockSupport.parkNanos(1_000_000);
            port = sys.client(NAME, uid, -1, 0, CapsSys.CAPF_USER);
        }
        final long id = sys.put(port, null, 0);
        final CapsMsgId msgid = new CapsMsgId();
        assertThat(sys.wait(svc, new UnsafeBuffer(new byte[1]), 1, msgid, null)).isZero();
        assertThat(msgid.id).isEqualTo(id);
    }

    @Test
    @DisplayName("F3, R24, R25: a client is killed inside the handler: its bytes stay, then INVALID and DISPOSE")
    void shouldKeepWhatHandlerReadsWhenItsClientIsKilled() throws InterruptedException
    {
        final Attachment attachment = region.closing(region.attach());
        final int uid = attachment.credentials().euid();
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final ServicePort service = attachment.service(NAME, options);
        final Tables tables = region.tables();
        final CountDownLatch inHandler = new CountDownLatch(1);
        final CountDownLatch killed = new CountDownLatch(1);
        final AtomicInteger result = new AtomicInteger(1);
        final List<Long> disposed = new CopyOnWriteArrayList<>();
        final List<Throwable> errors = new CopyOnWriteArrayList<>();
        final AgentRunner runner = new AgentRunner(new YieldingIdleStrategy(), errors::add, null,
            new PortAgent(service, new MessageHandler()
            {
                @Override
                public void onMessage(final Message message)
                {
                    if (message.length() != SIZE)
                    {
                        message.reply();
                        return;
                    }
                    inHandler.countDown();
                    long untilNs = Long.MAX_VALUE;
                    while (System.nanoTime() < untilNs)
                    {
                        assertThat(Pattern.isIn(message.buffer(), SIZE, 1)).isTrue();
                        if (0 == killed.getCount() && Long.MAX_VALUE == untilNs)
                        {
                            untilNs = System.nanoTime() + READ_NS;
                        }
                        Thread.yield();
                    }
                    result.set(message.reply());
                }

                @Override
                public void onDispose(final long id)
                {
                    disposed.add(id);
                }
            }, 1));
        region.closing(runner);
        final Thread thread = new Thread(runner);
        thread.start();

        final ChildJvm child = region.closing(ChildJvm.start(region.path()));
        final long id = child.number("put", child.number("client", NAME, uid, -1, CapsSys.CAPF_USER), SIZE, 1);
        inHandler.await();
        child.kill();
        child.awaitEnd();
        killed.countDown();
        // All other links are taken and written to; that of the dead client is not among them.
        final Attachment asking = region.closing(region.attach());
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[SIZE]);
        Pattern.fill(bytes, SIZE, 2);
        final List<ClientPort> others = new ArrayList<>();
        for (int i = 1; i < TestRegion.SMALL.linkCount(); i++)
        {
            others.add(asking.client(NAME, options));
            for (int j = 0; j < TestRegion.SMALL.slotCount(); j++)
            {
                assertThat(others.get(i - 1).put(bytes, 0, SIZE - 1)).isPositive();
            }
        }
        assertThat(result).as("the handler reads on").hasValue(1);
        assertThatThrownBy(() -> asking.client(NAME, options))
            .isInstanceOf(CapsException.class).extracting("status").isEqualTo(Status.NO_BUFFERS);

        final Message reply = new Message();
        for (final ClientPort other : others)
        {
            for (int j = 0; j < TestRegion.SMALL.slotCount(); j++)
            {
                assertThat(other.await(reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
                assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
                reply.release();
            }
        }
        assertThat(result).hasValue(Status.INVALID);
        await().until(() -> disposed.contains(id));
        await().until(() -> tables.usedLinks().size() == others.size());
        try (ClientPort next = asking.client(NAME, options))
        {
            assertThat(next.call(bytes, 0, SIZE - 1, reply, Long.MAX_VALUE)).isEqualTo(MessageState.REPLY);
            reply.release();
        }
        runner.close();
        thread.join();
        assertThat(errors).isEmpty();
        assertThat(disposed).containsOnlyOnce(id);
    }

    @Test
    @DisplayName("F4, R21, R25: a client is killed with a view of its reply: one DISPOSE, and nothing remains")
    void shouldDisposeOfReplyThatKilledClientWasReading()
    {
        final Attachment attachment = region.closing(region.attach());
        final int uid = attachment.credentials().euid();
        final ServicePort service = attachment.service(NAME, new PortOptions().flags(PortFlags.USER));
        final Tables tables = region.tables();
        final Message message = new Message();
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[HaltedParty.SIZE]);
        Pattern.fill(bytes, HaltedParty.SIZE, HaltedParty.REPLY_NUMBER);
        for (int i = 0; i < 3; i++)
        {
            final ChildJvm client = region.closing(ChildJvm.start(region.path()));
            assertThat(client.ask("party", "begin", Point.VIEW, NAME, uid, 0)).isEqualTo("begun");
            final long id = receive(service, message);
            assertThat(message.reply(bytes, 0, HaltedParty.SIZE)).isEqualTo(Status.OK);
            client.ask("party", "halt", Point.VIEW);
            assertThat(service.get(message)).as("the client still reads").isEqualTo(Status.WOULD_BLOCK);
            client.kill();
            int state = service.get(message);
            while (Status.WOULD_BLOCK == state)
            {
                LockSupport.parkNanos(100_000);
                state = service.get(message);
            }
            assertThat(state).isEqualTo(MessageState.DISPOSE);
            assertThat(message.id()).isEqualTo(id);
            assertThat(service.clientCount()).isZero();
            assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
            assertThat(tables.usedLinks()).isEmpty();
        }
    }
}
