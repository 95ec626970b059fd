/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;

/**
 * What the engine says of an order: in reply to the order that it was accepted or rejected, in reply to its ticket that
 * it was filled or rejected.
 */
final class Report implements BytesMarshallable
{
    /** Bytes that a report takes. */
    static final int LENGTH = 2 * Long.BYTES + Integer.BYTES + 1;

    static final byte ACCEPTED = 1;
    static final byte REJECTED = 2;
    static final byte FILLED = 3;

    long orderId;
    /** What was paid for all of it, in ticks. */
    long value;
    int quantity;
    byte kind;

    @Override
    public void writeMarshallable(final BytesOut<?> bytes)
    {
        bytes.writeLong(orderId).writeLong(value).writeInt(quantity).writeByte(kind);
    }

    @Override
    public void readMarshallable(final BytesIn<?> bytes)
    {
        orderId = bytes.readLong();
        value = bytes.readLong();
        quantity = bytes.readInt();
        kind = bytes.readByte();
    }
}
