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

/**
 * Accepts the first order, receives two more, and is no more.
 */
final class HaltingEngine
{
    static final int EXIT_CODE = 3;

    private HaltingEngine()
    {
    }

    public static void main(final String[] args)
    {
        try (Attachment caps = Caps.attach();
            ServicePort service = caps.service("orders", new PortOptions()))
        {
            final Message request = new Message();
            int orderCount = 0;
            while (orderCount < 3)
            {
                if (MessageState.REQUEST == service.await(request, Long.MAX_VALUE) && request.length() > 0)
                {
                    orderCount++;
                    if (1 == orderCount)
                    {
                        accept(request);
                    }
                }
            }
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    private static void accept(final Message request)
    {
        final Report report = new Report();
        report.kind = Report.ACCEPTED;
        final Claim claim = new Claim();
        if (Status.OK != request.claimReply(Report.LENGTH, claim))
        {
            throw new IllegalStateException("claim of a reply");
        }
        final Bytes<?> bytes = new PayloadBytes().forWriting(claim);
        report.writeMarshallable(bytes);
        if (Status.OK != claim.reply((int)bytes.writePosition()))
        {
            throw new IllegalStateException("reply");
        }
    }
}
