/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageHandler;
import io.jcaps.MessageState;
import io.jcaps.PortAgent;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.WaitSet;
import io.jcaps.layout.SlotDescriptor;
import io.jcaps.tools.child.ChildFailure;
import io.jcaps.tools.child.Payload;
import org.agrona.CloseHelper;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One registration of a service: receives in one of two ways, and replies at once or later, in any order, copied or in
 * place. It notes each action in the connection's ledger before it takes it. One thread.
 */
final class Registration implements AutoCloseable
{
    private static final long AWAIT_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long SWEEP_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(50);
    /** Most requests that an agent receives together. */
    static final int MAX_BATCH = 32;

    private static final int SHORT_LIMIT = 100;
    private static final int MAX_HELD = 48;
    private static final int MAX_THROTTLE_MS = 300;
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final Path directory;
    private final Attachment attachment;
    private final ServicePort port;
    private final SplittableRandom random;
    private final Consumer<String> findings;
    private final Consumer<String> strangers;
    private final boolean isRemote;
    private final UnsafeBuffer body = new UnsafeBuffer(0, 0);
    private final int messageLimit;
    private final Claim claim = new Claim();
    private final UnsafeBuffer bytes;
    private final Int2ObjectHashMap<Connection> connections = new Int2ObjectHashMap<>();
    private final List<Held> held = new ArrayList<>();
    private final int holdLimit;
    private final int throwRate;
    private final int errorRate;
    private Message message = new Message();
    private Runnable onClosing;
    private long throttledUntilNs = System.nanoTime();
    private long sweptAtNs = System.nanoTime();

    /**
     * @param directory  of the ledgers.
     * @param attachment of the port.
     * @param port       just registered.
     * @param random     source of all random choices.
     * @param findings   receives faults that a ledger has counted.
     * @param strangers  receives faults that no ledger can count.
     * @param isRemote   whether the clients are on another host: then each request carries its number, as a bridge's
     *                   ids are its own.
     */
    Registration(
        final Path directory,
        final Attachment attachment,
        final ServicePort port,
        final SplittableRandom random,
        final Consumer<String> findings,
        final Consumer<String> strangers,
        final boolean isRemote)
    {
        this.directory = directory;
        this.attachment = attachment;
        this.port = port;
        this.random = random;
        this.findings = findings;
        this.strangers = strangers;
        this.isRemote = isRemote;
        messageLimit = attachment.messageLimit();
        bytes = new UnsafeBuffer(new byte[messageLimit]);
        holdLimit = Soak.isOneIn(random, 3) ? 0 : random.nextInt(MAX_HELD);
        throwRate = 16 << random.nextInt(6);
        errorRate = 1 << 10 + random.nextInt(8);
    }

