/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Claim;
import io.jcaps.Message;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.PointerBytesStore;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A payload as Chronicle {@link Bytes}, over the region's memory itself: a {@code BytesMarshallable} is written
 * straight into a claim and read straight out of a message.
 * <p>
 * Chronicle Bytes prints one line to the standard error at its first string, about direct memory, which nothing turns
 * off.
 * <p>
 * Made once and reused. One thread at a time may use it. The bytes that it returns are valid as long as the claim or
 * the message is.
 */
public final class PayloadBytes
{
    private static final String SLF4J_VERBOSITY = "slf4j.internal.verbosity";
    // Chronicle warns that no logger is bound, and about mapped files, which are not used here. Loggers are held
    // weakly: without this field the level would be forgotten.
    private static final Logger CLEANER_LOGGER = quiet();

    private final PointerBytesStore store = new PointerBytesStore();
    // Keeps the mapping reachable while the bytes point into it.
    private final UnsafeBuffer kept = new UnsafeBuffer(0, 0);
    private Bytes<?> bytes;

    /**
     * Creates an object without a payload.
     */
    public PayloadBytes()
    {
        store.singleThreadedCheckDisabled(true);
    }

    /**
     * The memory of a claim, empty, to be written. Its length afterwards is {@code (int)bytes.writePosition()}: what
     * {@link Claim#put(int)} or {@link Claim#reply(int)} wants.
     *
     * @param claim filled.
     * @return bytes whose write limit is the claim's length: a write beyond it throws {@link
     * java.nio.BufferOverflowException}. The same object each time.
     * @throws IllegalStateException if the claim is spent.
     */
    public Bytes<?> forWriting(final Claim claim)
    {
        final DirectBuffer buffer = claim.buffer();
        return wrap(buffer, claim.length());
    }

    /**
     * The payload of a message, to be read.
     *
     * @param message in view.
     * @return bytes whose read limit is the message's length. The same object each time. They are not to be written to.
     * @throws IllegalStateException if the message is not in view.
     */
    public Bytes<?> forReading(final Message message)
    {
        final DirectBuffer buffer = message.buffer();
        final Bytes<?> bytes = wrap(buffer, message.length());
        bytes.writePosition(message.length());
        return bytes;
    }

    private Bytes<?> wrap(final DirectBuffer buffer, final int length)
    {
        if (null != buffer.byteArray() && length > 0)
        {
            throw new IllegalArgumentException("payload is in an array of the heap: only memory outside it has bytes");
        }
        kept.wrap(buffer, 0, length);
        store.set(0 == length ? kept.addressOffset() : buffer.addressOffset(), Math.max(1, length));
        if (null == bytes)
        {
            bytes = store.bytesForWrite();
            // Chronicle remembers the first thread, and under -ea throws in any other. But a claim, a message and their
            // bytes may be handed to another thread.
            bytes.singleThreadedCheckDisabled(true);
        }
        // A store does not check its limit, and bytes that were made for a longer payload keep theirs: set it each
        // time.
        bytes.clear();
        bytes.writeLimit(length);
        return bytes;
    }

    private static Logger quiet()
    {
        if (null == System.getProperty(SLF4J_VERBOSITY))
        {
            System.setProperty(SLF4J_VERBOSITY, "ERROR");
        }
        final Logger logger =
            Logger.getLogger("net.openhft.chronicle.core.internal.cleaner.ReflectionBasedByteBufferCleanerService");
        logger.setLevel(Level.SEVERE);
        return logger;
    }
}
