/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge;

import io.aeron.Image;
import io.jcaps.bridge.session.SessionCounter;
import io.jcaps.bridge.session.SessionCounters;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Accepts importers: it adds a peer to those of the bridge for each image of its subscription. Used by the bridge's
 * thread.
 */
final class Exporter
{
    /** Most sessions at a time. A further importer is not answered. */
    static final int MAX_PEERS = 256;

    final SessionCounters counters;
    private final BridgeContext bridge;
    private final List<Peer<?>> peers;
    // Aeron forbids adding publications within the callback that announces an image.
    private final ArrayDeque<Image> newImages = new ArrayDeque<>();
    private final ReportLimit reports = new ReportLimit();

    Exporter(final BridgeContext bridge, final SessionCounters counters, final List<Peer<?>> peers)
    {
        this.bridge = bridge;
        this.peers = peers;
        this.counters = counters;
        bridge.aeron().addSubscription(
            Streams.requests(bridge.config().bind), Streams.STREAM_ID, newImages::add, newImages::remove);
    }

    int accept()
    {
        final int work = newImages.size();
        while (!newImages.isEmpty())
        {
            final Image image = newImages.poll();
            // An importer continues its stream until it learns that this bridge's predecessor, or the driver, has
            // stopped. A subscription that joins it in the middle has lost its HELLO, and what follows belongs to a
            // session that has ended.
            if (0 != image.joinPosition())
            {
                ignore(image, "its stream began before this bridge");
            }
            else if (peers.size() - bridge.config().imports.size() >= MAX_PEERS)
            {
                ignore(image, "there are " + MAX_PEERS + " sessions");
            }
            else
            {
                peers.add(new ExportPeer(bridge, this, image));
            }
        }
        return work;
    }

    private void ignore(final Image image, final String reason)
    {
        counters.count(SessionCounter.REFUSED);
        reportRefused("", image.sourceIdentity(), "not answered: " + reason);
    }

    /** Reports the end of a session that was never admitted, limited by {@link ReportLimit}. */
    void reportRefused(final String name, final String source, final String detail)
    {
        if (reports.isDue(host(source) + ' ' + name + ' ' + detail, bridge.sessions().clock().nanoTime()))
        {
            bridge.listener().onEvent(new BridgeEvent(BridgeEvent.Kind.ENDED, false, name, source, detail));
        }
    }

    private static String host(final String source)
    {
        return source.substring(0, source.lastIndexOf(':'));
    }

    /** The source is ADDRESS:PORT, as Aeron found it in the datagrams; never a name. */
    boolean isAllowed(final String source)
    {
        try
        {
            final InetAddress address = InetAddress.getByName(host(source));
            return bridge.config().allowed.stream().anyMatch((network) -> network.contains(address));
        }
        catch (final UnknownHostException ex)
        {
            return false;
        }
    }
}
