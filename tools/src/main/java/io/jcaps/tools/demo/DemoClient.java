/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Attachment;
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
import java.util.BitSet;
import java.util.concurrent.TimeUnit;

/**
 * A client of the demo, a process of its own: keeps a window of requests in flight, each written in place, checks each
 * reply where it lies, and counts what becomes of every request.
 * <p>
 * Hears: {@code run} (count), {@code flight} (until the service is gone), {@code killed} (when), {@code stop}. Says:
 * {@code connected}, {@code progress}, {@code done}, {@code gone}, {@code outcomes}, {@code failed}.
 */
final class DemoClient
{
    /** Requests in flight while the service lives. */
    static final int WINDOW = 16;
    /** Requests in flight when the service is killed. */
    static final int FLIGHT_WINDOW = 64;

    private static final long AWAIT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long NO_SEQUENCE = -1;

    private final ParentLink parent;
    private final Attachment attachment;
    private final int client;
    private final Claim claim = new Claim();
    private final Message message = new Message();
    private final Ticker ticker = new Ticker(Demo.PROGRESS_INTERVAL_MS);
    private final Flight flight = new Flight();
    private ClientPort port;

    private final Long2LongHashMap openSequences = new Long2LongHashMap(NO_SEQUENCE);
    private final BitSet outcomeSequences = new BitSet();
    private final Long2LongHashMap putMicros = new Long2LongHashMap(0);
    private boolean isFlight;
    private boolean isGone;
    private long sent;
    private long replied;
    private long autoReceived;
    private long autoNotReceived;
    private long doubled;
    private long sentBytes;
    private long verifiedBytes;
    private long minLength = Long.MAX_VALUE;
    private long maxLength;
    private int magnitudes;
    private long maxReceivedSequence = NO_SEQUENCE;
    private long minNotReceivedSequence = Long.MAX_VALUE;

    private DemoClient(final ParentLink parent, final Attachment attachment, final int client)
    {
        this.parent = parent;
        this.attachment = attachment;
        this.client = client;
    }

    /**
     * @param args directory and index of the client.
     */
    public static void main(final String[] args)
    {
        final Path directory = Path.of(args[0]);
        ParentLink.run(directory, (parent) ->
        {
            try (Attachment attachment = Demo.attach(Demo.regionFile(directory)))
            {
                new DemoClient(parent, attachment, Integer.parseInt(args[1])).run();
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
                    // Still to be read, though the service has gone (R28).
                    final Line gone = new Line("gone").with("generation", port.serviceGeneration());
                    port.close();
                    tellTotals(gone);
                }
                case "killed" ->
                {
                    final Line answer = new Line("outcomes")
                        .with("maxReceived", maxReceivedSequence)
                        .with("minNotReceived", minNotReceivedSequence);
                    flight.tell(line.number("micros"), answer);
                    parent.tell(answer);
                    connect();
                }
                case "stop" ->
                {
                    port.close();
                    return;
                }
                default -> throw new IllegalStateException("unknown command: " + line);
            }
        }
    }

    /** Waits, asleep, until there is a service (R5). */
    private void connect()
    {
        port = attachment.client(
            Demo.SERVICE_NAME, new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC).singleThreaded(true));
        isGone = false;
        parent.tell(new Line("connected")
            .with("generation", port.serviceGeneration())
            .with("incarnation", port.serviceIncarnation()));
    }

    /** Puts so many requests, and receives an outcome for each. */
    private void exchange(final long count)
    {
        final long end = sent + count;
        while (sent < end || !openSequences.isEmpty())
        {
            putUpTo(WINDOW, end);
            receive();
            if (isGone)
            {
                throw new ChildFailure(name() + ": the service went, though nobody killed it");
            }
        }
    }

    /** Puts requests until the service is gone, and receives all that is due. */
    private void fly()
    {
        isFlight = true;
        while (!isGone)
        {
            putUpTo(FLIGHT_WINDOW, Long.MAX_VALUE);
            receive();
        }
        while (receive())
        {
            // Until the port says that nothing more is due.
            continue;
        }
        isFlight = false;
    }

    private void putUpTo(final int window, final long end)
    {
        while (sent < end && openSequences.size() < window && !isGone)
        {
            final int length = Payload.length(client, sent, Payload.REQUEST);
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
            if (isFlight)
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
            if (NO_SEQUENCE != openSequences.put(id, sent))
            {
                throw new ChildFailure(name() + ": message id " + id + " was given twice");
            }
            minLength = Math.min(minLength, length);
            maxLength = Math.max(maxLength, length);
            magnitudes |= 1 << Payload.magnitude(length);
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
        if (NO_SEQUENCE == sequence || outcomeSequences.get((int)sequence))
        {
            doubled++;
            throw new ChildFailure(name() + ": message " + message.id() + " had a second outcome, " +
                Outcome.text(message.outcome()));
        }
        outcomeSequences.set((int)sequence);
        final int outcome = message.outcome();
        if (Outcome.REPLIED == outcome)
        {
            onReply(sequence);
        }
        else if (Outcome.SERVICE_DIED != Outcome.kind(outcome) || !isFlight || 0 != message.length())
        {
            throw new ChildFailure(name() + ": request " + sequence + " ended as " + Outcome.text(outcome) +
                " with " + message.length() + " bytes");
        }
        else if (Outcome.wasReceived(outcome))
        {
            autoReceived++;
        }
        else
        {
            autoNotReceived++;
        }

        if (Outcome.wasReceived(outcome))
        {
            maxReceivedSequence = Math.max(maxReceivedSequence, sequence);
        }
        else
        {
            minNotReceivedSequence = Math.min(minNotReceivedSequence, sequence);
        }
        if (isFlight)
        {
            flight.add(putMicros.remove(sequence), Demo.epochMicros(), outcome);
        }
        message.release();
    }

    private void onReply(final long sequence)
    {
        final int length = message.length();
        if (Payload.length(client, sequence, Payload.REPLY) != length ||
            !Payload.check(message.buffer(), length, client, sequence, Payload.REPLY))
        {
            throw new ChildFailure(
                name() + ": the reply to request " + sequence + " is not what it should be: length=" + length);
        }
        verifiedBytes += length;
        minLength = Math.min(minLength, length);
        maxLength = Math.max(maxLength, length);
        magnitudes |= 1 << Payload.magnitude(length);
        replied++;
    }

    private void tellTotals(final Line line)
    {
        // By the sequence numbers that had an outcome, not by the sums of the kinds.
        final int outcomes = outcomeSequences.cardinality();
        parent.tell(line
            .with("sent", sent)
            .with("outcomes", outcomes)
            // When nothing is to come any more; else open.
            .with("lost", sent - outcomes)
            .with("replied", replied)
            .with("autoReceived", autoReceived)
            .with("autoNotReceived", autoNotReceived)
            .with("doubled", doubled)
            .with("sentBytes", sentBytes)
            .with("verifiedBytes", verifiedBytes)
            .with("minLength", minLength)
            .with("maxLength", maxLength)
            .with("magnitudes", magnitudes));
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
