/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Outcome;
import io.jcaps.tools.child.Payload;
import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The record of what both ends of one connection did with each message, in a mapped file apart from the region: it
 * survives the kill of either end. Each end notes an action before it takes it.
 * <pre>
 *   at  size  field             written by
 *    0     8  STATE             client, last of its line
 *    8     8  GENERATION        client: of the service it is connected to
 *   16     8  GONE              client: 1 if it knows that the service has gone
 *   24     8  CLIENT_FAULTS     client: torn, doubled, disordered, strange: 16 bits each
 *   32     8  OPENED_NS         client: when it was connected, by the clock that all processes share
 *   64     8  MAPPED            service: 1 when it knows the connection
 *   72     8  DONE              service: 1 when it waits for nothing of it any more
 *   80     8  SERVICE_FAULTS    service, as above
 *  128     8  CLIENT_DEAD       conductor: 1 when the client's process has ended
 *  192     8  message 0: CLIENT_NOTE (2), SERVICE_NOTE (2), REPLY_ORDER (4)
 *  200     8  message 1 ...
 * </pre>
 * One thread writes at each end; any process may read.
 */
final class Ledger implements AutoCloseable
{
    /** Most messages of one connection. */
    static final int CAPACITY = 4_096;

    /** The connection is in use. */
    static final int OPEN = 1;
    /** The client is about to close its port. */
    static final int CLOSING = 2;
    /** Closed after each message had its outcome. */
    static final int DRAINED = 3;
    /** Closed with messages still open, on purpose. */
    static final int ABANDONED = 4;
    /** Closed with messages still open, because an outcome was overdue. */
    static final int STUCK = 5;

    /** Client: about to put it. */
    static final int PUTTING = 0x01;
    /** Client: put returned an id. */
    static final int ACCEPTED = 0x02;
    /** Client: put by a call. */
    static final int CALLED = 0x04;
    /** Client: about to abort it. */
    static final int ABORTING = 0x08;
    /** Client: received an outcome. */
    static final int ENDED = 0x10;
    /** Client: the outcome has RECEIVED. */
    static final int TOLD_RECEIVED = 0x20;
    /** Client: about to release the outcome. */
    static final int RELEASING = 0x40;
    private static final int KIND_SHIFT = 8;

    /** Service: received. */
    static final int SEEN = 0x01;
    /** Service: about to reply. */
    static final int REPLYING = 0x02;
    /** Service: replied. */
    static final int REPLIED = 0x04;
    /** Service: its reply was rejected, because the client had gone. */
    static final int REFUSED = 0x08;
    /** Service: received the disposal. */
    static final int DISPOSED = 0x10;
    /** Service: received the disposal although the client had not released the outcome. */
    static final int DISPOSED_EARLY = 0x20;
    /** Service: its handler is about to throw, so that the agent replies with 0 bytes. */
    static final int THROWING = 0x40;

    private static final int STATE_OFFSET = 0;
    private static final int GENERATION_OFFSET = STATE_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int GONE_OFFSET = GENERATION_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int CLIENT_FAULTS_OFFSET = GONE_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int OPENED_NS_OFFSET = CLIENT_FAULTS_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int MAPPED_OFFSET = BitUtil.CACHE_LINE_LENGTH;
    private static final int DONE_OFFSET = MAPPED_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int SERVICE_FAULTS_OFFSET = DONE_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int CLIENT_DEAD_OFFSET = 2 * BitUtil.CACHE_LINE_LENGTH;
    private static final int MESSAGES_OFFSET = 3 * BitUtil.CACHE_LINE_LENGTH;
    private static final int MESSAGE_LENGTH = 8;
    private static final int SERVICE_NOTE_OFFSET = BitUtil.SIZE_OF_SHORT;
    private static final int REPLY_ORDER_OFFSET = 2 * BitUtil.SIZE_OF_SHORT;

    /** Length of a file in bytes. */
    static final int LENGTH = MESSAGES_OFFSET + CAPACITY * MESSAGE_LENGTH;

    private static final String FILE_PREFIX = "session-";
    private static final int FAULT_BITS = 16;
    private static final int FAULT_MASK = (1 << FAULT_BITS) - 1;

    private final long session;
    private final MappedByteBuffer mapping;
    private final AtomicBuffer buffer;

    /**
     * Violations of the rules, counted by the end that detects them.
     */
    enum Fault
    {
        /** The payload differs from what the other end wrote. */
        TORN,
        /** A second reception, outcome or disposal. */
        DOUBLED,
        /** Received before a message that it should follow (R19). */
        DISORDERED,
        /** A result that the rules do not allow here. */
        STRANGE
    }

    /**
     * @param session number of the connection.
     * @param buffer  of {@link #LENGTH} bytes.
     */
    Ledger(final long session, final AtomicBuffer buffer)
    {
        this(session, null, buffer);
    }

    private Ledger(final long session, final MappedByteBuffer mapping, final AtomicBuffer buffer)
    {
        this.session = session;
        this.mapping = mapping;
        this.buffer = buffer;
    }

    static Ledger create(final Path directory, final long session)
    {
        final MappedByteBuffer mapping = IoUtil.mapNewFile(file(directory, session).toFile(), LENGTH, false);
        return new Ledger(session, mapping, new UnsafeBuffer(mapping));
    }

    /**
     * @return the ledger; null if there is none, or its client was killed before it was complete.
     */
    static Ledger open(final Path directory, final long session) throws IOException
    {
        final Path file = file(directory, session);
        if (!Files.exists(file) || Files.size(file) < LENGTH)
        {
            return null;
        }
        final MappedByteBuffer mapping = IoUtil.mapExistingFile(file.toFile(), file.toString());
        return new Ledger(session, mapping, new UnsafeBuffer(mapping));
    }

