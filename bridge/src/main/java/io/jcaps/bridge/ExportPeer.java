/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Image;
import io.aeron.exceptions.RegistrationException;
import io.jcaps.bridge.session.ExportSession;
import io.jcaps.bridge.session.SessionCounters;
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
    private final long publicationId;
    private long overNs;
    private boolean isAdmitted;
    boolean isOver;

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
        if (null == session)
        {
            return connect();
        }
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
                CloseHelper.quietClose(publication);
                isOver = true;
            }
        }
        return work;
    }

    private int connect()
    {
        final String source = image.sourceIdentity();
        try
        {
            publication = bridge.aeron().getExclusivePublication(publicationId);
        }
        catch (final RegistrationException ex)
        {
            bridge.report(BridgeEvent.Kind.TROUBLE, false, "", source, ex.getMessage());
            isOver = true;
        }
        if (null != publication)
        {
            session = new ExportSession(bridge.sessions(), counters, wire(), (kind, detail) ->
                report(kind, source, detail), exporter::options, exporter.isAllowed(source));
        }
        return null == publication ? 0 : 1;
    }

    private void report(final BridgeEvent.Kind kind, final String source, final String detail)
    {
        isAdmitted |= BridgeEvent.Kind.CONNECTED == kind;
        if (isAdmitted || BridgeEvent.Kind.ENDED != kind)
        {
            bridge.report(kind, false, session.name(), source, detail);
        }
        else
        {
            exporter.reportRefused(session.name(), source, detail);
        }
    }

    void beginClose()
    {
        isOver |= null == session;
        fail("closed");
    }

    String status()
    {
        final String name = null == session ? "" : session.name();
        return status(false, bridge.config().exports.contains(name) ? name : "", image.sourceIdentity());
    }
}
