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
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * The service on host B, a process of its own. It notes each request before it acts on it, and verifies each byte. The
 * first message of each connection identifies the client, as the credentials are those of the bridge.
 * <p>
 * Commands: {@code hold} (how many), {@code report}, {@code stop}. Reports: {@code ready}, {@code holding}, {@code
 * report}, {@code failed}.
 */
final class RemoteService
{
    private static final long AWAIT_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int COMMAND_INTERVAL_MASK = 0xFF;
    private static final long MISSING = -1;
    private static final long HELLO = 0x6A63_6170_732E_6869L;
    /** Length of the first message of a connection. */
    static final int HELLO_LENGTH = 3 * Long.BYTES;
    private static final int CLIENT_SHIFT = 32;

    private final ParentLink parent;
    private final ServicePort port;
    private final RemoteNotes[] notes;
    private final Message message = new Message();
    private final Claim claim = new Claim();
    private final Long2ObjectHashMap<Connection> connections = new Long2ObjectHashMap<>();
    /** Messages that were received and not disposed of: the client, and the number of its request. */
    private final Long2LongHashMap undisposed = new Long2LongHashMap(MISSING);
    private final SplittableRandom random = new SplittableRandom(1);
    private long received;
    private long replied;
    private long disposed;
    private long verifiedBytes;
    private boolean isStopped;

    // Received requests that wait for their reply.
    private int holdCount;
    private int heldCount;
    private long[] heldIds = new long[1];

    /** A client, and the number of its next request. */
    private static final class Connection
    {
        private final int client;
        private long next;

        private Connection(final int client, final long next)
        {
            this.client = client;
            this.next = next;
        }
    }

    private RemoteService(final ParentLink parent, final ServicePort port, final RemoteNotes[] notes)
    {
        this.parent = parent;
        this.port = port;
        this.notes = notes;
    }

    /**
     * @param args directory, region's file, generation.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) ->
        {
            final RemoteNotes[] notes = new RemoteNotes[Demo.CLIENT_COUNT];
            for (int i = 0; i < notes.length; i++)
            {
                notes[i] = RemoteNotes.open(directory, i);
            }
            try (Attachment attachment = Demo.attach(Path.of(args[1]));
                ServicePort port = attachment.service(
                    Demo.SERVICE_NAME, new PortOptions().generation(Long.parseLong(args[2])).singleThreaded(true)))
            {
                parent.tell(new Line("ready"));
                new RemoteService(parent, port, notes).run();
            }
            finally
            {
                CloseHelper.closeAll(notes);
            }
        });
    }

    /**
     * Writes the first message of a connection.
     *
     * @return its length in bytes.
     */
    static int putHello(final MutableDirectBuffer buffer, final int client, final long next)
    {
        buffer.putLong(0, HELLO);
        buffer.putLong(Long.BYTES, client);
        buffer.putLong(2 * Long.BYTES, next);
        return HELLO_LENGTH;
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
        final Connection connection = connections.get(message.linkId());
        if (null == connection)
        {
            onHello(message.buffer());
            return;
        }
        final int client = connection.client;
        final long sequence = connection.next++;
        if ((notes[client].service(sequence) & RemoteNotes.SEEN) != 0)
        {
            throw new ChildFailure("service: request " + sequence + " of client " + (client + 1) + " came again");
        }
        notes[client].addService(sequence, RemoteNotes.SEEN);
        received++;
        final int length = message.length();
        if (RemoteRun.length(client, sequence, Payload.REQUEST) != length ||
            !Payload.check(message.buffer(), length, client, sequence, Payload.REQUEST))
        {
            throw new ChildFailure("service: request " + sequence + " of client " + (client + 1) +
                " is not what it should be: its contents are wrong, or one before it was lost: length=" + length);
        }
        verifiedBytes += length;
        undisposed.put(message.id(), (long)client << CLIENT_SHIFT | sequence);
        heldIds[heldCount++] = message.id();
        while (heldCount > holdCount)
        {
            // A random one: replies need not follow the order of the requests (R20).
            replyHeld(random.nextInt(heldCount));
        }
    }

    private void onHello(final DirectBuffer buffer)
    {
        if (HELLO_LENGTH != message.length() || HELLO != buffer.getLong(0))
        {
            throw new ChildFailure("service: the first message of a connection is not a client's name");
        }
        connections.put(message.linkId(),
            new Connection((int)buffer.getLong(Long.BYTES), buffer.getLong(2 * Long.BYTES)));
        final int status = message.reply();
        if (Status.OK != status && Status.INVALID != status)
        {
            throw new ChildFailure("service: a reply was refused: " + Status.text(status));
        }
    }

    private void replyHeld(final int index)
    {
        final long id = heldIds[index];
        heldIds[index] = heldIds[--heldCount];
        final long request = undisposed.get(id);
        final int client = (int)(request >>> CLIENT_SHIFT);
        final long sequence = (int)request;
        final int length = RemoteRun.length(client, sequence, Payload.REPLY);
        notes[client].addService(sequence, RemoteNotes.REPLYING);
        int status = port.claim(id, length, claim);
        if (Status.OK == status)
        {
            Payload.fill(claim.buffer(), length, client, sequence, Payload.REPLY);
            status = claim.reply();
        }
        if (Status.OK == status)
        {
            replied++;
        }
        else if (Status.INVALID != status)
        {
            throw new ChildFailure(Status.NO_SPACE == status ?
                "service: no memory left in the region's directory: see --directory" :
                "service: a reply was refused: " + Status.text(status));
        }
    }

    private void onDispose()
    {
        final long request = undisposed.remove(message.id());
        if (MISSING == request)
        {
            // The first message of a connection: it is not counted.
            return;
        }
        final RemoteNotes ofClient = notes[(int)(request >>> CLIENT_SHIFT)];
        if ((ofClient.service((int)request) & RemoteNotes.DISPOSED) != 0)
        {
            throw new ChildFailure("service: request " + (int)request + " was disposed of twice");
        }
        ofClient.addService((int)request, RemoteNotes.DISPOSED);
        disposed++;
        for (int i = heldCount - 1; i >= 0; i--)
        {
            if (heldIds[i] == message.id())
            {
                // Its client or the bridge has gone: no client waits for the reply (R24).
                heldIds[i] = heldIds[--heldCount];
            }
        }
    }

    private void onCommands()
    {
        for (Line line = parent.poll(); null != line; line = parent.poll())
        {
            switch (line.word())
            {
                case "hold" ->
                {
                    holdCount = (int)line.number("count");
                    while (heldCount > holdCount)
                    {
                        replyHeld(random.nextInt(heldCount));
                    }
                    final long[] ids = new long[holdCount + 1];
                    System.arraycopy(heldIds, 0, ids, 0, heldCount);
                    heldIds = ids;
                    parent.tell(new Line("holding"));
                }
                case "report" -> parent.tell(new Line("report")
                    .with("received", received)
                    .with("replied", replied)
                    .with("disposed", disposed)
                    .with("undisposed", undisposed.size())
                    .with("verifiedBytes", verifiedBytes));
                case "stop" -> isStopped = true;
                default -> throw new IllegalStateException("unknown command: " + line);
            }
        }
    }
}
