/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.sbe;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.examples.sbe.codec.AckStatus;
import io.jcaps.examples.sbe.codec.AcknowledgementDecoder;
import io.jcaps.examples.sbe.codec.FillDecoder;
import io.jcaps.examples.sbe.codec.MessageHeaderDecoder;
import io.jcaps.examples.sbe.codec.MessageHeaderEncoder;
import io.jcaps.examples.sbe.codec.OrderEncoder;
import io.jcaps.examples.sbe.codec.Side;
import io.jcaps.shm.Caps;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Sends orders, and receives for each an acknowledgement and a fill. An encoder is wrapped around the claim, decoders
 * around the reply in place. The cookie of both messages is the order's number.
 */
public final class SbeTrader
{
    /** Eight characters, as the schema says: a String would be encoded again for each order. */
    static final byte[] SYMBOL = "JCAPS   ".getBytes(StandardCharsets.US_ASCII);
    private static final int ORDER_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH + OrderEncoder.BLOCK_LENGTH;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final ClientPort client;
    private final Claim claim = new Claim();
    private final Message reply = new Message();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final OrderEncoder order = new OrderEncoder();
    private final AcknowledgementDecoder acknowledgement = new AcknowledgementDecoder();
    private final FillDecoder fill = new FillDecoder();
    private long acceptedCount;
    private long filledQuantity;
    private long unknownCount;

    SbeTrader(final ClientPort client)
    {
        this.client = client;
    }

    /**
     * Sends orders, one after the other.
     *
     * @param args number of orders (1000).
     */
    public static void main(final String[] args)
    {
        final int count = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
        try (Attachment caps = Caps.attach();
            ClientPort client = caps.client(
                SbeExchange.NAME, new PortOptions().waitForService().singleThreaded(true)))
        {
            final SbeTrader trader = new SbeTrader(client);
            int state = Status.OK;
            for (int i = 1; i <= count && state >= 0; i++)
            {
                state = trader.send(i, SYMBOL, Side.BUY, 100_0000 + i, 10);
                // The acknowledgement, then the fill.
                for (int j = 0; j < 2 && state >= 0; j++)
                {
                    state = trader.await(TIMEOUT_NS);
                }
            }
            System.out.println(trader + (state < 0 ? ", " + Status.text(state) : ""));
        }
    }

    /** Sends an order. Returns {@link Status#OK}, or the status of the claim or put that failed. */
    int send(final long orderId, final byte[] symbol, final Side side, final long price, final int quantity)
    {
        // A message has one reply, and an order has two answers: the fill is the reply to a message of its own, which
        // is empty, and which the order names.
        int status = client.claim(0, claim);
        if (Status.OK != status)
        {
            return status;
        }
        final long ticketId = claim.put(0, orderId);
        if (ticketId < 0)
        {
            claim.cancel();
            return (int)ticketId;
        }
        status = client.claim(ORDER_LENGTH, claim);
        if (Status.OK == status)
        {
            order.wrapAndApplyHeader(claim.buffer(), 0, headerEncoder)
                .orderId(orderId).ticketId(ticketId).price(price).quantity(quantity).side(side).putSymbol(symbol, 0);
            final long id = claim.put(ORDER_LENGTH, orderId);
            status = id < 0 ? (int)id : Status.OK;
        }
        if (Status.OK != status)
        {
            claim.cancel();
            client.abort(ticketId, true);
        }
        return status;
    }

    /** Waits for an acknowledgement, a fill, or another outcome. Returns the message's state, or a status. */
    int await(final long timeoutNs)
    {
        final int state = client.await(reply, timeoutNs);
        if (MessageState.REPLY == state)
        {
            onReply();
            reply.release();
        }
        return state;
    }

    private void onReply()
    {
        if (Outcome.REPLIED != reply.outcome())
        {
            // The exchange has gone, and may have traded: only its own records show the state of the order.
            unknownCount++;
            System.out.println("order " + reply.cookie() + ' ' + Outcome.text(reply.outcome()));
        }
        else if (reply.length() >= MessageHeaderDecoder.ENCODED_LENGTH)
        {
            headerDecoder.wrap(reply.buffer(), 0);
            switch (headerDecoder.templateId())
            {
                case AcknowledgementDecoder.TEMPLATE_ID -> onAcknowledgement();
                case FillDecoder.TEMPLATE_ID -> onFill();
                default -> throw new IllegalStateException("templateId=" + headerDecoder.templateId());
            }
        }
        // Otherwise the order was rejected, and its ticket returned with 0 bytes.
    }

    private void onAcknowledgement()
    {
        acknowledgement.wrapAndApplyHeader(reply.buffer(), 0, headerDecoder);
        check(acknowledgement.orderId());
        if (AckStatus.ACCEPTED == acknowledgement.status())
        {
            acceptedCount++;
        }
    }

    private void onFill()
    {
        fill.wrapAndApplyHeader(reply.buffer(), 0, headerDecoder);
        check(fill.orderId());
        filledQuantity += fill.quantity();
    }

    private void check(final long orderId)
    {
        if (reply.cookie() != orderId)
        {
            throw new IllegalStateException("order " + orderId + " in the reply for order " + reply.cookie());
        }
    }

    @Override
    public String toString()
    {
        return acceptedCount + " orders accepted, " + filledQuantity + " pieces filled" +
            (0 == unknownCount ? "" : ", " + unknownCount + " answers missing");
    }
}
