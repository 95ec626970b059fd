/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.orders;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.PayloadBytes;
import net.openhft.chronicle.bytes.Bytes;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.concurrent.ShutdownSignalBarrier;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Matches the orders of any number of gateways. An order is answered at once: accepted or rejected. Its ticket is
 * answered when the order is done, which may be much later.
 * <p>
 * Each order is written to the journal before the engine acts on it, so that the gateways' outcomes can be compared
 * with the journal when the engine dies.
 */
public final class MatchingEngine
{
    private static final long DISPOSAL_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ServicePort service;
    private final OutputStream journal;
    private final Message request = new Message();
    private final Claim claim = new Claim();
    private final PayloadBytes payload = new PayloadBytes();
    private final Order order = new Order();
    private final Report report = new Report();
    private final Int2ObjectHashMap<Book> books = new Int2ObjectHashMap<>();
    private final Long2ObjectHashMap<BookedOrder> openByTicket = new Long2ObjectHashMap<>();
    private long orderCount;

    private MatchingEngine(final ServicePort service, final OutputStream journal)
    {
        this.service = service;
        this.journal = journal;
    }

    /**
     * Runs until it is ended by Ctrl-C, or killed.
     *
     * @param args the journal's file (none).
     * @throws IOException if the journal cannot be written.
     */
    public static void main(final String[] args) throws IOException
    {
        // Not buffered: everything written before a kill -9 is in the file.
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            OutputStream journal = args.length > 0 ? new FileOutputStream(args[0]) : OutputStream.nullOutputStream();
            Attachment caps = Caps.attach();
            ServicePort service = caps.service("orders", new PortOptions().singleThreaded(true)))
        {
            System.out.println("matching");
            new MatchingEngine(service, journal).run();
        }
    }

    private void run() throws IOException
    {
        int state = Status.OK;
        while (!Thread.interrupted() && (state >= 0 || Status.TIMED_OUT == state))
        {
            // A DISPOSE wakes no thread. Without a time limit, the orders of a closed gateway would be cancelled only
            // when the next message comes, which may be an order that trades with them.
            state = service.await(request, DISPOSAL_LOOK_NS);
            if (MessageState.DISPOSE == state)
            {
                onDispose(request.id());
            }
            else if (MessageState.REQUEST == state && request.length() > 0)
            {
                onOrder();
            }
            // Otherwise it is a ticket, of 0 bytes: it waits, and the next order names its id.
        }
    }

    private void onOrder() throws IOException
    {
        order.readMarshallable(payload.forReading(request));
        journal.write((order.id + "\n").getBytes(StandardCharsets.US_ASCII));
        final boolean isValid = order.quantity > 0 && order.price > 0;
        if (!reply(request.id(), order.id, isValid ? Report.ACCEPTED : Report.REJECTED, 0, 0))
        {
            // The gateway is gone before its order was acknowledged: the order is dropped.
            return;
        }
        if (isValid)
        {
            final BookedOrder booked = new BookedOrder(order, orderCount++);
            openByTicket.put(booked.ticketId, booked);
            books.computeIfAbsent(booked.instrument, instrument -> new Book()).add(booked, this::onFilled);
        }
        else
        {
            reply(order.ticketId, order.id, Report.REJECTED, 0, 0);
        }
    }

    private void onFilled(final BookedOrder booked)
    {
        openByTicket.remove(booked.ticketId);
        // If the gateway is gone, the trade is still valid: the other side has been notified.
        reply(booked.ticketId, booked.id, Report.FILLED, booked.quantity, booked.value);
    }

    /**
     * Handles a DISPOSE: the gateway has taken a reply, or it is gone, and then the tickets of its open orders return.
     */
    private void onDispose(final long id)
    {
        final BookedOrder booked = openByTicket.remove(id);
        if (null != booked)
        {
            books.get(booked.instrument).cancel(booked);
            System.out.println("order " + booked.id + " cancelled, its gateway is gone");
        }
    }

    /** Returns false if the gateway is gone. */
    private boolean reply(final long id, final long orderId, final byte kind, final int quantity, final long value)
    {
        int status = service.claim(id, Report.LENGTH, claim);
        if (Status.OK == status)
        {
            report.orderId = orderId;
            report.kind = kind;
            report.quantity = quantity;
            report.value = value;
            final Bytes<?> bytes = payload.forWriting(claim);
            report.writeMarshallable(bytes);
            status = claim.reply((int)bytes.writePosition());
        }
        if (Status.OK != status && Status.INVALID != status)
        {
            throw new IllegalStateException("reply: " + Status.text(status));
        }
        return Status.OK == status;
    }
}
