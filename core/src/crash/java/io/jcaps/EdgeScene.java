/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.LocalRegion;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkEntry;
import io.jcaps.layout.LinkEntryDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.layout.RegionException;
import io.jcaps.sched.Scenario;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A service; a client of it with one request in the service's hands, one reply in view and one request on its way; a
 * newcomer that is not accepted yet, with a request; and a client that has died unnoticed. On these, two or more
 * operations at the same time, each in a thread of its own.
 */
public final class EdgeScene implements Scenario
{
    private static final Geometry GEOMETRY = new Geometry(6, 10, 6, 8, 64);
    private static final String NAME = "s";
    private static final int LENGTH = 8;
    private static final int MAX_ROUNDS = 20;

    private final LocalRegion region = new LocalRegion(GEOMETRY);
    private final List<EdgeHost.Sleeper> futex = EdgeHost.futex();
    private final List<EdgeHost> hosts = new ArrayList<>();
    private final List<Attachment> attachments = new ArrayList<>();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[LENGTH]);
    private final Operation[] operations;

    private final Attachment services = attach();
    private final ServicePort service = services.service(NAME, options());
    private final EdgeHost serviceHost = hosts.get(0);
    private final EdgeHost clientHost;
    private final Attachment clients;
    private final ClientPort client;
    private final WaitSet waitSet;
    // Where a port moves from one set to another, that one has a port more, and the other set is there.
    private final WaitSet otherSet;
    private final ClientPort spare;
    private final Attachment newcomers;
    private final ClientPort newcomer;
    private final Message request = new Message();
    private final Message reply = new Message();
    private final Claim claim = new Claim();
    private final Claim replyClaim = new Claim();
    private final int linkIndex;
    private final long heldId;
    private final long waitingId;

    private final Set<Long> put = new HashSet<>();
    private final Set<Long> held = new HashSet<>();
    private final Set<Long> received = new HashSet<>();
    private final Set<Long> replied = new HashSet<>();
    private final Set<Long> disposed = new HashSet<>();
    private final Map<Long, Integer> outcomes = new HashMap<>();
    private final Set<Long> byDead = new HashSet<>();
    private final List<ClientPort> furtherClients = new ArrayList<>();
    private boolean isReplying;
    private boolean isPutting;
    private boolean isAwaiting;
    private boolean isWaitSetAwaiting;
    private boolean isOtherSetAwaiting;
    private boolean isLifeLost;
    private final List<ServicePort> successors = new ArrayList<>();

    /** What a thread does. */
    enum Operation
    {
        ATTACH
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.attach();
            }
        },
        REGISTER
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.newcomers.service("n", options());
            }
        },
        CONNECT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.furtherClients.add(scene.clients.client(NAME, options()));
            }
        },
        OPEN_WAIT_SET
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.clients.waitSet();
            }
        },
        ACCEPT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.receive(new Message());
            }
        },
        CLOSE_CLIENT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.client.close();
            }
        },
        CLOSE_SERVICE
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.service.close();
            }
        },
        CLOSE_CLIENTS_PROCESS
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.clients.close();
                // Whoever comes next reaps.
                scene.attach();
            }
        },
        CLOSE_SERVICES_PROCESS
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.services.close();
                scene.attach();
            }
        },
        AWAIT_WAIT_SET
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isWaitSetAwaiting = true;
                try
                {
                    scene.waitSet.await(Long.MAX_VALUE);
                }
                catch (final IllegalStateException ex)
                {
                    check(null != end(scene.waitSet), ex.toString());
                }
                finally
                {
                    scene.isWaitSetAwaiting = false;
                }
            }
        },
        MOVE_TO_OTHER_SET
        {
            @Override
            void run(final EdgeScene scene)
            {
                try
                {
                    scene.waitSet.remove(scene.client);
                }
                catch (final IllegalStateException ex)
                {
                    check(null != end(scene.waitSet), ex.toString());
                }
                try
                {
                    scene.otherSet.add(scene.client);
                    scene.isOtherSetAwaiting = true;
                    scene.otherSet.await(Long.MAX_VALUE);
                }
                catch (final IllegalStateException ex)
                {
                    check(null != end(scene.otherSet), ex.toString());
                }
                finally
                {
                    scene.isOtherSetAwaiting = false;
                }
            }
        },
        CLOSE_WAIT_SET
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.waitSet.close();
            }
        },
        SERVICES_ROUND
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.services.watch().doWork();
            }
        },
        CLIENTS_ROUND
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.clients.watch().doWork();
            }
        },
        ABORT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.client.abort(scene.heldId, true);
            }
        },
        ABORT_WAITING
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.client.abort(scene.waitingId, false);
            }
        },
        RELEASE
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.request.release();
            }
        },
        RELEASE_REPLY
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.reply.release();
            }
        },
        REPLY
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isReplying = true;
                scene.replied(scene.heldId, scene.service.reply(scene.heldId, scene.bytes, 0, LENGTH));
            }
        },
        CLAIM_REPLY
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isReplying = true;
                if (Status.OK == scene.service.claim(scene.heldId, LENGTH, scene.replyClaim))
                {
                    scene.write(scene.replyClaim);
                    scene.replied(scene.heldId, scene.replyClaim.reply());
                }
            }
        },
        PUT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isPutting = true;
                scene.put(scene.client.put(scene.bytes, 0, LENGTH));
            }
        },
        PUT_CLAIM
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isPutting = true;
                scene.write(scene.claim);
                scene.put(scene.claim.put());
            }
        },
        AWAIT
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isAwaiting = true;
                final Message message = new Message();
                scene.taken(scene.client.await(message, Long.MAX_VALUE), message);
                scene.isAwaiting = false;
            }
        },
        SERVICE_VANISHES
        {
            /** As a service that dies between its flag and its wake-ups: the first thread that looks wakes the rest. */
            @Override
            void run(final EdgeScene scene)
            {
                final LinkEntry link =
                    new LinkEntry(scene.clients.openPorts.context.host.tables(), GEOMETRY).wrap(scene.linkIndex);
                link.change(
                    LinkEntry.incarnation(link.state()), LinkEntryDescriptor.SERVICE_CLOSED, 0);
                scene.client.isConnected();
            }
        },
        LOSE_LIFE
        {
            @Override
            void run(final EdgeScene scene)
            {
                scene.isLifeLost = true;
                scene.serviceHost.loseLife();
                scene.clients.close();
                scene.newcomers.close();
                // Its entry, and its ports', may be this one's now.
                final Attachment other = scene.attach();
                for (int i = 0; i < 3; i++)
                {
                    scene.successors.add(other.service("t", options()));
                }
            }
        };

        abstract void run(EdgeScene scene);
    }

    /**
     * @param names of the operations.
     */
    public EdgeScene(final String... names)
    {
        operations = new Operation[names.length];
        for (int i = 0; i < names.length; i++)
        {
            operations[i] = Operation.valueOf(names[i]);
        }
        clients = attach();
        clientHost = hosts.get(hosts.size() - 1);
        client = clients.client(NAME, options());
        linkIndex = new PortEntry(region.host().tables(), GEOMETRY).wrap(client.portIndex).linkIndex();
        waitSet = clients.waitSet();
        waitSet.add(client);
        otherSet = has(Operation.MOVE_TO_OTHER_SET) ? clients.waitSet() : null;
        spare = has(Operation.MOVE_TO_OTHER_SET) ? clients.client(NAME, options()) : null;
        if (null != spare)
        {
            waitSet.add(spare);
        }
        final Attachment dying = attach();
        final long deadId = dying.client(NAME, options()).put(bytes, 0, LENGTH);
        byDead.add(deadId);
        final Message message = new Message();
        put(client.put(bytes, 0, LENGTH));
        receive(message);
        while (!received.contains(deadId))
        {
            receive(request);
            request.release();
        }
        while (message.isView())
        {
            final long id = put.iterator().next();
            replied(id, service.reply(id, bytes, 0, LENGTH));
            message.release();
        }
        taken(client.get(reply), reply);
        heldId = put(client.put(bytes, 0, LENGTH));
        receive(request);
        waitingId = put(client.put(bytes, 0, LENGTH));
        if (has(Operation.PUT_CLAIM))
        {
            client.claim(LENGTH, claim);
        }
        newcomers = attach();
        newcomer = newcomers.client(NAME, options());
        final long newId = put(newcomer.put(bytes, 0, LENGTH));
        // Where a death is to be noticed, no other event calls for a look.
        while (has(Operation.RELEASE) && !received.contains(newId))
        {
            receive(message);
            message.release();
        }
        dying.abandon();
        attachments.remove(dying);
        if (has(Operation.CLOSE_CLIENTS_PROCESS) || has(Operation.CLOSE_SERVICES_PROCESS))
        {
            announceSleeper(client.portIndex);
            announceSleeper(service.portIndex);
        }
    }

    /** As a thread that died asleep: each wake-up of the port is a store then, which must not be late. */
    private void announceSleeper(final int portIndex)
    {
        final AtomicBuffer tables = region.host().tables();
        tables.getAndAddInt(new PortEntry(tables, GEOMETRY).wrap(portIndex).sleepersOffset(), 1);
    }

    private boolean has(final Operation operation)
    {
        return Arrays.asList(operations).contains(operation);
    }

    private static PortOptions options()
    {
        return new PortOptions().spinCount(0);
    }

    private static void check(final boolean isTrue, final Object what)
    {
        if (!isTrue)
        {
            throw new AssertionError(what);
        }
    }

    private Attachment attach()
    {
        final EdgeHost host = new EdgeHost(region.host(), futex);
        hosts.add(host);
        final Attachment result = Attachment.attach(host, 0, (ex) -> {});
        attachments.add(result);
        return result;
    }

    /** Why no thread may sleep on in the wait set; null if it may. */
    private static Object end(final WaitSet waitSet)
    {
        try
        {
            return waitSet.poll();
        }
        catch (final IllegalStateException ex)
        {
            return ex;
        }
    }

    // ---- what is recorded

    private long put(final long id)
    {
        if (id > 0)
        {
            put.add(id);
        }
        return id;
    }

    private void write(final Claim claim)
    {
        try
        {
            final MutableDirectBuffer buffer = claim.buffer();
            (claim == this.claim ? clientHost : serviceHost).beforeLinkStore(linkIndex);
            buffer.putLong(0, 1);
        }
        catch (final IllegalStateException ex)
        {
            check(claim.client() == client ? client.isClosed() : service.isClosed(), ex.toString());
        }
    }

    private int receive(final Message message)
    {
        final int state = service.get(message);
        if (MessageState.REQUEST == state)
        {
            check(isPutting || put.contains(message.id()) || byDead.contains(message.id()), "put: " + message);
            check(received.add(message.id()), "received once: " + message);
            held.add(message.id());
        }
        else if (MessageState.DISPOSE == state)
        {
            check(disposed.add(message.id()), "disposed of once: " + message);
        }
        return state;
    }

    private void replied(final long id, final int status)
    {
        if (Status.OK == status)
        {
            replied.add(id);
        }
    }

    private boolean taken(final int state, final Message message)
    {
        if (MessageState.REPLY == state)
        {
            check(isPutting || put.contains(message.id()), "put: " + message);
            check(null == outcomes.put(message.id(), message.outcome()), "one outcome: " + message);
            if (message != reply || 0 == heldId)
            {
                final int kind = Outcome.kind(message.outcome());
                check(Outcome.REPLIED != kind || isReplying || replied.contains(message.id()), "replied: " + message);
            }
            if (message != reply)
            {
                message.release();
            }
        }
        return state >= 0;
    }

    // ---- the schedule

    @Override
    public void run(final int index)
    {
        try
        {
            operations[index].run(this);
        }
        catch (final CapsException ex)
        {
            final int status = ex.status();
            check(Status.CLOSED == status || Status.NOT_FOUND == status || Status.NOT_CONNECTED == status ||
                Status.NO_BUFFERS == status, ex);
        }
        catch (final RegionException ex)
        {
            check(isLifeLost, ex);
        }
    }

    @Override
    public void rescue()
    {
        check(!isAwaiting || !client.isClosed() && !client.isReady(), "a sleeper at a port is forgotten");
        check(!isWaitSetAwaiting || null == end(waitSet), "a sleeper at a wait set is forgotten");
        check(!isOtherSetAwaiting || null == end(otherSet), "a sleeper at the other wait set is forgotten");
        client.close();
        if (null != spare)
        {
            spare.close();
        }
    }

    @Override
    public void check()
    {
        for (final EdgeHost host : hosts)
        {
            if (null != host.fault() && !isLifeLost)
            {
                throw host.fault();
            }
        }
        if (isLifeLost)
        {
            learnLoss();
        }
        if (has(Operation.SERVICE_VANISHES))
        {
            services.abandon();
        }
        settle();
        check(service.isClosed() || disposed.containsAll(byDead), "a death is reported");
        for (final Map.Entry<Long, Integer> entry : outcomes.entrySet())
        {
            check(Outcome.wasReceived(entry.getValue()) || !received.contains(entry.getKey()),
                "not received, as reported: " + entry.getKey());
        }
        if (!client.isClosed())
        {
            for (final long id : put)
            {
                check(outcomes.containsKey(id) || newcomer.isClosed(), "an outcome: " + id);
            }
            check(0 == client.inProgress(), "no slot in use");
        }
        for (final ServicePort successor : successors)
        {
            final PortEntry entry = new PortEntry(region.host().tables(), GEOMETRY).wrap(successor.portIndex);
            check(entry.isOpen() && entry.incarnation() == successor.incarnation(), "the next owner's port is open");
        }
        close();
    }

    private void learnLoss()
    {
        try
        {
            services.watch().doWork();
        }
        catch (final RegionException ignore)
        {
            // As wanted.
        }
    }

    private void settle()
    {
        final Message message = new Message();
        for (int round = 0; round < MAX_ROUNDS; round++)
        {
            if (!client.isClosed())
            {
                settleClient(clients, client, message);
            }
            if (!newcomer.isClosed())
            {
                settleClient(newcomers, newcomer, message);
            }
            if (!service.isClosed())
            {
                services.watch().doWork();
                receive(message);
                message.release();
                for (final long id : held)
                {
                    replied(id, service.reply(id, bytes, 0, LENGTH));
                }
                held.clear();
            }
            request.release();
            reply.release();
        }
        claim.cancel();
        replyClaim.cancel();
    }

    private void settleClient(final Attachment attachment, final ClientPort port, final Message message)
    {
        attachment.watch().doWork();
        taken(port.get(message), message);
    }

    private void close()
    {
        newcomers.close();
        clients.close();
        if (!service.isClosed())
        {
            final Message message = new Message();
            services.watch().doWork();
            while (receive(message) >= 0)
            {
                message.release();
            }
            check(disposed.equals(received), "each that was received is disposed of: " + received + disposed);
            check(0 == service.clientCount(), "no client is left");
        }
        for (final Attachment attachment : attachments)
        {
            attachment.close();
        }
        checkNothingLeft();
        Attachment.attach(region.host(), 0, (ex) -> {}).close();
        checkEmpty();
    }

    /** Whoever closed has left nothing; what the dead and the lost have left is reaped after this. */
    private void checkNothingLeft()
    {
        final ProcessEntry process = new ProcessEntry(region.host().tables(), GEOMETRY);
        final Set<Long> left = new HashSet<>();
        for (int i = 0; i < GEOMETRY.processCount(); i++)
        {
            left.add(process.wrap(i).incarnation());
        }
        final PortEntry port = new PortEntry(region.host().tables(), GEOMETRY);
        for (int i = 0; i < GEOMETRY.portCount() && !isLifeLost; i++)
        {
            port.wrap(i);
            check(0 == port.incarnation() || !port.isOpen() || left.contains(port.processIncarnation()),
                "a port of a process that has left: " + i);
        }
        final LinkEntry link = new LinkEntry(region.host().tables(), GEOMETRY);
        for (int i = 0; i < GEOMETRY.linkCount() && !isLifeLost; i++)
        {
            final long state = link.wrap(i).state();
            check((state & LinkEntryDescriptor.CLIENT_HOLDS) == 0 || left.contains(link.clientProcessIncarnation()),
                "a link of a client that has left: " + i);
        }
    }

    private void checkEmpty()
    {
        final ProcessEntry process = new ProcessEntry(region.host().tables(), GEOMETRY);
        for (int i = 0; i < GEOMETRY.processCount(); i++)
        {
            check(0 == process.wrap(i).incarnation(), "a process is left: " + i);
        }
        final PortEntry port = new PortEntry(region.host().tables(), GEOMETRY);
        for (int i = 0; i < GEOMETRY.portCount(); i++)
        {
            check(0 == port.wrap(i).incarnation(), "a port is left: " + i);
        }
        final LinkEntry link = new LinkEntry(region.host().tables(), GEOMETRY);
        for (int i = 0; i < GEOMETRY.linkCount(); i++)
        {
            check(LinkEntry.isFree(link.wrap(i).state()), "a link is left: " + i);
        }
    }
}
