/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.AbortResult;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.WaitSet;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Payload;
import org.agrona.MutableDirectBuffer;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A client's use of one connection: puts in all ways, calls, aborts, reads slowly, and finally waits for the outcomes
 * that are due, or closes without them. It notes each action in the connection's ledger before it takes it. One thread.
 */
final class Session
{
    private static final long NO_NUMBER = -1;
    private static final long AWAIT_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Most waits of {@link #AWAIT_NS} without an outcome: together more than twice the longest stop of a service. */
    private static final int MAX_VAIN_WAITS = 600;
    private static final int MAX_CALL_MS = 50;
    private static final int MAX_NAP_MS = 20;
    private static final int MAX_VIEWS = 8;
    private static final int SHORT_LIMIT = 100;
    private static final int INTERRUPT_RATE = 64;

    private final Ledger ledger;
    private final ClientPort port;
    private final WaitSet waitSet;
    private final int messageLimit;
    private final SplittableRandom random;
    private final Consumer<String> findings;
    private final boolean isRemote;
    private final UnsafeBuffer body = new UnsafeBuffer(0, 0);
    private final int window;
    private final int budget;
    private final int viewLimit;
    private final IdleStrategy idleStrategy = new SleepingMillisIdleStrategy(1);
    private final Claim claim = new Claim();
    private final UnsafeBuffer bytes;
    private final Long2LongHashMap openNumbers = new Long2LongHashMap(NO_NUMBER);
    private final IntArrayList openCandidates = new IntArrayList();
    private final long[] ids = new long[Ledger.CAPACITY];
    private final List<View> views = new ArrayList<>();
    private final Deque<Message> spareMessages = new ArrayDeque<>();
    private long firstSequence;
    private int next;
    private int lastOrder;
    private boolean isGone;

    /**
     * A reply whose view is not released.
     */
    private record View(Message message, int number)
    {
    }

    /**
     * @param ledger       new.
     * @param port         just connected; this closes it.
     * @param waitSet      that contains the port and is used for waits; null for none.
     * @param messageLimit of the region.
     * @param slotCount    most messages in progress.
     * @param random       source of all random choices.
     * @param findings     receives faults.
     * @param isRemote     whether the service is on another host: then each request carries its number.
     */
    Session(
        final Ledger ledger,
        final ClientPort port,
        final WaitSet waitSet,
        final int messageLimit,
        final int slotCount,
        final SplittableRandom random,
        final Consumer<String> findings,
        final boolean isRemote)
    {
        this.isRemote = isRemote;
        this.ledger = ledger;
        this.port = port;
        this.waitSet = waitSet;
        this.messageLimit = messageLimit;
        this.random = random;
        this.findings = findings;
        window = 1 + random.nextInt(slotCount);
        budget = 1 + random.nextInt(1 << 4 + random.nextInt(9));
        viewLimit = random.nextInt(Math.min(MAX_VIEWS, slotCount));
        bytes = new UnsafeBuffer(new byte[messageLimit]);
    }

    /**
     * Uses the connection, and closes it.
     *
     * @param isStopped whether to finish soon.
     */
    void run(final BooleanSupplier isStopped) throws InterruptedException
    {
        final long generation = port.serviceGeneration();
        ledger.open(generation);
        while (next < budget && !isGone && !isStopped.getAsBoolean())
        {
            step();
        }
        final int end = isGone || random.nextInt(6) != 0 ? drain() : Ledger.ABANDONED;
        if (Ledger.ABANDONED != end || random.nextBoolean())
        {
            releaseAll();
        }
        if (generation != port.serviceGeneration())
        {
            fault(Ledger.Fault.STRANGE, 0, "the service's generation was 0x" + Long.toHexString(generation) +
                " and is 0x" + Long.toHexString(port.serviceGeneration()) + " (R28)");
        }
        ledger.state(Ledger.CLOSING);
        port.close();
        ledger.state(end);
    }

    private void step() throws InterruptedException
    {
        final int choice = random.nextInt(100);
        if (choice < 60)
        {
            if (openNumbers.size() + views.size() < window)
            {
                put();
            }
            else
            {
                receive(AWAIT_NS);
            }
        }
        else if (choice < 90)
        {
            receive(choice < 88 ? 0 : AWAIT_NS);
        }
        else if (choice < 93)
        {
            abort();
        }
        else if (choice < 97)
        {
            release();
        }
        else if (choice < 98)
        {
            // Reads slowly, and holds its views.
            Thread.sleep(random.nextInt(MAX_NAP_MS));
        }
        else if (next > 0 && openNumbers.size() + views.size() < window)
        {
            call();
        }
    }

    // ---- putting

    private void put()
    {
        final int number = next;
        final int length = 0 == number ? Soak.HELLO_LENGTH : requestLength(number);
        ledger.clientNote(number, Ledger.PUTTING);
        final long id = switch (random.nextInt(4))
        {
            case 0 -> putCopy(number, length);
            case 1 -> putClaim(number, length, length);
            case 2 -> putClaim(number, length + random.nextInt(messageLimit - length + 1), length);
            default -> cancelAndPut(number, length);
        };
        if (id > 0)
        {
            ledger.addClientNote(number, Ledger.ACCEPTED);
            accepted(number, id);
            openNumbers.put(id, number);
            openCandidates.addInt(number);
            ids[number] = id;
            return;
        }
        ledger.clientNote(number, 0);
        onRefused(id);
    }

    private void accepted(final int number, final long id)
    {
        if (0 == number)
        {
            firstSequence = SlotDescriptor.sequence(id);
        }
        if (SlotDescriptor.sequence(id) - firstSequence != number || openNumbers.containsKey(id))
        {
            fault(Ledger.Fault.STRANGE, number, "got id " + id + ", the first has sequence " + firstSequence);
        }
        next++;
    }

    private void onRefused(final long status)
    {
        if (Status.NOT_CONNECTED == status)
        {
            drainGone();
        }
        else if (Status.NO_BUFFERS == status || Status.NO_SPACE == status)
        {
            release();
            receive(AWAIT_NS);
        }
        else
        {
            throw new ChildFailure("a put gave " + Status.text(status));
        }
    }

    private long putCopy(final int number, final int length)
    {
        fill(bytes, number, length);
        return port.put(bytes, 0, length);
    }

    private long putClaim(final int number, final int claimedLength, final int length)
    {
        final int status = port.claim(claimedLength, claim);
        if (Status.OK != status)
        {
            return status;
        }
        fill(claim.buffer(), number, length);
        final long id = claim.put(length);
        // Without room in the ring the claim stays filled.
        claim.cancel();
        return id;
    }

    private long cancelAndPut(final int number, final int length)
    {
        if (Status.OK == port.claim(random.nextInt(messageLimit + 1), claim))
        {
            claim.cancel();
        }
        return putCopy(number, length);
    }

    private void fill(final MutableDirectBuffer buffer, final int number, final int length)
    {
        if (0 == number)
        {
            Soak.fillHello(buffer, ledger.session());
        }
        else if (isRemote)
        {
            final long sequence = Ledger.sequence(ledger.session(), number);
            buffer.putLong(0, sequence);
            body.wrap(buffer, Soak.NUMBER_LENGTH, length - Soak.NUMBER_LENGTH);
            Payload.fill(body, length - Soak.NUMBER_LENGTH, 0, sequence, Payload.REQUEST);
        }
        else
        {
            Payload.fill(buffer, length, 0, Ledger.sequence(ledger.session(), number), Payload.REQUEST);
        }
    }

    private int requestLength(final int number)
    {
        return Soak.requestLength(ledger.session(), number, messageLimit, isRemote);
    }

    private void call()
    {
        final int number = next;
        final int length = requestLength(number);
        final long timeoutNs = TimeUnit.MILLISECONDS.toNanos(random.nextInt(MAX_CALL_MS));
        // A call that times out releases the message itself.
        ledger.clientNote(number, Ledger.PUTTING | Ledger.CALLED | Ledger.RELEASING);
        fill(bytes, number, length);
        final Message reply = spare();
        if (Soak.isOneIn(random, INTERRUPT_RATE))
        {
            Thread.currentThread().interrupt();
        }
        final int result = port.call(bytes, 0, length, reply, timeoutNs);
        Thread.interrupted();
        if (MessageState.REPLY == result || Status.TIMED_OUT == result || Status.INTERRUPTED == result)
        {
            ledger.addClientNote(number, Ledger.ACCEPTED);
            accepted(number, reply.id());
            ledger.ended(number, reply.outcome());
            if (MessageState.REPLY == result)
            {
                checkReply(reply, number);
                reply.release();
            }
            else if (Outcome.ABORTED != Outcome.kind(reply.outcome()))
            {
                fault(Ledger.Fault.STRANGE, number, "taken back as " + Outcome.text(reply.outcome()));
            }
            spareMessages.add(reply);
            return;
        }
        spareMessages.add(reply);
        ledger.clientNote(number, 0);
        onRefused(result);
    }

    // ---- receiving

    /** Takes a few of the available messages; waits for the first one if asked to. */
    private void receive(final long timeoutNs)
    {
        final int limit = 1 + random.nextInt(4);
        for (int i = 0; i < limit && !isGone; i++)
        {
            if (!receiveOne(0 == i ? timeoutNs : 0))
            {
                return;
            }
        }
    }

    private boolean receiveOne(final long timeoutNs)
    {
        if (openNumbers.isEmpty() && 0 != timeoutNs && !views.isEmpty())
        {
            release();
            return false;
        }
        final Message message = spare();
        final int lengthLimit = Soak.isOneIn(random, 16) ? SHORT_LIMIT : Integer.MAX_VALUE;
        final int result =
            0 == timeoutNs ? port.get(message, lengthLimit) : await(message, lengthLimit, timeoutNs);
        if (MessageState.REPLY == result)
        {
            onReply(message);
            return true;
        }
        spareMessages.add(message);
        if (Status.NOT_CONNECTED == result)
        {
            onGone();
        }
        else if (Status.WOULD_BLOCK != result && Status.TIMED_OUT != result && Status.INTERRUPTED != result)
        {
            throw new ChildFailure("a client's get gave " + Status.text(result));
        }
        return false;
    }

    private int await(final Message message, final int lengthLimit, final long timeoutNs)
    {
        if (null != waitSet)
        {
            waitSet.await(timeoutNs);
            return port.get(message, lengthLimit);
        }
        if (Soak.isOneIn(random, 8))
        {
            return port.await(message, idleStrategy, timeoutNs);
        }
        if (!Soak.isOneIn(random, INTERRUPT_RATE))
        {
            return port.await(message, lengthLimit, timeoutNs);
        }
        Thread.currentThread().interrupt();
        final int result = port.await(message, lengthLimit, timeoutNs);
        if (!Thread.interrupted() || Status.TIMED_OUT == result)
        {
            fault(Ledger.Fault.STRANGE, 0, "interrupted, an await gave " + Status.text(result) + " (R16)");
        }
        return result;
    }

    private void onReply(final Message message)
    {
        if (!message.isView())
        {
            // Longer than the requested limit (R17): it stays first in line.
            final long id = message.id();
            final int result = port.get(message);
            if (MessageState.REPLY != result || message.id() != id)
            {
                fault(Ledger.Fault.STRANGE, 0, "reply " + id + " did not stay first in line: " + Status.text(result));
            }
        }
        final int number = (int)openNumbers.remove(message.id());
        if (NO_NUMBER == number)
        {
            fault(Ledger.Fault.DOUBLED, 0, "message " + message.id() + " had a second outcome, " +
                Outcome.text(message.outcome()) + ", or never was put");
            message.release();
            spareMessages.add(message);
            return;
        }
        ledger.ended(number, message.outcome());
        if (Outcome.REPLIED == message.outcome())
        {
            checkReply(message, number);
            final int order = ledger.replyOrder(number);
            if (order <= lastOrder)
            {
                fault(Ledger.Fault.DISORDERED, number, "its reply was sent as number " + order +
                    ", but came after number " + lastOrder + " (R19)");
            }
            lastOrder = order;
        }
        views.add(new View(message, number));
        if (views.size() > viewLimit)
        {
            release();
        }
    }

    private void checkReply(final Message message, final int number)
    {
        if (Outcome.REPLIED == message.outcome() && !isWhole(message, number))
        {
            fault(Ledger.Fault.TORN, number, "torn reply, length=" + message.length());
        }
    }

    private boolean isWhole(final Message message, final int number)
    {
        final int length = (ledger.serviceNote(number) & Ledger.THROWING) != 0 ?
            0 : Ledger.length(ledger.session(), number, Payload.REPLY, messageLimit);
        return message.length() == length && Payload.check(
            message.buffer(), length, 0, Ledger.sequence(ledger.session(), number), Payload.REPLY);
    }

    private void release()
    {
        if (!views.isEmpty())
        {
            final View view = views.remove(random.nextInt(views.size()));
            checkReply(view.message(), view.number());
            ledger.addClientNote(view.number(), Ledger.RELEASING);
            view.message().release();
            spareMessages.add(view.message());
        }
    }

    private void releaseAll()
    {
        while (!views.isEmpty())
        {
            release();
        }
    }

    private Message spare()
    {
        final Message message = spareMessages.poll();
        return null == message ? new Message() : message;
    }

    // ---- taking back

    private void abort()
    {
        while (!openCandidates.isEmpty())
        {
            final int index = random.nextInt(openCandidates.size());
            final int number = openCandidates.getInt(index);
            openCandidates.fastUnorderedRemove(index);
            // The first message identifies the connection to the service.
            if (0 != number && openNumbers.containsKey(ids[number]))
            {
                abort(number);
                return;
            }
        }
    }

    private void abort(final int number)
    {
        ledger.addClientNote(number, Ledger.ABORTING);
        final int result = port.abort(ids[number], random.nextBoolean());
        if (AbortResult.RETURNED != result && AbortResult.BEFORE_SERVER != result && AbortResult.AT_SERVER != result)
        {
            fault(Ledger.Fault.STRANGE, number, "its abort gave " + Status.text(result));
        }
    }

    // ---- the end

    /** Waits for each outcome that is due. */
    private int drain()
    {
        for (int vainWaits = 0; !openNumbers.isEmpty() && !isGone; vainWaits++)
        {
            if (vainWaits > MAX_VAIN_WAITS)
            {
                return Ledger.STUCK;
            }
            final int before = openNumbers.size();
            receiveOne(AWAIT_NS);
            vainWaits = openNumbers.size() < before ? 0 : vainWaits;
        }
        return Ledger.DRAINED;
    }

    /** The service is gone: all outcomes that are due can be taken. */
    private void drainGone()
    {
        for (int i = 0; !isGone && i <= MAX_VAIN_WAITS; i++)
        {
            releaseAll();
            receiveOne(AWAIT_NS);
        }
        if (!isGone)
        {
            fault(Ledger.Fault.STRANGE, 0, "a put gave NOT_CONNECTED, but no get does");
        }
    }

    private void onGone()
    {
        isGone = true;
        ledger.gone();
        if (!openNumbers.isEmpty())
        {
            // The ledger also shows them as lost.
            findings.accept("connection " + ledger.session() + ": nothing more is due, but " + openNumbers.size() +
                " messages had no outcome");
        }
    }

    private void fault(final Ledger.Fault fault, final int number, final String what)
    {
        ledger.addClientFault(fault);
        findings.accept("connection " + ledger.session() + ", message " + number + ": " + what);
    }
}
