/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Subscription;
import io.aeron.exceptions.RegistrationException;
import io.jcaps.PortOptions;
import io.jcaps.bridge.session.ImportSession;
import io.jcaps.bridge.session.SessionCounters;
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
    private static final long NONE = -1;

    private final String name;
    private final List<Endpoint> endpoints;
    private int attempt;
    private long beginNs;
    private Subscription subscription;
    private long publicationId = NONE;
    private boolean isClosing;
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
        if (null == session)
        {
            return isClosing ? 0 : connect();
        }
        if (null == image && subscription.imageCount() > 0)
        {
            image = subscription.imageAtIndex(0);
        }
        final int work = workSession();
        if (session.isOver())
        {
            endAttempt();
        }
        return work;
    }

    private Endpoint endpoint()
    {
        return endpoints.get(attempt % endpoints.size());
    }

    private int connect()
    {
        if (bridge.sessions().clock().nanoTime() - beginNs < 0)
        {
            return 0;
        }
        try
        {
            if (null == subscription)
            {
                subscription = bridge.aeron().addSubscription(Streams.repliesFrom(endpoint()), Streams.STREAM_ID);
                publicationId = bridge.aeron().asyncAddExclusivePublication(
                    Streams.requestsTo(endpoint(), subscription.registrationId()), Streams.STREAM_ID);
            }
            publication = bridge.aeron().getExclusivePublication(publicationId);
        }
        catch (final RegistrationException ex)
        {
            // Such as a name that does not resolve any more.
            report(BridgeEvent.Kind.TROUBLE, ex.getMessage());
            endAttempt();
        }
        if (null != publication)
        {
            session = new ImportSession(
                bridge.sessions(), counters, wire(), this::report, name, new PortOptions());
        }
        return null == publication ? 0 : 1;
    }

    private void report(final BridgeEvent.Kind kind, final String detail)
    {
        final int index = attempt % failures.length;
        final boolean isFailure = BridgeEvent.Kind.ENDED == kind || BridgeEvent.Kind.TROUBLE == kind;
        if (!isFailure || !detail.equals(failures[index]))
        {
            bridge.report(kind, true, name, endpoint().toString(), detail);
        }
        failures[index] = isFailure ? detail : null;
    }

    private void endAttempt()
    {
        CloseHelper.quietCloseAll(publication, subscription);
        session = null;
        publication = null;
        subscription = null;
        image = null;
        publicationId = NONE;
        attempt++;
        beginNs = bridge.sessions().clock().nanoTime() + RETRY_INTERVAL_NS;
    }

    void beginClose()
    {
        isClosing = true;
        fail("closed");
    }

    String status()
    {
        return status(true, name, endpoint().toString());
    }
}
