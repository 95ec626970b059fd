/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

/**
 * An order in the engine, with its open quantity.
 */
final class BookedOrder
{
    final long id;
    final long ticketId;
    final long price;
    final long arrival;
    final int instrument;
    final int quantity;
    final boolean isBuy;
    int openQuantity;
    long value;

    /**
     * @param arrival number of orders that came before: of two at one price the earlier one is filled first.
     */
    BookedOrder(final Order order, final long arrival)
    {
        id = order.id;
        ticketId = order.ticketId;
        price = order.price;
        instrument = order.instrument;
        quantity = order.quantity;
        isBuy = order.isBuy;
        openQuantity = quantity;
        this.arrival = arrival;
    }

    void trade(final int traded, final long atPrice)
    {
        openQuantity -= traded;
        value += traded * atPrice;
    }
}
