/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;

/**
 * The engine's report on an order: the reply to the order is accepted or rejected, the reply to its ticket filled or
 * rejected.
 */
final class Report implements BytesMarshallable
{
    /** Length of a report in bytes. */
    static final int LENGTH = 2 * Long.BYTES + Integer.BYTES + 1;

    static final byte ACCEPTED = 1;
    static final byte REJECTED = 2;
    static final byte FILLED = 3;

    long orderId;
    /** Price paid for the whole quantity, in ticks. */
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
