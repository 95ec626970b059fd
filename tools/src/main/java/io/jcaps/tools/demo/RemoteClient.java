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
import io.jcaps.tools.child.Payload;
import org.agrona.collections.Long2LongHashMap;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A client on host A, a process of its own. It knows nothing of a network: the service has the same name, and each
 * call is the same. It notes the outcome of each request, and verifies each byte of each reply.
 * <p>
 * Hears: {@code run} (count), {@code flight} (until the service is gone), {@code cut} (when), {@code connect},
 * {@code stop}. Says: {@code connected}, {@code progress}, {@code done}, {@code gone}, {@code outcomes},
 * {@code failed}.
 */
final class RemoteClient
{
    /** Requests in flight while nothing is wrong. */
    static final int WINDOW = 16;
    /** Requests in flight when something is cut or killed. */
    static final int FLIGHT_WINDOW = 64;

    private static final long AWAIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long NO_SEQUENCE = -1;

    private final ParentLink parent;
    private final Attachment attachment;
    private final RemoteNotes notes;
    private final int client;
    private final Claim claim = new Claim();
    private final Message message = new Message();
    private final Ticker ticker = new Ticker(Demo.PROGRESS_INTERVAL_MS);
    private final Long2LongHashMap openSequences = new Long2LongHashMap(NO_SEQUENCE);
    private final Long2LongHashMap putMicros = new Long2LongHashMap(0);
    private ClientPort port;
    private Flight flight;
    private boolean isGone;
    private long sent;
    private long outcomes;
    private long replied;
    private long sentBytes;
    private long verifiedBytes;
    private long minLength = Long.MAX_VALUE;
    private long maxLength;

