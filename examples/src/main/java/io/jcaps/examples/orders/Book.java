/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/**
 * The orders of one instrument, by price and then by time.
 */
final class Book
{
    private static final Comparator<BookedOrder> BY_PRICE = Comparator.comparingLong(order -> order.price);
    private static final Comparator<BookedOrder> BY_ARRIVAL = Comparator.comparingLong(order -> order.arrival);

    private final PriorityQueue<BookedOrder> buys = new PriorityQueue<>(BY_PRICE.reversed().thenComparing(BY_ARRIVAL));
    private final PriorityQueue<BookedOrder> sells = new PriorityQueue<>(BY_PRICE.thenComparing(BY_ARRIVAL));

    /** Matches the order with earlier ones, at their prices, and keeps the rest. */
    void add(final BookedOrder order, final Consumer<BookedOrder> onFilled)
    {
        final PriorityQueue<BookedOrder> others = order.isBuy ? sells : buys;
        while (order.openQuantity > 0 && !others.isEmpty() && crosses(order, others.peek()))
        {
            final BookedOrder other = others.peek();
            final int traded = Math.min(order.openQuantity, other.openQuantity);
            order.trade(traded, other.price);
            other.trade(traded, other.price);
            if (0 == other.openQuantity)
            {
                others.remove();
                onFilled.accept(other);
            }
        }
        if (0 == order.openQuantity)
        {
            onFilled.accept(order);
        }
        else
        {
            (order.isBuy ? buys : sells).add(order);
        }
    }

    void cancel(final BookedOrder order)
    {
        (order.isBuy ? buys : sells).remove(order);
    }

    private static boolean crosses(final BookedOrder order, final BookedOrder other)
    {
        return order.isBuy ? order.price >= other.price : order.price <= other.price;
    }
}
