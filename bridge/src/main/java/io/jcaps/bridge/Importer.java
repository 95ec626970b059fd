/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.jcaps.bridge.session.ImportSession;
import io.jcaps.bridge.session.SessionCounters;
import io.jcaps.bridge.session.Wire;
import org.agrona.CloseHelper;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One import: sessions one after the other, each with streams of its own, to one endpoint after the other. Used by the
 * bridge's thread.
 */
final class Importer extends Peer<ImportSession>
{
    private static final long RETRY_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final String name;
    private final List<Endpoint> endpoints;
    private int attempt;
    private long beginNs;
    private Subscription subscription;
    // How the last attempt at each endpoint failed: reported once, not with each attempt.
    private final String[] failures;

    Importer(
        final BridgeContext bridge, final String name, final List<Endpoint> endpoints, final SessionCounters counters)
    {
        super(bridge, counters);
        this.name = name;
        this.endpoints = endpoints;
        failures = new String[endpoints.size()];
        beginNs = bridge.sessions().clock().nanoTime();
    }

    @Override
    int doWork()
    {
        if (null == image && subscription.imageCount() > 0)
        {
            image = subscription.imageAtIndex(0);
        }
        final int work = workSession();
        if (session.isOver())
        {
            end();
        }
        return work;
    }

    private Endpoint endpoint()
    {
        return endpoints.get(attempt % endpoints.size());
    }

    @Override
    ExclusivePublication findPublication()
    {
        if (bridge.sessions().clock().nanoTime() - beginNs < 0)
        {
            return null;
        }
        if (null == subscription)
        {
            subscription = bridge.aeron().addSubscription(Streams.repliesFrom(endpoint()), Streams.STREAM_ID);
            publicationId = bridge.aeron().asyncAddExclusivePublication(
                Streams.requestsTo(endpoint(), subscription.registrationId()), Streams.STREAM_ID);
        }
        return super.findPublication();
    }

    @Override
    ImportSession newSession(final Wire wire)
    {
        return new ImportSession(bridge.sessions(), counters, wire, this::report, name);
    }

    @Override
    void report(final BridgeEvent.Kind kind, final String detail)
    {
        final int index = attempt % failures.length;
        final boolean isFailure = BridgeEvent.Kind.ENDED == kind || BridgeEvent.Kind.TROUBLE == kind;
        if (!isFailure || !detail.equals(failures[index]))
        {
            bridge.listener().onEvent(new BridgeEvent(kind, true, name, endpoint().toString(), detail));
        }
        failures[index] = isFailure ? detail : null;
    }

    @Override
    void end()
    {
        CloseHelper.quietCloseAll(publication, subscription);
        session = null;
        publication = null;
        subscription = null;
        image = null;
        attempt++;
        beginNs = bridge.sessions().clock().nanoTime() + RETRY_INTERVAL_NS;
    }

    @Override
    String status()
    {
        return status(true, name, endpoint().toString());
    }
}
