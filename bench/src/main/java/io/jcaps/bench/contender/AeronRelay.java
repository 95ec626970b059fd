/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.contender;

import io.aeron.Aeron;
import io.aeron.ControlledFragmentAssembler;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.jcaps.bench.ChildJvm;
import io.jcaps.bench.ParentLife;
import org.agrona.concurrent.IdleStrategy;

import java.nio.file.Path;
import java.util.List;

/**
 * A hand-written relay, as a process that exits with its input: each message of one stream is offered to the other, in
 * both directions.
 */
final class AeronRelay
{
    private static final int FRAGMENT_LIMIT = 32;

    private AeronRelay()
    {
    }

    static ChildJvm start(final Path drivers, final boolean isServer, final int port)
    {
        return ChildJvm.start(AeronRelay.class, List.of(),
            List.of(drivers.toString(), Boolean.toString(isServer), Integer.toString(port)));
    }

    /**
     * @param args directory of its media driver, whether it is the server's, and the port.
     */
    public static void main(final String[] args)
    {
        final Path drivers = Path.of(args[0]);
        final boolean isServer = Boolean.parseBoolean(args[1]);
        final int port = Integer.parseInt(args[2]);
        final ParentLife parent = ParentLife.watch();
        try (MediaDriver driver = ChildJvm.started(() -> AeronEcho.launchDriver(drivers));
            Aeron aeron = ChildJvm.started(() -> AeronEcho.attach(drivers)))
        {
            if (isServer)
            {
                serve(parent, aeron, port);
            }
            else
            {
                final AeronEcho.RemoteStreams streams = ChildJvm.started(() -> AeronEcho.connect(aeron, port));
                final Subscription requests = aeron.addSubscription(AeronEcho.IPC, AeronEcho.REQUEST_STREAM_ID);
                final ExclusivePublication replies =
                    aeron.addExclusivePublication(AeronEcho.IPC_LOG, AeronEcho.REPLY_STREAM_ID);
                System.out.println(ChildJvm.READY);
                relay(parent, requests, streams.requests(), streams.replies(), replies);
            }
        }
    }

    private static void serve(final ParentLife parent, final Aeron aeron, final int port)
    {
        final Subscription requests = aeron.addSubscription(AeronEcho.requests(port), AeronEcho.REQUEST_STREAM_ID);
        final ExclusivePublication toServer =
            aeron.addExclusivePublication(AeronEcho.IPC_LOG, AeronEcho.REQUEST_STREAM_ID);
        final Subscription fromServer = aeron.addSubscription(AeronEcho.IPC, AeronEcho.REPLY_STREAM_ID);
        System.out.println(ChildJvm.READY);
        while (parent.isPresent() && 0 == requests.imageCount())
        {
            Thread.yield();
        }
        if (parent.isPresent())
        {
            final ExclusivePublication replies = aeron.addExclusivePublication(
                AeronEcho.replies(port, requests.imageAtIndex(0).correlationId()), AeronEcho.REPLY_STREAM_ID);
            relay(parent, requests, toServer, fromServer, replies);
        }
    }

    private static void relay(
        final ParentLife parent,
        final Subscription requests,
        final ExclusivePublication requestsTo,
        final Subscription replies,
        final ExclusivePublication repliesTo)
    {
        final ControlledFragmentHandler forth = copyTo(requestsTo);
        final ControlledFragmentHandler back = copyTo(repliesTo);
        final IdleStrategy idle = AeronEcho.idleStrategy();
        while (parent.isPresent())
        {
            idle.idle(requests.controlledPoll(forth, FRAGMENT_LIMIT) + replies.controlledPoll(back, FRAGMENT_LIMIT));
        }
    }

    /** Copies each message; one for which the target has no room is delivered again. */
    private static ControlledFragmentHandler copyTo(final ExclusivePublication target)
    {
        return new ControlledFragmentAssembler((buffer, offset, length, header) ->
            target.offer(buffer, offset, length) > 0 ? Action.CONTINUE : Action.ABORT);
    }
}
