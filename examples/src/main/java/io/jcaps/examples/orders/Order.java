/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;

/**
 * An order, which the gateway writes straight into the region's memory. One object is reused.
 */
final class Order implements BytesMarshallable
{
    /** Length of an order in bytes. */
    static final int LENGTH = 3 * Long.BYTES + 2 * Integer.BYTES + 1;

    /** The gateway's number of the order. */
    long id;
    /**
     * Message id of the order's ticket: an empty message, put before the order, that the engine replies to when the
     * order is done.
     */
    long ticketId;
    /** In ticks. */
    long price;
    int instrument;
    int quantity;
    boolean isBuy;

    @Override
    public void writeMarshallable(final BytesOut<?> bytes)
    {
        bytes.writeLong(id).writeLong(ticketId).writeLong(price).writeInt(instrument).writeInt(quantity);
        bytes.writeBoolean(isBuy);
    }

    @Override
    public void readMarshallable(final BytesIn<?> bytes)
    {
        id = bytes.readLong();
        ticketId = bytes.readLong();
        price = bytes.readLong();
        instrument = bytes.readInt();
        quantity = bytes.readInt();
        isBuy = bytes.readBoolean();
    }
}
