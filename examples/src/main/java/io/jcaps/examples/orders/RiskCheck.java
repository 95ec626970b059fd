/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

/**
 * A check at the gateway: an order that it refuses is not sent.
 */
final class RiskCheck
{
    // Each order takes two messages, itself and its ticket: this limit keeps them below the 128 that a client may have
    // in progress.
    static final int MAX_OPEN_ORDERS = 50;

    private static final int MAX_QUANTITY = 1_000;
    private static final long MAX_VALUE = 5_000_000;

    private RiskCheck()
    {
    }

    /** The reason why an order must not be sent; null if it may. */
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
