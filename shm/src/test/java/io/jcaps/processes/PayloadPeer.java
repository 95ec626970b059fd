/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.PayloadBytes;
import io.jcaps.shm.RegionConfig;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;

import java.nio.file.Path;

/**
 * A service that reads and writes objects where they lie.
 */
final class PayloadPeer
{
    private PayloadPeer()
    {
    }

    /** What is ordered, and what comes of it. */
    static final class Order implements BytesMarshallable
    {
        long number;
        double price;
        String symbol;

        @Override
        public void writeMarshallable(final BytesOut<?> bytes)
        {
            bytes.writeLong(number).writeDouble(price).writeUtf8(symbol);
        }

        @Override
        public void readMarshallable(final BytesIn<?> bytes)
        {
            number = bytes.readLong();
            price = bytes.readDouble();
            symbol = bytes.readUtf8();
        }
    }

    /** Serves so many orders: twice the number, half the price, the symbol and a sign. */
    static String receive(final Path region, final String name, final int count)
    {
        try (Attachment attachment = Caps.attach(new RegionConfig().path(region));
            ServicePort service = attachment.service(name, new PortOptions().flags(PortFlags.USER)))
        {
            final Message message = new Message();
            final Claim claim = new Claim();
            final PayloadBytes payload = new PayloadBytes();
            final Order order = new Order();
            int served = 0;
            while (served < count)
            {
                if (MessageState.REQUEST == service.await(message, Long.MAX_VALUE))
                {
                    order.readMarshallable(payload.forReading(message));
                    order.number *= 2;
                    order.price /= 2;
                    order.symbol += "!";
                    if (Status.OK != message.claimReply(256, claim))
                    {
                        throw new IllegalStateException("claim of a reply");
                    }
                    final Bytes<?> bytes = payload.forWriting(claim);
                    order.writeMarshallable(bytes);
                    if (Status.OK != claim.reply((int)bytes.writePosition()))
                    {
                        throw new IllegalStateException("reply");
                    }
                    message.release();
                    served++;
                }
            }
            return "served " + served;
        }
    }
}