    static Path file(final Path directory, final long session)
    {
        return directory.resolve(FILE_PREFIX + session);
    }

    /**
     * @param fileName of a file in the directory.
     * @return number of the connection; -1 if it is another file.
     */
    static long session(final String fileName)
    {
        return fileName.startsWith(FILE_PREFIX) ? Long.parseLong(fileName.substring(FILE_PREFIX.length())) : -1;
    }

    long session()
    {
        return session;
    }

    // ---- what the messages are, which both ends know

    /**
     * Length of a payload in bytes: up to the limit, and often the limit itself.
     */
    static int length(final long session, final int number, final int direction, final int limit)
    {
        return Math.min(limit, Payload.length(0, sequence(session, number), direction));
    }

    /** Sequence number of a message among those of all connections. */
    static long sequence(final long session, final int number)
    {
        return session * CAPACITY + number;
    }

    // ---- the connection

    void open(final long generation)
    {
        buffer.putLong(GENERATION_OFFSET, generation);
        buffer.putLong(OPENED_NS_OFFSET, System.nanoTime());
        buffer.putLongRelease(STATE_OFFSET, OPEN);
    }

    void state(final int state)
    {
        buffer.putLongVolatile(STATE_OFFSET, state);
    }

    int state()
    {
        return (int)buffer.getLongVolatile(STATE_OFFSET);
    }

    long generation()
    {
        return buffer.getLong(GENERATION_OFFSET);
    }

    long openedNs()
    {
        return buffer.getLong(OPENED_NS_OFFSET);
    }

    void gone()
    {
        buffer.putLongRelease(GONE_OFFSET, 1);
    }

    boolean isGone()
    {
        return 0 != buffer.getLongVolatile(GONE_OFFSET);
    }

    /** Whether a call or an outcome has shown the client that its service closed or died. */
    boolean isServiceEndTold()
    {
        boolean isTold = isGone();
        for (int i = 0; i < CAPACITY && !isTold; i++)
        {
            final int note = clientNote(i);
            isTold = (note & ENDED) != 0 &&
                (Outcome.SERVICE_CLOSED == kind(note) || Outcome.SERVICE_DIED == kind(note));
        }
        return isTold;
    }

    void mapped()
    {
        buffer.putLongRelease(MAPPED_OFFSET, 1);
    }

    boolean isMapped()
    {
        return 0 != buffer.getLongVolatile(MAPPED_OFFSET);
    }

    void done()
    {
        buffer.putLongRelease(DONE_OFFSET, 1);
    }

    boolean isDone()
    {
        return 0 != buffer.getLongVolatile(DONE_OFFSET);
    }

    void clientDead()
    {
        buffer.putLongVolatile(CLIENT_DEAD_OFFSET, 1);
    }

    /** Whether the client's end has finished. */
    boolean isClientEnded()
    {
        return 0 != buffer.getLongVolatile(CLIENT_DEAD_OFFSET) || state() >= DRAINED;
    }

    void addClientFault(final Fault fault)
    {
        addFault(CLIENT_FAULTS_OFFSET, fault);
    }

    void addServiceFault(final Fault fault)
    {
        addFault(SERVICE_FAULTS_OFFSET, fault);
    }

    int faults(final Fault fault)
    {
        final int shift = fault.ordinal() * FAULT_BITS;
        return (int)(buffer.getLongVolatile(CLIENT_FAULTS_OFFSET) >>> shift & FAULT_MASK) +
            (int)(buffer.getLongVolatile(SERVICE_FAULTS_OFFSET) >>> shift & FAULT_MASK);
    }

    private void addFault(final int offset, final Fault fault)
    {
        // Only one thread writes each of the two.
        buffer.putLongRelease(offset, buffer.getLong(offset) + (1L << fault.ordinal() * FAULT_BITS));
    }

    // ---- the messages

    int clientNote(final int number)
    {
        return buffer.getShortVolatile(offset(number));
    }

    void clientNote(final int number, final int note)
    {
        buffer.putShortVolatile(offset(number), (short)note);
    }

    void addClientNote(final int number, final int note)
    {
        clientNote(number, clientNote(number) | note);
    }

    /** Notes an outcome of {@link Outcome}'s. */
    void ended(final int number, final int outcome)
    {
        addClientNote(number, ENDED | (Outcome.wasReceived(outcome) ? TOLD_RECEIVED : 0) |
            Outcome.kind(outcome) << KIND_SHIFT);
    }

    static int kind(final int clientNote)
    {
        return clientNote >>> KIND_SHIFT & 0xFF;
    }

    int serviceNote(final int number)
    {
        return buffer.getShortVolatile(offset(number) + SERVICE_NOTE_OFFSET);
    }

    void addServiceNote(final int number, final int note)
    {
        buffer.putShortVolatile(offset(number) + SERVICE_NOTE_OFFSET, (short)(serviceNote(number) | note));
    }

    /** Number of the reply within this connection, from 1; noted before the reply is sent. */
    int replyOrder(final int number)
    {
        return buffer.getIntVolatile(offset(number) + REPLY_ORDER_OFFSET);
    }

    void replyOrder(final int number, final int order)
    {
        buffer.putIntVolatile(offset(number) + REPLY_ORDER_OFFSET, order);
    }

    @Override
    public void close()
    {
        IoUtil.unmap(mapping);
    }

    private static int offset(final int number)
    {
        return MESSAGES_OFFSET + number * MESSAGE_LENGTH;
    }
}