    /** A handler's exception, thrown to test how the agent handles it. */
    private static final class DeliberateException extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        private DeliberateException()
        {
            super("deliberate", null, false, false);
        }
    }

    /** A handler's error, thrown for the same reason: it ends the port. */
    private static final class DeliberateError extends Error
    {
        private static final long serialVersionUID = 1L;

        private DeliberateError()
        {
            super("deliberate", null, false, false);
        }
    }

    /** The state of a connection. */
    private static final class Connection
    {
        private final Ledger ledger;
        private final long session;
        private final long firstSequence;
        private final long linkId;
        /** Numbers of messages that were received and not disposed of, by id; null if they follow from the ids. */
        private final Long2LongHashMap numbers;
        private int lastNumber = -1;
        private int replyCount;
        private int seenCount;
        private int disposedCount;
        private boolean isEnding;

        private Connection(
            final Ledger ledger, final long firstSequence, final long linkId, final boolean isRemote)
        {
            this.ledger = ledger;
            this.session = ledger.session();
            this.firstSequence = firstSequence;
            this.linkId = linkId;
            numbers = isRemote ? new Long2LongHashMap(-1) : null;
        }

        private int number(final long id)
        {
            if (null != numbers)
            {
                return (int)numbers.get(id);
            }
            final long number = SlotDescriptor.sequence(id) - firstSequence;
            return number < 0 || number >= Ledger.CAPACITY ? -1 : (int)number;
        }
    }

    /** A request that waits for its reply; in view, if a message shows it. */
    private record Held(Connection connection, int number, long id, Message view)
    {
    }

    /**
     * Serves for a time.
     *
     * @param durationNs of it.
     * @param isStopped  whether to end earlier.
     * @param onClosing  called before the port is closed, by the thread that closes it.
     */
    void run(final long durationNs, final BooleanSupplier isStopped, final Runnable onClosing)
        throws InterruptedException
    {
        this.onClosing = onClosing;
        final long deadlineNs = System.nanoTime() + durationNs;
        if (random.nextBoolean())
        {
            while (System.nanoTime() - deadlineNs < 0 && !isStopped.getAsBoolean())
            {
                receive();
                replyHeld();
            }
        }
        else
        {
            runAgent(deadlineNs, isStopped);
        }
        onClosing.run();
    }

    @Override
    public void close()
    {
        connections.values().forEach((connection) -> connection.ledger.close());
        connections.clear();
    }

    // ---- receiving

    private void receive() throws InterruptedException
    {
        final int limit = !isRemote && Soak.isOneIn(random, 16) ? SHORT_LIMIT : NO_LIMIT;
        final int result = random.nextBoolean() ? port.await(message, limit, AWAIT_NS) : port.get(message, limit);
        if (result >= 0)
        {
            onMessage(message);
        }
        else if (Status.TIMED_OUT == result || Status.WOULD_BLOCK == result)
        {
            sweep();
            if (Status.WOULD_BLOCK == result)
            {
                Thread.sleep(1);
            }
        }
        else
        {
            throw new ChildFailure("a service's get gave " + Status.text(result));
        }
    }

    private void runAgent(final long deadlineNs, final BooleanSupplier isStopped) throws InterruptedException
    {
        final PortAgent agent = new PortAgent(port, new Upcalls(), 1 + random.nextInt(MAX_BATCH));
        try (WaitSet waitSet = attachment.waitSet())
        {
            waitSet.add(port);
            while (System.nanoTime() - deadlineNs < 0 && !isStopped.getAsBoolean())
            {
                try
                {
                    if (0 == agent.doWork())
                    {
                        sweep();
                        waitSet.await(AWAIT_NS);
                    }
                }
                catch (final DeliberateException ignore)
                {
                    // The agent has replied with 0 bytes.
                }
                replyHeld();
            }
        }
        catch (final DeliberateError ignore)
        {
            // The agent has closed the port.
        }
    }

    private final class Upcalls implements MessageHandler
    {
        @Override
        public void onMessage(final Message shown)
        {
            Registration.this.onMessage(shown);
        }

        @Override
        public void onDispose(final long id)
        {
            onDisposal(id);
        }
    }

    private void onMessage(final Message shown)
    {
        if (MessageState.DISPOSE == shown.state())
        {
            onDisposal(shown.id());
            return;
        }
        final Connection connection = connection(shown);
        if (null != connection && isRemote)
        {
            learnNumber(shown, connection);
        }
        final int number = null == connection ? -1 : connection.number(shown.id());
        if (number < 0)
        {
            strangers.accept("message " + shown.id() + " of an unknown connection, length=" + shown.length());
            return;
        }
        onRequest(shown, connection, number);
    }

    private void learnNumber(final Message shown, final Connection connection)
    {
        final boolean isHello = Soak.hello(shown.buffer(), shown.length()) == connection.session;
        final long number = isHello ? 0 : shown.length() < Soak.NUMBER_LENGTH ? -1 :
            shown.buffer().getLong(0) - Ledger.sequence(connection.session, 0);
        if (number >= 0 && number < Ledger.CAPACITY)
        {
            connection.numbers.put(shown.id(), number);
        }
    }

    /**
     * The ids of a connection's messages begin with bits that no other connection has. The first received message
     * identifies the connection.
     */
    private Connection connection(final Message shown)
    {
        final int lease = SlotDescriptor.lease(shown.id());
        final Connection known = connections.get(lease);
        if (null != known || !shown.isView())
        {
            return known;
        }
        final long session = session(shown);
        try
        {
            final Ledger ledger = session < 0 ? null : Ledger.open(directory, session);
            if (null == ledger)
            {
                return null;
            }
            ledger.mapped();
            final Connection connection =
                new Connection(ledger, SlotDescriptor.sequence(shown.id()), shown.linkId(), isRemote);
            connections.put(lease, connection);
            return connection;
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    /** Over a bridge, the hello may have ended without being received, for example because the region was full. */
    private long session(final Message shown)
    {
        final long session = Soak.hello(shown.buffer(), shown.length());
        return session >= 0 || !isRemote || shown.length() < Soak.NUMBER_LENGTH ?
            session : shown.buffer().getLong(0) / Ledger.CAPACITY;
    }

    private void onRequest(final Message shown, final Connection connection, final int number)
    {
        final Ledger ledger = connection.ledger;
        final boolean isAgain = (ledger.serviceNote(number) & Ledger.SEEN) != 0;
        ledger.addServiceNote(number, Ledger.SEEN);
        if (isAgain)
        {
            fault(connection, Ledger.Fault.DOUBLED, number, "received again");
            return;
        }
        if (number <= connection.lastNumber)
        {
            fault(connection, Ledger.Fault.DISORDERED, number, "received after message " + connection.lastNumber);
        }
        connection.lastNumber = Math.max(number, connection.lastNumber);
        connection.seenCount++;
        final long id = shown.id();
        if (!shown.isView())
        {
            // Longer than the requested limit (R17): it stays first in line, unless it is replied to unread.
            if (random.nextBoolean())
            {
                reply(new Held(connection, number, id, null));
                return;
            }
            final int result = port.get(shown);
            if (MessageState.REQUEST != result || shown.id() != id)
            {
                fault(connection, Ledger.Fault.STRANGE, number, "did not stay first in line: " + Status.text(result));
                return;
            }
        }
        if (!isWhole(shown, connection, number))
        {
            fault(connection, Ledger.Fault.TORN, number, "torn request, length=" + shown.length());
        }
        decide(shown, connection, number, id);
    }

    private void decide(final Message shown, final Connection connection, final int number, final long id)
    {
        if (shown != message)
        {
            mayThrow(connection, number);
        }
        if (held.size() < holdLimit && random.nextInt(4) != 0)
        {
            final boolean keepsView = shown == message && random.nextInt(4) == 0;
            held.add(new Held(connection, number, id, keepsView ? shown : null));
            if (keepsView)
            {
                message = new Message();
            }
            return;
        }
        reply(new Held(connection, number, id, shown));
    }

    private void mayThrow(final Connection connection, final int number)
    {
        if (Soak.isOneIn(random, errorRate))
        {
            onClosing.run();
            throw new DeliberateError();
        }
        if (Soak.isOneIn(random, throwRate))
        {
            connection.ledger.replyOrder(number, ++connection.replyCount);
            connection.ledger.addServiceNote(number, Ledger.THROWING | Ledger.REPLYING);
            throw new DeliberateException();
        }
    }

    private void onDisposal(final long id)
    {
        final Connection connection = connections.get(SlotDescriptor.lease(id));
        final int number = null == connection ? -1 : connection.number(id);
        if (number < 0)
        {
            strangers.accept("a disposal of message " + id + " of an unknown connection");
            return;
        }
        final Ledger ledger = connection.ledger;
        final int note = ledger.serviceNote(number);
        if ((note & (Ledger.SEEN | Ledger.DISPOSED)) != Ledger.SEEN)
        {
            fault(connection, Ledger.Fault.DOUBLED, number, "disposed of, with note 0x" + Integer.toHexString(note));
            return;
        }
        final boolean isDue = (ledger.clientNote(number) & Ledger.RELEASING) != 0 || ledger.state() >= Ledger.CLOSING;
        ledger.addServiceNote(number, Ledger.DISPOSED | (isDue ? 0 : Ledger.DISPOSED_EARLY));
        connection.disposedCount++;
        if (isRemote)
        {
            connection.numbers.remove(id);
        }
        for (int i = held.size() - 1; i >= 0; i--)
        {
            if (held.get(i).id() == id)
            {
                // Its client has gone: a reply is rejected, and views stay readable (R25).
                reply(held.remove(i));
            }
        }
    }

    // ---- replying

    private void replyHeld() throws InterruptedException
    {
        final long nowNs = System.nanoTime();
        if (nowNs - throttledUntilNs < 0 || held.isEmpty())
        {
            if (nowNs - throttledUntilNs < 0)
            {
                Thread.sleep(1);
            }
            return;
        }
        if (Soak.isOneIn(random, 256))
        {
            throttledUntilNs = nowNs + TimeUnit.MILLISECONDS.toNanos(random.nextInt(MAX_THROTTLE_MS));
            return;
        }
        if (held.size() < holdLimit / 2 && !Soak.isOneIn(random, 4))
        {
            // Held back until there are more requests, or a time has passed.
            return;
        }
        for (int i = 1 + random.nextInt(4); i > 0 && !held.isEmpty(); i--)
        {
            // A random one: replies need not follow the order of the requests (R20).
            reply(held.remove(random.nextInt(held.size())));
        }
    }

    private void reply(final Held request)
    {
        final Connection connection = request.connection();
        final Ledger ledger = connection.ledger;
        final int number = request.number();
        final int length = Ledger.length(connection.session, number, Payload.REPLY, messageLimit);
        if (null != request.view() && !isWhole(request.view(), connection, number))
        {
            fault(connection, Ledger.Fault.TORN, number, "torn request when it is replied to");
        }
        ledger.replyOrder(number, ++connection.replyCount);
        ledger.addServiceNote(number, Ledger.REPLYING);
        final int result = switch (random.nextInt(3))
        {
            case 0 -> copy(request, length);
            case 1 -> claim(request, length, length);
            default -> claim(request, length + random.nextInt(messageLimit - length + 1), length);
        };
        switch (result)
        {
            case Status.OK ->
            {
                ledger.addServiceNote(number, Ledger.REPLIED);
                if ((ledger.serviceNote(number) & Ledger.DISPOSED) != 0)
                {
                    fault(connection, Ledger.Fault.STRANGE, number, "its reply came after its disposal");
                }
                if (Soak.isOneIn(random, 16) && Status.INVALID != port.reply(request.id(), bytes, 0, 0))
                {
                    fault(connection, Ledger.Fault.STRANGE, number, "a second reply was not refused (R20)");
                }
                if (null != request.view())
                {
                    request.view().release();
                }
            }
            case Status.INVALID ->
            {
                ledger.addServiceNote(number, Ledger.REFUSED);
                if (null != request.view())
                {
                    request.view().release();
                }
            }
            case Status.NO_SPACE -> held.add(new Held(connection, number, request.id(), null));
            default -> fault(connection, Ledger.Fault.STRANGE, number, "its reply gave " + Status.text(result));
        }
    }

    private int copy(final Held request, final int length)
    {
        Payload.fill(bytes, length, 0, Ledger.sequence(request.connection().session, request.number()), Payload.REPLY);
        return null == request.view() || random.nextBoolean() ?
            port.reply(request.id(), bytes, 0, length) : request.view().reply(bytes, 0, length);
    }

    private int claim(final Held request, final int claimedLength, final int length)
    {
        int result = port.claim(request.id(), claimedLength, claim);
        if (Status.OK == result && Soak.isOneIn(random, 16))
        {
            claim.cancel();
            result = port.claim(request.id(), claimedLength, claim);
        }
        if (Status.OK != result)
        {
            return result;
        }
        Payload.fill(claim.buffer(), length, 0,
            Ledger.sequence(request.connection().session, request.number()), Payload.REPLY);
        return claim.reply(length);
    }

    private boolean isWhole(final Message shown, final Connection connection, final int number)
    {
        if (!shown.isView())
        {
            return true;
        }
        if (0 == number)
        {
            return Soak.hello(shown.buffer(), shown.length()) == connection.session;
        }
        final int length = Soak.requestLength(connection.session, number, messageLimit, isRemote);
        if (shown.length() != length)
        {
            return false;
        }
        final int skipped = isRemote ? Soak.NUMBER_LENGTH : 0;
        body.wrap(shown.buffer(), skipped, length - skipped);
        return Payload.check(
            body, length - skipped, 0, Ledger.sequence(connection.session, number), Payload.REQUEST);
    }

    // ---- the ends of connections

    /**
     * Called when no message is ready. A connection whose client had finished before is complete if each of its
     * messages was disposed of.
     */
    private void sweep()
    {
        final long nowNs = System.nanoTime();
        if (nowNs - sweptAtNs < SWEEP_INTERVAL_NS)
        {
            return;
        }
        sweptAtNs = nowNs;
        final Iterator<Connection> iterator = connections.values().iterator();
        while (iterator.hasNext())
        {
            final Connection connection = iterator.next();
            if (connection.isEnding && connection.seenCount == connection.disposedCount)
            {
                connection.ledger.done();
                CloseHelper.close(connection.ledger);
                iterator.remove();
            }
            else
            {
                // Requests from another host may still arrive after their client has finished.
                connection.isEnding =
                    isRemote ? !port.isConnected(connection.linkId) : connection.ledger.isClientEnded();
            }
        }
    }

    private void fault(final Connection connection, final Ledger.Fault fault, final int number, final String what)
    {
        connection.ledger.addServiceFault(fault);
        findings.accept("connection " + connection.session + ", message " + number + ": " + what);
    }
}