    private RemoteClient(
        final ParentLink parent, final Attachment attachment, final RemoteNotes notes, final int client)
    {
        this.parent = parent;
        this.attachment = attachment;
        this.notes = notes;
        this.client = client;
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
                    exchange(line.number("count"));
                    tellTotals(new Line("done"));
                }
                case "flight" ->
                {
                    fly();
                    port.close();
                    tellTotals(new Line("gone"));
                }
                case "cut" ->
                {
                    final Line answer = new Line("outcomes");
                    flight.tell(line.number("micros"), answer);
                    flight = null;
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

    /** Waits, asleep, until there is a service (R5), and tells it who this is. */
    private void connect()
    {
        while (!introduce())
        {
            // On a busy machine the bridges may lose each other again before they have begun.
            port.close();
        }
        isGone = false;
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
                // It closed between the look-up and the connect.
            }
        }
        final int status = port.claim(RemoteService.HELLO_LENGTH, claim);
        if (Status.NOT_CONNECTED == status)
        {
            return false;
        }
        checkOk("claim", status);
        final int length = RemoteService.putHello(claim.buffer(), client, sent);
        final int state = port.call(claim, length, message, AWAIT_NS);
        if (MessageState.REPLY != state)
        {
            if (Status.NOT_CONNECTED != state)
            {
                throw new ChildFailure(name() + ": its first message gave " + Status.text(state));
            }
            claim.cancel();
            return false;
        }
        final boolean isReplied = Outcome.REPLIED == message.outcome();
        message.release();
        return isReplied;
    }

    /** Puts so many requests, and receives a reply for each. */
    private void exchange(final long count)
    {
        final long end = sent + count;
        while (sent < end || !openSequences.isEmpty())
        {
            putUpTo(WINDOW, end);
            receive();
            if (isGone)
            {
                throw new ChildFailure(name() + ": the service went, though nothing was cut or killed");
            }
        }
    }

    /** Puts requests until the service is gone, and receives all that is due. */
    private void fly()
    {
        flight = new Flight();
        while (!isGone)
        {
            putUpTo(FLIGHT_WINDOW, RemoteNotes.CAPACITY);
            receive();
        }
        while (receive())
        {
            // Until the port says that nothing more is due.
            continue;
        }
        if (!openSequences.isEmpty())
        {
            throw new ChildFailure(name() + ": nothing more is due, but " + openSequences.size() +
                " requests have no outcome");
        }
    }

    private void putUpTo(final int window, final long end)
    {
        while (sent < end && openSequences.size() < window && !isGone)
        {
            final int length = RemoteRun.length(client, sent, Payload.REQUEST);
            final int status = port.claim(length, claim);
            if (Status.NOT_CONNECTED == status)
            {
                isGone = true;
                return;
            }
            if (Status.NO_SPACE == status)
            {
                throw new ChildFailure(name() + ": no memory left in the region's directory: see --directory");
            }
            checkOk("claim", status);
            Payload.fill(claim.buffer(), length, client, sent, Payload.REQUEST);
            if (null != flight)
            {
                putMicros.put(sent, Demo.epochMicros());
            }
            final long id = claim.put();
            if (Status.NOT_CONNECTED == id)
            {
                // Not accepted, so nothing is due for it.
                isGone = true;
                return;
            }
            checkOk("put", id);
            notes.addClient(sent, RemoteNotes.ACCEPTED);
            if (NO_SEQUENCE != openSequences.put(id, sent))
            {
                throw new ChildFailure(name() + ": message id " + id + " was given twice");
            }
            minLength = Math.min(minLength, length);
            maxLength = Math.max(maxLength, length);
            sentBytes += length;
            sent++;
        }
        if (ticker.isDue())
        {
            tellTotals(new Line("progress"));
        }
    }

    /**
     * Waits for one outcome, and takes what is there behind it.
     *
     * @return false if nothing more is due, as the service is gone.
     */
    private boolean receive()
    {
        int result = port.await(message, AWAIT_NS);
        while (MessageState.REPLY == result)
        {
            onOutcome();
            result = port.get(message);
        }
        if (Status.NOT_CONNECTED == result)
        {
            isGone = true;
            return false;
        }
        if (Status.WOULD_BLOCK != result)
        {
            throw new ChildFailure(name() + ": " + openSequences.size() + " requests are open, and await gave " +
                Status.text(result));
        }
        return true;
    }

    private void onOutcome()
    {
        final long sequence = openSequences.remove(message.id());
        final int outcome = message.outcome();
        if (NO_SEQUENCE == sequence || (notes.client(sequence) & RemoteNotes.ENDED) != 0)
        {
            throw new ChildFailure(name() + ": message " + message.id() + " had a second outcome, " +
                Outcome.text(outcome));
        }
        notes.ended(sequence, outcome);
        outcomes++;
        if (Outcome.REPLIED == outcome)
        {
            onReply(sequence);
        }
        else if (null == flight || 0 != message.length())
        {
            throw new ChildFailure(name() + ": request " + sequence + " ended as " + Outcome.text(outcome) +
                " with " + message.length() + " bytes");
        }
        if (null != flight)
        {
            flight.add(putMicros.remove(sequence), Demo.epochMicros(), outcome);
        }
        message.release();
    }

    private void onReply(final long sequence)
    {
        final int length = message.length();
        if (RemoteRun.length(client, sequence, Payload.REPLY) != length ||
            !Payload.check(message.buffer(), length, client, sequence, Payload.REPLY))
        {
            throw new ChildFailure(
                name() + ": the reply to request " + sequence + " is not what it should be: length=" + length);
        }
        verifiedBytes += length;
        minLength = Math.min(minLength, length);
        maxLength = Math.max(maxLength, length);
        replied++;
    }

    private void tellTotals(final Line line)
    {
        parent.tell(line
            .with("sent", sent)
            .with("outcomes", outcomes)
            .with("replied", replied)
            .with("sentBytes", sentBytes)
            .with("verifiedBytes", verifiedBytes)
            .with("minLength", minLength)
            .with("maxLength", maxLength));
    }

    private String name()
    {
        return "client " + (client + 1);
    }

    private void checkOk(final String call, final long status)
    {
        if (status < 0)
        {
            throw new ChildFailure(name() + ": " + call + " gave " + Status.text(status));
        }
    }
}
