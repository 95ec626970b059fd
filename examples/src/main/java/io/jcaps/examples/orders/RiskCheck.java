/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

/**
 * A check between the trader and the engine: an order that it refuses never leaves the gateway.
 */
final class RiskCheck
{
    // Two messages for each, an order and its ticket, so that the 128 that a client may have in progress never run out.
    static final int MAX_OPEN_ORDERS = 50;

    private static final int MAX_QUANTITY = 1_000;
    private static final long MAX_VALUE = 5_000_000;

    private RiskCheck()
    {
    }

    /** Why the order must not go out, or null if it may. */
    static String refusal(final Order order, final int openOrders)
    {
        if (order.quantity > MAX_QUANTITY)
        {
            return "quantity " + order.quantity + " is over " + MAX_QUANTITY;
        }
        if (order.quantity * order.price > MAX_VALUE)
        {
            return "value " + order.quantity * order.price + " is over " + MAX_VALUE;
        }
        if (openOrders >= MAX_OPEN_ORDERS)
        {
            return openOrders + " orders are open";
        }
        return null;
    }
}
