/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * A service and its client with one link, accepted. Each port is used by the one actor that it belongs to.
 */
class StressPair
{
    static final int WARM_LENGTH = 16;
    static final long WARM = 7;
    static final long FRESH = 42;
    static final int LENGTH = 8;

    final StressRegion region;
    final StressRegion.Side serviceSide;
    final StressRegion.Side clientSide;
    final Attachment serviceProcess;
    final Attachment clientProcess;
    final ServicePort service;
    final ClientPort client;
    final Message request = new Message();
    final Message reply = new Message();
    final UnsafeBuffer requestBytes = new UnsafeBuffer(new byte[WARM_LENGTH]);
    final UnsafeBuffer replyBytes = new UnsafeBuffer(new byte[WARM_LENGTH]);

    StressPair(final int slotCount)
    {
        this(new StressRegion(slotCount), null, StressRegion.options());
    }

    /**
     * @param serviceLink   how the service sees the link, null for as it is.
     * @param clientOptions of the client.
     */
    StressPair(final StressRegion region, final UnsafeBuffer serviceLink, final PortOptions clientOptions)
    {
        this.region = region;
        serviceSide = null == serviceLink ? region.side() : region.side(serviceLink);
        clientSide = region.side();
        serviceProcess = StressRegion.attach(serviceSide);
        clientProcess = StressRegion.attach(clientSide);
        service = serviceProcess.service(
            StressRegion.NAME, StressRegion.options().flags(PortFlags.USER));
        client = clientProcess.client(StressRegion.NAME, clientOptions.flags(PortFlags.USER));
        check(service.get(request) == Status.WOULD_BLOCK);
    }

    /** Puts, receives, replies and releases once: the slots hold an older message, and both sides guess right. */
    final void warmUp()
    {
        putWarm();
        replyWarm();
        check(client.get(reply) == MessageState.REPLY);
        reply.release();
        check(service.get(request) == MessageState.DISPOSE);
        fill();
    }

    final long putWarm()
    {
        requestBytes.putLong(0, WARM);
        final long id = client.put(requestBytes, 0, WARM_LENGTH);
        check(id > 0);
        return id;
    }

    final void replyWarm()
    {
        check(service.get(request) == MessageState.REQUEST);
        replyBytes.putLong(0, WARM);
        check(request.reply(replyBytes, 0, WARM_LENGTH) == Status.OK);
    }

    /** What the actors send; from here on, they also count whom they wake. */
    final void fill()
    {
        requestBytes.putLong(0, FRESH);
        replyBytes.putLong(0, FRESH);
        serviceSide.wakeCount = 0;
        clientSide.wakeCount = 0;
    }

    /** The setting is wrong if this fails: then the test says nothing. */
    static void check(final boolean isTrue)
    {
        if (!isTrue)
        {
            throw new AssertionError("the test has not set up what it wants to see");
        }
    }
}
