/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Line;
import io.jcaps.tools.child.ParentLink;
import io.jcaps.tools.child.Payload;
import org.agrona.collections.Long2LongHashMap;

/**
 * The requests that a demo's client has in flight: writes each in place, checks each reply in place, and counts puts
 * and outcomes. The client's process notes the outcome of each request. One thread.
 */
final class RequestWindow
{
    /** Requests in flight in normal operation. */
    static final int WINDOW = 16;
    /** Requests in flight when something is cut or killed. */
    static final int FLIGHT_WINDOW = 64;

    private static final long NO_SEQUENCE = -1;

    /** What differs between clients of the demo and of the remote demo. */
    interface Client
    {
        /** Length in bytes of a payload: {@link Payload#REQUEST} or {@link Payload#REPLY}. */
        int length(long sequence, int direction);

        /** Called when a request was put. */
        void accepted(long sequence);

        /** Whether an outcome of that request was received before. */
        boolean hasEnded(long sequence);

        /** Notes the outcome of a request; false if it is neither a reply nor expected. */
        boolean ended(long sequence, int outcome, boolean isFlight);

        /** Adds the client's own totals, after those of the window. */
        void addTotals(Line line);
    }

    private final ParentLink parent;
    private final int client;
    private final long awaitNs;
    private final Client owner;
    private final Claim claim = new Claim();
    private final Message message = new Message();
    private final Ticker ticker = new Ticker(Demo.PROGRESS_INTERVAL_MS);
    private final Long2LongHashMap openSequences = new Long2LongHashMap(NO_SEQUENCE);
    private final Long2LongHashMap putMicros = new Long2LongHashMap(0);
    private ClientPort port;
    private Flight flight;
    private boolean isFlight;
    private boolean isGone;
    private long sent;
    private long replied;
    private long sentBytes;
    private long verifiedBytes;
    private long minLength = Long.MAX_VALUE;
    private long maxLength;
    private int magnitudes;

    /**
     * @param parent  to report progress to.
     * @param client  index of the client.
     * @param awaitNs longest wait for an outcome.
     * @param owner   called for lengths and outcomes.
     */
    RequestWindow(final ParentLink parent, final int client, final long awaitNs, final Client owner)
    {
        this.parent = parent;
        this.client = client;
        this.awaitNs = awaitNs;
        this.owner = owner;
    }

    /** Sets the port of later requests. */
    void connected(final ClientPort connected)
    {
        port = connected;
        isGone = false;
    }

    long sent()
    {
        return sent;
    }

    int openCount()
    {
        return openSequences.size();
    }

    /** Outcomes of the last {@link #fly}, with their times. */
    Flight flight()
    {
        return flight;
    }

    /**
     * Puts a number of requests, and receives an outcome for each.
     *
     * @param count  of requests.
     * @param reason why the service must stay alive in the meantime, for the failure's text.
     */
    void exchange(final long count, final String reason)
    {
        final long end = sent + count;
        while (sent < end || !openSequences.isEmpty())
        {
            putUpTo(WINDOW, end);
            receive();
            if (isGone)
            {
                throw new ChildFailure(name() + ": the service has gone, although " + reason);
            }
        }
    }

    /**
     * Puts requests until the service has gone, and receives all that is due.
     *
     * @param end sequence number at which it stops at the latest.
     */
    void fly(final long end)
    {
        flight = new Flight();
        isFlight = true;
        while (!isGone)
        {
            putUpTo(FLIGHT_WINDOW, end);
            receive();
        }
        while (receive())
        {
            // Until the port reports that nothing more is due.
            continue;
        }
        isFlight = false;
    }

    private void putUpTo(final int window, final long end)
    {
        while (sent < end && openSequences.size() < window && !isGone)
        {
            final int length = owner.length(sent, Payload.REQUEST);
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
                // The put was rejected, so no outcome is due for it.
                isGone = true;
                return;
            }
            checkOk("put", id);
            owner.accepted(sent);
            if (NO_SEQUENCE != openSequences.put(id, sent))
            {
                throw new ChildFailure(name() + ": message id " + id + " was returned twice");
            }
            countLength(length);
            sentBytes += length;
            sent++;
        }
        if (ticker.isDue())
        {
            reportTotals(new Line("progress"));
        }
    }

    /**
     * Waits for one outcome, and then takes all that are available.
     *
     * @return false if nothing more is due, because the service has gone.
     */
    private boolean receive()
    {
        int result = port.await(message, awaitNs);
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
            throw new ChildFailure(name() + ": " + openSequences.size() + " requests are open, and await returned " +
                Status.text(result));
        }
        return true;
    }

    private void onOutcome()
    {
        final long sequence = openSequences.remove(message.id());
        final int outcome = message.outcome();
        if (NO_SEQUENCE == sequence || owner.hasEnded(sequence))
        {
            throw new ChildFailure(name() + ": message " + message.id() + " had a second outcome, " +
                Outcome.text(outcome));
        }
        final boolean isExpected = owner.ended(sequence, outcome, isFlight);
        if (Outcome.REPLIED == outcome)
        {
            onReply(sequence);
        }
        else if (!isExpected || 0 != message.length())
        {
            throw new ChildFailure(name() + ": request " + sequence + " ended as " + Outcome.text(outcome) +
                " with " + message.length() + " bytes");
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
        if (owner.length(sequence, Payload.REPLY) != length ||
            !Payload.check(message.buffer(), length, client, sequence, Payload.REPLY))
        {
            throw new ChildFailure(
                name() + ": the reply to request " + sequence + " is not what it should be: length=" + length);
        }
        verifiedBytes += length;
        countLength(length);
        replied++;
    }

    private void countLength(final int length)
    {
        minLength = Math.min(minLength, length);
        maxLength = Math.max(maxLength, length);
        magnitudes |= 1 << Payload.magnitude(length);
    }

    /** Reports the totals to the parent, on a line that the caller has begun. */
    void reportTotals(final Line line)
    {
        line.with("sent", sent)
            .with("replied", replied)
            .with("sentBytes", sentBytes)
            .with("verifiedBytes", verifiedBytes)
            .with("minLength", minLength)
            .with("maxLength", maxLength)
            .with("magnitudes", magnitudes);
        owner.addTotals(line);
        parent.tell(line);
    }

    String name()
    {
        return "client " + (client + 1);
    }

    void checkOk(final String call, final long status)
    {
        if (status < 0)
        {
            throw new ChildFailure(name() + ": " + call + " returned " + Status.text(status));
        }
    }
}
