/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Image;
import io.jcaps.bridge.session.ExportSession;
import io.jcaps.bridge.session.SessionCounters;
import io.jcaps.bridge.session.Wire;
import org.agrona.CloseHelper;

import java.util.concurrent.TimeUnit;

/**
 * One importer: its image, the publication of its replies, and the session. Used by the bridge's thread.
 */
final class ExportPeer extends Peer<ExportSession>
{
    /** Longest time for which the last frame is retried, once all ports are closed. */
    private static final long LAST_WORDS_NS = TimeUnit.SECONDS.toNanos(2);

    private final Exporter exporter;
    private long overNs;
    private boolean isAdmitted;

    ExportPeer(final BridgeContext bridge, final Exporter exporter, final Image image)
    {
        super(bridge, new SessionCounters(exporter.counters));
        this.exporter = exporter;
        this.image = image;
        publicationId = bridge.aeron().asyncAddExclusivePublication(
            Streams.replies(bridge.config().bind, image.correlationId()), Streams.STREAM_ID);
    }

    @Override
    int doWork()
    {
        if (image.isClosed())
        {
            session.left("the other end's stream has ended");
        }
        final int work = workSession();
        if (session.isOver())
        {
            final long nowNs = bridge.sessions().clock().nanoTime();
            overNs = 0 == overNs ? nowNs : overNs;
            if (!session.isByeDue() || image.isClosed() || nowNs - overNs > LAST_WORDS_NS)
            {
                end();
            }
        }
        return work;
    }

    @Override
    ExportSession newSession(final Wire wire)
    {
        return new ExportSession(bridge.sessions(), counters, wire, this::report, bridge.config().exports,
            exporter.isAllowed(image.sourceIdentity()));
    }

    @Override
    void end()
    {
        CloseHelper.quietClose(publication);
        session = null;
        isClosing = true;
    }

    private String name()
    {
        return null == session ? "" : session.name();
    }

    @Override
    void report(final BridgeEvent.Kind kind, final String detail)
    {
        isAdmitted |= BridgeEvent.Kind.CONNECTED == kind;
        if (isAdmitted || BridgeEvent.Kind.ENDED != kind)
        {
            bridge.listener().onEvent(new BridgeEvent(kind, false, name(), image.sourceIdentity(), detail));
        }
        else
        {
            exporter.reportRefused(name(), image.sourceIdentity(), detail);
        }
    }

    @Override
    String status()
    {
        return status(false, bridge.config().exports.contains(name()) ? name() : "", image.sourceIdentity());
    }
}
