/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.sbe;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.examples.sbe.codec.AckStatus;
import io.jcaps.examples.sbe.codec.AcknowledgementEncoder;
import io.jcaps.examples.sbe.codec.FillEncoder;
import io.jcaps.examples.sbe.codec.MessageHeaderDecoder;
import io.jcaps.examples.sbe.codec.MessageHeaderEncoder;
import io.jcaps.examples.sbe.codec.OrderDecoder;
import io.jcaps.shm.Caps;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Acknowledges each order, and fills it at its price. Decoders are wrapped around the request in place, encoders
 * around the claim of the reply: no message is copied, and no object allocated.
 */
public final class SbeExchange
{
    /** Name of the service. */
    static final String NAME = "sbe_orders";

    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final ServicePort service;
    private final Message request = new Message();
    private final Claim claim = new Claim();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final OrderDecoder order = new OrderDecoder();
    private final AcknowledgementEncoder acknowledgement = new AcknowledgementEncoder();
    private final FillEncoder fill = new FillEncoder();
    private long tradeCount;

    SbeExchange(final ServicePort service)
    {
        this.service = service;
    }

    /**
     * Runs until it is ended by Ctrl-C.
     *
     * @param args none.
     */
    public static void main(final String[] args)
    {
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service(NAME, new PortOptions().singleThreaded(true)))
        {
            System.out.println("open");
            final SbeExchange exchange = new SbeExchange(service);
            int state = Status.OK;
            while (!Thread.interrupted() && state >= 0)
            {
                state = exchange.await(Long.MAX_VALUE);
            }
            // Otherwise the interrupt would disturb the close.
            Thread.interrupted();
            System.out.println(exchange.tradeCount + " trades");
        }
    }

    /** Waits for a message and handles it. Returns the message's state, or a status. */
    int await(final long timeoutNs)
    {
        final int state = service.await(request, timeoutNs);
        // A request of 0 bytes is a ticket: it waits for the fill of the order that names it.
        if (MessageState.REQUEST == state && request.length() > 0)
        {
            onRequest();
        }
        return state;
    }

    private void onRequest()
    {
        // A request is input: a codec checks neither the length nor the template of a message.
        final DirectBuffer buffer = request.buffer();
        if (request.length() < MessageHeaderDecoder.ENCODED_LENGTH)
        {
            request.reply();
            return;
        }
        headerDecoder.wrap(buffer, 0);
        if (OrderDecoder.SCHEMA_ID != headerDecoder.schemaId() ||
            OrderDecoder.TEMPLATE_ID != headerDecoder.templateId() ||
            headerDecoder.blockLength() < OrderDecoder.BLOCK_LENGTH ||
            request.length() < MessageHeaderDecoder.ENCODED_LENGTH + headerDecoder.blockLength())
        {
            request.reply();
            return;
        }
        order.wrapAndApplyHeader(buffer, 0, headerDecoder);
        onOrder();
    }

    private void onOrder()
    {
        // The acknowledgement ends the view of the order: fields that are needed later are read before it.
        final long orderId = order.orderId();
        final long ticketId = order.ticketId();
        final long price = order.price();
        final int quantity = order.quantity();
        final AckStatus status = price > 0 && quantity > 0 ? AckStatus.ACCEPTED : AckStatus.REJECTED;
        if (!isClaimed(request.claimReply(
            MessageHeaderEncoder.ENCODED_LENGTH + AcknowledgementEncoder.BLOCK_LENGTH, claim)))
        {
            return;
        }
        acknowledgement.wrapAndApplyHeader(claim.buffer(), 0, headerEncoder).orderId(orderId).status(status);
        claim.reply();
        if (AckStatus.ACCEPTED != status)
        {
            // A ticket without a fill: an empty reply.
            service.reply(ticketId, NOTHING, 0, 0);
        }
        else if (isClaimed(service.claim(
            ticketId, MessageHeaderEncoder.ENCODED_LENGTH + FillEncoder.BLOCK_LENGTH, claim)))
        {
            fill.wrapAndApplyHeader(claim.buffer(), 0, headerEncoder)
                .orderId(orderId).tradeId(++tradeCount).price(price).quantity(quantity);
            claim.reply();
        }
    }

    /** False if the client has gone, or names a ticket that it did not send: then no reply is sent. */
    private static boolean isClaimed(final int status)
    {
        if (Status.OK != status && Status.INVALID != status)
        {
            throw new IllegalStateException("claim: " + Status.text(status));
        }
        return Status.OK == status;
    }
}
