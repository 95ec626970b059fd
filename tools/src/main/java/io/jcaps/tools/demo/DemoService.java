/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import io.jcaps.tools.child.Payload;
import org.agrona.collections.Int2IntHashMap;
import org.agrona.collections.LongHashSet;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * The demo's service, a process of its own: checks each request in place, and writes its reply in place. It identifies
 * a client by the credentials that the operating system reports, and a message by its order.
 * <p>
 * Commands: {@code clients} (pids, next sequence numbers), {@code hold}, {@code report}, {@code stop}. Reports: {@code
 * ready}, {@code known}, {@code holding}, {@code report}, {@code failed}.
 */
final class DemoService
{
    private static final long AWAIT_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int COMMAND_INTERVAL_MASK = 0xFF;
    private static final int NO_CLIENT = -1;
    private static final long SEED = 1;

    private final ParentLink parent;
    private final ServicePort port;
    private final Witness witness;
    private final Message message = new Message();
    private final Claim claim = new Claim();
    private final Int2IntHashMap clientByPid = new Int2IntHashMap(NO_CLIENT);
    private final long[] nextSequences = new long[Demo.CLIENT_COUNT];
    private final long[] lastIds = new long[Demo.CLIENT_COUNT];
    private final LongHashSet undisposed = new LongHashSet();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private long received;
    private long doubled;
    private boolean isStopped;

    // Received requests that wait for their reply: none unless the command {@code hold} came.
    private int holdCount;
    private int heldCount;
    private long[] heldIds = new long[1];
    private int[] heldClients = new int[1];
    private long[] heldSequences = new long[1];

    private DemoService(final ParentLink parent, final ServicePort port, final Witness witness)
    {
        this.parent = parent;
        this.port = port;
        this.witness = witness;
    }

    /**
     * @param args directory and generation.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        final long generation = Long.parseLong(args[1]);
        ParentLink.run(directory, (parent) ->
        {
            try (Witness witness = Witness.create(Demo.witnessFile(directory, generation));
                Attachment attachment = Demo.attach(Demo.regionFile(directory));
                ServicePort port = attachment.service(
                    Demo.SERVICE_NAME, new PortOptions().generation(generation).singleThreaded(true)))
            {
                parent.tell(new Line("ready"));
                new DemoService(parent, port, witness).run();
            }
        });
    }

    private void run()
    {
        for (int i = 0; !isStopped; i++)
        {
            final int result = port.await(message, AWAIT_NS);
            if (MessageState.REQUEST == result)
            {
                onRequest();
            }
            else if (MessageState.DISPOSE == result)
            {
                onDispose();
            }
            else if (Status.TIMED_OUT != result)
            {
                throw new ChildFailure("service: await returned " + Status.text(result));
            }
            if (Status.TIMED_OUT == result || (i & COMMAND_INTERVAL_MASK) == 0)
            {
                onCommands();
            }
        }
    }

    private void onRequest()
    {
        received++;
        final int client = clientByPid.get(message.credentials().pid());
        if (NO_CLIENT == client)
        {
            throw new ChildFailure("service: message from an unknown client: " + message.credentials());
        }
        if (message.id() <= lastIds[client])
        {
            doubled++;
            throw new ChildFailure("service: message " + message.id() + " of client " + (client + 1) + " came again");
        }
        lastIds[client] = message.id();
        final long sequence = nextSequences[client]++;
        witness.nextSequence(client, nextSequences[client]);

        final int length = message.length();
        if (Payload.length(client, sequence, Payload.REQUEST) != length ||
            !Payload.check(message.buffer(), length, client, sequence, Payload.REQUEST))
        {
            throw new ChildFailure("service: request " + sequence + " of client " + (client + 1) +
                " is not what it should be: its contents are wrong, or one before it was lost: length=" + length);
        }
        witness.addVerifiedBytes(length);

        if (0 == holdCount)
        {
            checkOk(message.claimReply(Payload.length(client, sequence, Payload.REPLY), claim));
            reply(message.id(), client, sequence);
        }
        else
        {
            hold(client, sequence);
        }
    }

    private void hold(final int client, final long sequence)
    {
        heldIds[heldCount] = message.id();
        heldClients[heldCount] = client;
        heldSequences[heldCount++] = sequence;
        if (heldCount > holdCount)
        {
            // A random one: replies need not follow the order of the requests (R20).
            replyHeld(random.nextInt(heldCount));
        }
    }

    private void replyHeld(final int index)
    {
        final long id = heldIds[index];
        final int client = heldClients[index];
        final long sequence = heldSequences[index];
        heldCount--;
        heldIds[index] = heldIds[heldCount];
        heldClients[index] = heldClients[heldCount];
        heldSequences[index] = heldSequences[heldCount];
        checkOk(port.claim(id, Payload.length(client, sequence, Payload.REPLY), claim));
        reply(id, client, sequence);
    }

    private void reply(final long id, final int client, final long sequence)
    {
        Payload.fill(claim.buffer(), claim.length(), client, sequence, Payload.REPLY);
        undisposed.add(id);
        checkOk(claim.reply());
        witness.addReplied();
    }

    private void onDispose()
    {
        if (!undisposed.remove(message.id()))
        {
            throw new ChildFailure("service: message " + message.id() + " was disposed of, but waits for no disposal");
        }
        witness.addDisposed();
    }

    private void onCommands()
    {
        for (Line line = parent.poll(); null != line; line = parent.poll())
        {
            switch (line.word())
            {
                case "clients" ->
                {
                    for (int i = 0; i < Demo.CLIENT_COUNT; i++)
                    {
                        clientByPid.put((int)line.number("pid" + i), i);
                        nextSequences[i] = line.number("next" + i);
                        witness.nextSequence(i, nextSequences[i]);
                    }
                    parent.tell(new Line("known"));
                }
                case "hold" ->
                {
                    holdCount = (int)line.number("count");
                    heldIds = new long[holdCount + 1];
                    heldClients = new int[holdCount + 1];
                    heldSequences = new long[holdCount + 1];
                    parent.tell(new Line("holding"));
                }
                case "report" -> report();
                case "stop" -> isStopped = true;
                default -> throw new IllegalStateException("unknown command: " + line);
            }
        }
    }

    /** All clients are idle: only disposals are still due here, which wake no thread (R21). */
    private void report()
    {
        for (int result = port.get(message); Status.WOULD_BLOCK != result; result = port.get(message))
        {
            if (MessageState.DISPOSE != result)
            {
                throw new ChildFailure("service: something came when nothing was in progress: " + Status.text(result));
            }
            onDispose();
        }
        parent.tell(new Line("report")
            .with("received", received)
            .with("replied", witness.replied())
            .with("disposed", witness.disposed())
            .with("doubled", doubled));
    }

    private static void checkOk(final int status)
    {
        if (Status.NO_SPACE == status)
        {
            throw new ChildFailure("service: no memory left in the region's directory: see --directory");
        }
        if (Status.OK != status)
        {
            throw new ChildFailure("service: a reply was refused: " + Status.text(status));
        }
    }
}
