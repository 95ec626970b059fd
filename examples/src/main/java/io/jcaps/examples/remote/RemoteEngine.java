/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.examples.remote;

import io.jcaps.Attachment;
import io.jcaps.Claim;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.bridge.Bridge;
import io.jcaps.bridge.BridgeConfig;
import io.jcaps.bridge.Endpoint;
import io.jcaps.shm.Caps;
import org.agrona.collections.LongHashSet;
import org.agrona.concurrent.ShutdownSignalBarrier;

import java.time.Duration;

/**
 * Executes orders, remembers their numbers, and exports itself by a bridge of its own. The service itself does not
 * depend on the network.
 */
public final class RemoteEngine
{
    static final String NAME = "remote.orders";
    static final int KIND_OFFSET = 0;
    static final int NUMBER_OFFSET = KIND_OFFSET + Long.BYTES;
    static final int REQUEST_LENGTH = NUMBER_OFFSET + Long.BYTES;
    /** Kinds of requests: execute an order, and query whether it was executed. Each reply is 1 for yes, 0 for no. */
    static final long EXECUTE = 1;
    static final long WAS_EXECUTED = 2;

    private RemoteEngine()
    {
    }

    /**
     * Serves until it is ended by Ctrl-C, or killed.
     *
     * @param args the bridge's HOST:PORT (127.0.0.1:40123), and its lost-after in milliseconds (2000).
     */
    public static void main(final String[] args)
    {
        final BridgeConfig config = new BridgeConfig().exportService(NAME)
            .bind(Endpoint.parse(args.length > 0 ? args[0] : "127.0.0.1:40123"))
            .lostAfter(Duration.ofMillis(args.length > 1 ? Long.parseLong(args[1]) : 2_000));
        final LongHashSet executed = new LongHashSet();
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier(Thread.currentThread()::interrupt);
            Attachment caps = Caps.attach();
            ServicePort service = caps.service(NAME);
            Bridge bridge = Bridge.launch(caps, config, System.out::println))
        {
            System.out.println("the engine serves");
            final Message request = new Message();
            final Claim reply = new Claim();
            int state = Status.OK;
            while (!Thread.interrupted() && state >= 0)
            {
                state = service.await(request, Long.MAX_VALUE);
                if (MessageState.REQUEST == state && REQUEST_LENGTH != request.length())
                {
                    request.reply();
                }
                else if (MessageState.REQUEST == state)
                {
                    final long number = request.buffer().getLong(NUMBER_OFFSET);
                    final boolean isYes = EXECUTE == request.buffer().getLong(KIND_OFFSET) ? executed.add(number) :
                        executed.contains(number);
                    if (Status.OK == request.claimReply(Long.BYTES, reply))
                    {
                        reply.buffer().putLong(0, isYes ? 1 : 0);
                        reply.reply();
                    }
                }
            }
        }
    }
}
