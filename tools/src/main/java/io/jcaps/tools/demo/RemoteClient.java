/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Attachment;
import io.jcaps.CapsException;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A client on host A, a process of its own. It knows nothing of a network: the service has the same name, and each
 * call is the same. It notes the outcome of each request, and verifies each byte of each reply.
 * <p>
 * Commands: {@code run} (count), {@code flight} (until the service has gone), {@code cut} (when), {@code connect},
 * {@code stop}. Reports: {@code connected}, {@code progress}, {@code done}, {@code gone}, {@code outcomes},
 * {@code failed}.
 */
final class RemoteClient implements RequestWindow.Client
{
    private static final long AWAIT_NS = TimeUnit.SECONDS.toNanos(20);

    private final ParentLink parent;
    private final Attachment attachment;
    private final RemoteNotes notes;
    private final int client;
    private final RequestWindow window;
    private final Claim claim = new Claim();
    private final Message message = new Message();
    private ClientPort port;
    private long outcomes;

    private RemoteClient(
        final ParentLink parent, final Attachment attachment, final RemoteNotes notes, final int client)
    {
        this.parent = parent;
        this.attachment = attachment;
        this.notes = notes;
        this.client = client;
        window = new RequestWindow(parent, client, AWAIT_NS, this);
    }

    /**
     * @param args directory, region's file, index of the client.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        final int client = Integer.parseInt(args[2]);
        ParentLink.run(directory, (parent) ->
        {
            try (RemoteNotes notes = RemoteNotes.open(directory, client);
                Attachment attachment = Demo.attach(Path.of(args[1])))
            {
                new RemoteClient(parent, attachment, notes, client).run();
            }
        });
    }

    private void run() throws InterruptedException
    {
        connect();
        while (true)
        {
            final Line line = parent.take();
            switch (line.word())
            {
                case "run" ->
                {
                    window.exchange(line.number("count"), "nothing was cut or killed");
                    window.reportTotals(new Line("done"));
                }
                case "flight" ->
                {
                    fly();
                    port.close();
                    window.reportTotals(new Line("gone"));
                }
                case "cut" ->
                {
                    final Line answer = new Line("outcomes");
                    window.flight().tell(line.number("micros"), answer);
                    parent.tell(answer);
                }
                case "connect" -> connect();
                case "stop" ->
                {
                    port.close();
                    return;
                }
                default -> throw new IllegalStateException("unknown command: " + line);
            }
        }
    }

    /** Waits, asleep, until there is a service (R5), and sends it this client's index. */
    private void connect()
    {
        while (!introduce())
        {
            // On a busy machine the bridges may lose each other again before they have begun.
            port.close();
        }
        window.connected(port);
        parent.tell(new Line("connected")
            .with("generation", port.serviceGeneration())
            .with("incarnation", port.serviceIncarnation())
            .with("imported", port.isServiceImported() ? 1 : 0));
    }

    private boolean introduce()
    {
        port = null;
        while (null == port)
        {
            try
            {
                port = attachment.client(Demo.SERVICE_NAME,
                    new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC).singleThreaded(true));
            }
            catch (final CapsException ex)
            {
                if (Status.NOT_CONNECTED != ex.status())
                {
                    throw ex;
                }
                // The service closed between the look-up and the connect.
            }
        }
        final int status = port.claim(RemoteService.HELLO_LENGTH, claim);
        if (Status.NOT_CONNECTED == status)
        {
            return false;
        }
        window.checkOk("claim", status);
        final int length = RemoteService.putHello(claim.buffer(), client, window.sent());
        final int state = port.call(claim, length, message, AWAIT_NS);
        if (MessageState.REPLY != state)
        {
            if (Status.NOT_CONNECTED != state)
            {
                throw new ChildFailure(window.name() + ": its first message returned " + Status.text(state));
            }
            claim.cancel();
            return false;
        }
        final boolean isReplied = Outcome.REPLIED == message.outcome();
        message.release();
        return isReplied;
    }

    /** Puts requests until the service has closed or died; then each of them must have an outcome. */
    private void fly()
    {
        window.fly(RemoteNotes.CAPACITY);
        if (window.openCount() > 0)
        {
            throw new ChildFailure(window.name() + ": nothing more is due, but " + window.openCount() +
                " requests have no outcome");
        }
    }

    @Override
    public int length(final long sequence, final int direction)
    {
        return RemoteRun.length(client, sequence, direction);
    }

    @Override
    public void accepted(final long sequence)
    {
        notes.addClient(sequence, RemoteNotes.ACCEPTED);
    }

    @Override
    public boolean hasEnded(final long sequence)
    {
        return (notes.client(sequence) & RemoteNotes.ENDED) != 0;
    }

    @Override
    public boolean ended(final long sequence, final int outcome, final boolean isFlight)
    {
        notes.ended(sequence, outcome);
        outcomes++;
        return isFlight;
    }

    @Override
    public void addTotals(final Line line)
    {
        line.with("outcomes", outcomes);
    }
}
