/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.PayloadBytes;
import net.openhft.chronicle.bytes.Bytes;
import org.HdrHistogram.Histogram;
import org.agrona.collections.Long2ObjectHashMap;

import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Sends orders at a steady rate, measures the latency of each acknowledgement, and, when the engine is gone, prints the
 * state of each order that is not done.
 */
public final class Gateway
{
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int ORDERS_PER_SLIP = 500;
    private static final int BLOCK = 10;
    private static final int LOT = 10;
    private static final long MID_PRICE = 10_000;

    private final ClientPort client;
    private final Claim claim = new Claim();
    private final Message reply = new Message();
    private final PayloadBytes payload = new PayloadBytes();
    private final Order order = new Order();
    private final Report report = new Report();
    // An order is open until its ticket comes back.
    private final Long2ObjectHashMap<OpenOrder> openByTicket = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<OpenOrder> unansweredByMessage = new Long2ObjectHashMap<>();
    private final Histogram acknowledgementNs = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
    private final Random random = new Random();
    private String lastRefusal;
    private boolean isAllSent;
    private long refusedCount;
    private long rejectedCount;
    private long filledCount;

    private Gateway(final ClientPort client)
    {
        this.client = client;
    }

    /**
     * Trades.
     *
     * @param args number of orders (20000), orders a second (2000).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        final long intervalNs = TimeUnit.SECONDS.toNanos(1) / (args.length > 1 ? Long.parseLong(args[1]) : 2_000);
        final PortOptions options = new PortOptions().flags(PortFlags.USER | PortFlags.WAITSVC).singleThreaded(true);
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client("orders", options))
        {
            System.out.println("connected");
            final Gateway gateway = new Gateway(client);
            final int state = gateway.trade(count, intervalNs);
            gateway.tell(state);
        }
        // The close ends the open tickets: the engine gets a DISPOSE for each, and cancels its order.
    }

    private int trade(final int count, final long intervalNs)
    {
        long dueNs = System.nanoTime();
        int state = Status.TIMED_OUT;
        for (int n = 1; n <= count && Status.TIMED_OUT == state; n++)
        {
            makeOrder(n);
            if (0 == n % ORDERS_PER_SLIP)
            {
                // A typing error; the intended order follows.
                order.quantity = 10_000 * LOT;
                submit(dueNs);
                order.quantity = LOT;
            }
            submit(dueNs);
            dueNs += intervalNs;
            state = takeRepliesUntil(dueNs);
        }
        isAllSent = true;
        return Status.TIMED_OUT == state ? takeRepliesUntil(System.nanoTime() + PATIENCE_NS) : state;
    }

    /** Ten buys, then ten sells that meet them. */
    private void makeOrder(final int n)
    {
        order.id = n;
        order.instrument = 1;
        order.isBuy = (n - 1) / BLOCK % 2 == 0;
        order.price = MID_PRICE + (order.isBuy ? random.nextInt(4) : -random.nextInt(4));
        order.quantity = LOT;
    }

    private void submit(final long dueNs)
    {
        final String refusal = RiskCheck.refusal(order, openByTicket.size());
        if (null == refusal)
        {
            send(dueNs);
            return;
        }
        refusedCount++;
        // While an engine is stopped, prints one line rather than thousands.
        if (!refusal.equals(lastRefusal))
        {
            System.out.println("order " + order.id + " refused: " + refusal);
            lastRefusal = refusal;
        }
    }

    private void send(final long dueNs)
    {
        // The ticket goes first: a service receives messages in the order of the puts, so the ticket arrives before the
        // fill.
        order.ticketId = put(client.claim(0, claim), 0);
        if (order.ticketId < 0)
        {
            System.out.println("order " + order.id + ": not sent");
            return;
        }
        final OpenOrder open = new OpenOrder(order.id, dueNs);
        openByTicket.put(order.ticketId, open);
        final int status = client.claim(Order.LENGTH, claim);
        int length = 0;
        if (Status.OK == status)
        {
            final Bytes<?> bytes = payload.forWriting(claim);
            order.writeMarshallable(bytes);
            length = (int)bytes.writePosition();
        }
        final long id = put(status, length);
        if (id > 0)
        {
            unansweredByMessage.put(id, open);
        }
        else
        {
            open.state = OpenOrder.State.NOT_SEEN;
        }
    }

    /**
     * Returns a message id, or NOT_CONNECTED: then takeRepliesUntil takes the outcomes that are due, and returns
     * NOT_CONNECTED, too.
     */
    private long put(final int claimStatus, final int length)
    {
        final long result = Status.OK == claimStatus ? claim.put(length) : claimStatus;
        if (result < 0 && Status.NOT_CONNECTED != result)
        {
            throw new IllegalStateException("put: " + Status.text(result));
        }
        return result;
    }

    /** Returns TIMED_OUT at the given time; OK when all orders are done; NOT_CONNECTED when the engine is gone. */
    private int takeRepliesUntil(final long untilNs)
    {
        int state = MessageState.REPLY;
        while (MessageState.REPLY == state)
        {
            if (isAllSent && openByTicket.isEmpty())
            {
                return Status.OK;
            }
            state = client.await(reply, Math.max(0, untilNs - System.nanoTime()));
            if (MessageState.REPLY == state)
            {
                onReply();
                reply.release();
            }
        }
        return state;
    }

    private void onReply()
    {
        final boolean isReplied = Outcome.REPLIED == reply.outcome();
        if (isReplied)
        {
            report.readMarshallable(payload.forReading(reply));
        }
        final OpenOrder open = unansweredByMessage.remove(reply.id());
        if (null != open)
        {
            if (isReplied)
            {
                // Measured from the intended time: a stall counts for each order that it delays.
                acknowledgementNs.recordValue(Math.min(
                    System.nanoTime() - open.dueNs, acknowledgementNs.getHighestTrackableValue()));
                open.state = OpenOrder.State.ACCEPTED;
            }
            else
            {
                open.state = Outcome.wasReceived(reply.outcome()) ?
                    OpenOrder.State.MAY_BE_SEEN : OpenOrder.State.NOT_SEEN;
            }
        }
        else if (isReplied)
        {
            openByTicket.remove(reply.id());
            if (Report.FILLED == report.kind)
            {
                filledCount++;
            }
            else
            {
                rejectedCount++;
            }
        }
        // Otherwise it is the ticket of an order that stays open because the engine has gone: the order reports it.
    }

    private void tell(final int state)
    {
        if (Status.NOT_CONNECTED == state)
        {
            System.out.println("the engine is gone");
        }
        openByTicket.values().stream()
            .sorted(Comparator.comparingLong(open -> open.id))
            .forEach(open -> System.out.println("order " + open.id + ": " + open.state.text));
        System.out.println(filledCount + " filled, " + openByTicket.size() + " open, " + refusedCount +
            " refused by the risk check, " + rejectedCount + " rejected by the engine");
        System.out.printf("acknowledged after p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us (%d orders)%n",
            acknowledgementNs.getValueAtPercentile(50) / 1e3,
            acknowledgementNs.getValueAtPercentile(99) / 1e3,
            acknowledgementNs.getValueAtPercentile(99.9) / 1e3,
            acknowledgementNs.getMaxValue() / 1e3,
            acknowledgementNs.getTotalCount());
    }
}
